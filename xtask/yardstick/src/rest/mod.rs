//! Calls of the REST API, one after the other and at once.

mod by_hand;
mod ours;
mod plain;
pub(crate) mod server;

use crate::Values;
use crate::args::{Job, Who};
use crate::clocks::{Heap, Watch, values};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::time::Duration;
use tokio::task::JoinSet;

/// The id of the one server that there is.
const SERVER: i64 = 300_000_030;

/// The end of the names of the parts that compare with the limit.
pub(crate) const BY_HAND: &str = "_by_hand";

/// The runs of a measurement, of which the best counts, since each is short.
const RUNS: usize = 5;

/// One call of either side.
trait Call: Clone + Send + Sync + 'static {
    fn call(&self) -> impl Future<Output = ()> + Send;
}

pub(crate) async fn measure(job: &Job, heap: Heap) -> Values {
    let base = format!("http://{}/api", job.address);
    match job.who {
        Who::Ours => calls(&ours::Ours::new(&base, job), job, heap).await,
        Who::Plain if job.part.ends_with(BY_HAND) => {
            calls(&by_hand::ByHand::new(&job.address), job, heap).await
        }
        Who::Plain => calls(&plain::Plain::new(&job.address), job, heap).await,
    }
}

/// The path of the request of the plain clients.
fn path() -> String {
    format!("/api/servers/{SERVER}")
}

/// The headers that the library sends.
fn headers() -> HeaderMap {
    let headers = [
        (header::ACCEPT, "application/json"),
        (header::ACCEPT_ENCODING, "gzip"),
        (header::CONTENT_TYPE, "application/json"),
        (header::USER_AGENT, alta_auth::USER_AGENT),
        (HeaderName::from_static("x-api-key"), alta_auth::API_KEY),
        (header::AUTHORIZATION, "Bearer token"),
    ];
    let values = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    values.into_iter().collect()
}

/// The cost of a call: after a warm-up, the best of the runs.
async fn calls(side: &impl Call, job: &Job, heap: Heap) -> Values {
    let runs = if job.is_in_memory() { 1 } else { RUNS };
    run(side, job.warm_up(), job.window).await;
    let mut best: Option<Values> = None;
    for _ in 0..runs {
        let before = heap.allocated();
        let watch = Watch::start();
        run(side, job.count, job.window).await;
        let (seconds, cpu) = watch.stop();
        let after = heap.allocated();
        let each = |total: f64| total / job.count as f64;
        let run = values([
            ("time", each(seconds * 1e6)),
            ("cpu", each(cpu * 1e6)),
            ("allocations", each(after.0 - before.0)),
            ("allocated", each(after.1 - before.1)),
        ]);
        best = Some(match best {
            None => run,
            Some(best) => best
                .into_iter()
                .map(|(name, value)| {
                    let least = value.min(run[&name]);
                    (name, least)
                })
                .collect(),
        });
    }
    best.unwrap_or_default()
}

/// Makes `count` calls, `window` of them in flight.
async fn run(side: &impl Call, count: usize, window: usize) {
    if window == 1 {
        for _ in 0..count {
            side.call().await;
        }
        return;
    }
    let mut tasks = JoinSet::new();
    for task in 0..window {
        let side = side.clone();
        tasks.spawn(async move {
            for _ in (task..count).step_by(window) {
                side.call().await;
            }
        });
    }
    tasks.join_all().await;
    // Connections go back to their pool after the reply.
    tokio::time::sleep(Duration::from_millis(1)).await;
}
