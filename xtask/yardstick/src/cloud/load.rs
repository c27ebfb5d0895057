//! Load on some connections: each sends its next request after the reply to the last one.

use super::http::Http;
use super::service::Service;
use crate::Values;
use crate::clocks::{percentiles, values};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// One request over a connection.
pub(super) trait Work: Send + Sync + 'static {
    fn once(&self, http: &mut Http) -> impl Future<Output = ()> + Send;
}

/// Loads `host` for some time. The values are `rate` (a second), `p50`, `p99` (µs) and, of the service, `cpu` (µs a request).
pub(super) async fn load(
    service: &Service,
    host: &str,
    connections: usize,
    lasting: Duration,
    work: &Arc<impl Work>,
) -> Values {
    let mut open = Vec::new();
    for _ in 0..connections {
        let mut http = Http::open(host).await;
        // The first one also warms up.
        work.once(&mut http).await;
        open.push(http);
    }
    let (cpu, begin) = (service.cpu(), Instant::now());
    let mut tasks = JoinSet::new();
    for mut http in open {
        let work = Arc::clone(work);
        tasks.spawn(async move {
            let mut times = Vec::new();
            let mut last = begin;
            while last - begin < lasting {
                work.once(&mut http).await;
                let now = Instant::now();
                times.push(now - last);
                last = now;
            }
            times
        });
    }
    let times = tasks.join_all().await.concat();
    let seconds = begin.elapsed().as_secs_f64();
    let cpu = service.cpu().saturating_sub(cpu).as_secs_f64();
    let count = times.len() as f64;
    let mut all = percentiles(times);
    all.append(&mut values([
        ("rate", count / seconds),
        ("cpu", cpu * 1e6 / count),
    ]));
    all
}
