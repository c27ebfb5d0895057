//! The library, used as a bot uses it.

use alta_auth::StaticToken;
use alta_model::GroupId;
use alta_ws::{Client, Config, GroupServerStatus};
use futures_util::future::join_all;
use http::Method;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use yardstick::{ServerProcess, heap};

async fn open(server: &ServerProcess) -> Client {
    let config = Config::default().url(server.ws_url().parse().unwrap());
    let client = Client::connect(StaticToken::new("token"), config).unwrap();
    client.ready().await.unwrap();
    client
}

fn topics(count: usize) -> Vec<GroupServerStatus> {
    let ids = (0..i64::try_from(count).unwrap()).map(|id| GroupId::new(2_000_000_000 + id));
    ids.map(GroupServerStatus).collect()
}

async fn order(client: &Client, path: String) {
    client.request(Method::POST, &path, None).await.unwrap();
}

/// Events to one typed stream of so many topics, in rounds, so that what waits to be read stays small.
pub(crate) async fn events(
    server: &ServerProcess,
    topics_count: usize,
    each: usize,
    rounds: usize,
) -> Duration {
    let client = open(server).await;
    let count = topics_count * each;
    let mut stream = client
        .subscribe(topics(topics_count))
        .capacity(count)
        .await
        .unwrap();
    let begin = Instant::now();
    let reading = tokio::spawn(async move {
        for _ in 0..rounds {
            order(&client, format!("blast/{each}")).await;
            for _ in 0..count {
                black_box(stream.next().await.unwrap().unwrap());
            }
        }
        let took = begin.elapsed();
        client.close().await;
        took
    });
    reading.await.unwrap()
}

/// How long it takes until so many subscriptions with a stream each are held, and KiB on the heap for each.
pub(crate) async fn hold(server: &ServerProcess, count: usize) -> (Duration, f64) {
    let warm = open(server).await;
    warm.close().await;
    let before = heap();
    let begin = Instant::now();
    let client = open(server).await;
    let streams: Vec<_> = topics(count)
        .into_iter()
        .map(|topic| client.subscribe(topic).into_future())
        .collect();
    let streams: Vec<_> = join_all(streams).await;
    let took = begin.elapsed();
    assert!(streams.iter().all(Result::is_ok));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let held = heap() - before;
    client.close().await;
    (took, held / count as f64 / 1_024.0)
}

/// Waits until the server has come to the end of what it was to send, so that the next run begins with none of it.
pub(crate) async fn come_to_rest(lasting: Duration) {
    tokio::time::sleep(lasting / 2).await;
}

/// CPU-seconds per million events that come at `rate` in all, over so many subscriptions.
pub(crate) async fn paced(
    server: &ServerProcess,
    count: usize,
    rate: u64,
    lasting: Duration,
) -> f64 {
    let client = open(server).await;
    let mut stream = client.subscribe(topics(count)).await.unwrap();
    let events = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&events);
    tokio::spawn(async move {
        while let Some(event) = stream.next().await {
            match event {
                Ok(event) => black_box(event),
                // On a machine that does other work, too: the figure is worth less then.
                Err(missed) => {
                    eprintln!("the reader was too slow: {missed}");
                    continue;
                }
            };
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    order(&client, format!("pace/{rate}/{}", lasting.as_secs_f64())).await;
    let cost = yardstick::cost_of(&events, lasting).await;
    client.close().await;
    come_to_rest(lasting).await;
    cost
}
