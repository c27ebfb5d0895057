//! The library, used as a bot uses it.

use super::server::Service;
use super::{FEW, FIRST_GROUP, parts};
use crate::Values;
use crate::args::Job;
use crate::clocks::{Heap, Watch, cost_of};
use crate::server::InMemory;
use alta_auth::StaticToken;
use alta_model::GroupId;
use alta_ws::{Client, Config, GroupServerStatus};
use futures_util::future::join_all;
use http::Method;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Held subscriptions are measured after this time.
pub(super) const SETTLE: Duration = Duration::from_secs(1);

async fn open(job: &Job) -> Client {
    let mut config = Config::default().url(job.ws_url().parse().unwrap());
    if job.is_in_memory() {
        config = config.dialer(Arc::new(InMemory(Service::default)));
    }
    let client = Client::open_with(StaticToken::new("token"), config).unwrap();
    client.ready().await.unwrap();
    client
}

fn topics(count: usize) -> Vec<GroupServerStatus> {
    let ids = (FIRST_GROUP..).map(GroupId::new).map(GroupServerStatus);
    ids.take(count).collect()
}

async fn request(client: &Client, path: String) {
    client.request(Method::POST, &path, None).await.unwrap();
}

pub(super) async fn events(job: &Job) -> Values {
    let client = open(job).await;
    let subscribe = client.subscribe(topics(FEW));
    let subscribe = subscribe.capacity(super::PART).capacity_bytes(usize::MAX);
    let mut stream = subscribe.await.unwrap();
    let mut rate = Values::new();
    for count in [job.warm_up(), job.count] {
        let watch = Watch::start();
        for part in parts(count) {
            let flood = request(&client, format!("flood/{part}"));
            let read = async {
                for _ in 0..part {
                    // The queue has room for all, so that none is missed.
                    black_box(stream.next().await.unwrap().unwrap());
                }
            };
            tokio::join!(flood, read);
        }
        rate = watch.rate(count);
    }
    rate
}

/// `count` subscriptions, each with a stream of its own.
pub(super) async fn hold(job: &Job, heap: Heap) -> Values {
    // The first connection allocates the shared memory.
    open(job).await.close().await;
    let before = heap.now();
    let begin = Instant::now();
    let client = open(job).await;
    let topics = topics(job.count).into_iter();
    let subscribed = topics.map(|topic| client.subscribe(topic).into_future());
    let streams = join_all(subscribed).await;
    let seconds = begin.elapsed().as_secs_f64();
    assert!(streams.iter().all(Result::is_ok));
    tokio::time::sleep(SETTLE).await;
    let mut values = heap.growth(before, job.count);
    values.insert("seconds".to_owned(), seconds);
    values
}

pub(super) async fn paced(job: &Job) -> Values {
    let client = open(job).await;
    let mut stream = client.subscribe(topics(job.count)).await.unwrap();
    let events = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&events);
    tokio::spawn(async move {
        while let Some(event) = stream.next().await {
            match event {
                Ok(event) => {
                    black_box(event);
                    counted.fetch_add(1, Ordering::Relaxed);
                }
                // On a machine that does other work, too: the figure is worth less then.
                Err(missed) => eprintln!("the reader was too slow: {missed}"),
            }
        }
    });
    request(&client, format!("pace/{}/{}", job.rate, job.seconds)).await;
    cost_of(&events, job.lasting()).await
}
