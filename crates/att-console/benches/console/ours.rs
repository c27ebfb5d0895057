//! The library, used as a bot uses it.

use att_console::event::PlayerMovedChunk;
use att_console::{Config, Console, ConsoleAccess, State};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use yardstick::{ServerProcess, heap};

/// Several commands wait at once, as with a bot that polls many players.
pub(crate) const DEPTH: usize = 256;

async fn open(server: &ServerProcess) -> Console {
    let access = ConsoleAccess::new(server.ws_url().parse().unwrap(), "token".to_owned());
    let console = Console::open_with(access, Config::default());
    console.ready().await.unwrap();
    console
}

pub(crate) async fn events(server: &ServerProcess, count: u64) -> Duration {
    let console = open(server).await;
    let capacity = usize::try_from(count).unwrap();
    let mut moves = console
        .subscribe::<PlayerMovedChunk>()
        .capacity(capacity)
        .await
        .unwrap();
    let begin = Instant::now();
    let blast = tokio::spawn(async move {
        console
            .command(format!("blast {count}"))
            .timeout(Duration::from_secs(300))
            .await
            .unwrap();
        console
    });
    let reading = tokio::spawn(async move {
        for _ in 0..count {
            black_box(moves.next().await.unwrap().unwrap());
        }
        begin.elapsed()
    });
    let took = reading.await.unwrap();
    blast.await.unwrap().close().await;
    took
}

pub(crate) async fn round_trips(server: &ServerProcess, count: usize) -> Vec<Duration> {
    let console = open(server).await;
    let running = tokio::spawn(async move {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let begin = Instant::now();
            black_box(console.command("player count").await.unwrap());
            times.push(begin.elapsed());
        }
        console.close().await;
        times
    });
    running.await.unwrap()
}

pub(crate) async fn pipelined(server: &ServerProcess, count: usize) -> Duration {
    let console = open(server).await;
    let running = tokio::spawn(async move {
        let begin = Instant::now();
        let mut open = FuturesUnordered::new();
        for _ in 0..count {
            if open.len() == DEPTH {
                let reply: Result<att_console::Reply, _> = open.next().await.unwrap();
                black_box(reply.unwrap());
            }
            open.push(console.command("player count").into_future());
        }
        while let Some(reply) = open.next().await {
            black_box(reply.unwrap());
        }
        let took = begin.elapsed();
        drop(open);
        console.close().await;
        took
    });
    running.await.unwrap()
}

pub(crate) async fn idle_heap(server: &ServerProcess, count: usize) -> f64 {
    let warm = open(server).await;
    warm.close().await;
    let before = heap();
    let mut consoles = Vec::with_capacity(count);
    for _ in 0..count {
        consoles.push(open(server).await);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let held = heap() - before;
    assert!(
        consoles
            .iter()
            .all(|console| console.status().state == State::Ready)
    );
    for console in consoles {
        console.close().await;
    }
    held / count as f64 / 1_024.0
}

/// CPU-seconds per million events that come at `rate` in all, over so many consoles.
pub(crate) async fn paced(
    server: &ServerProcess,
    consoles: u64,
    rate: u64,
    lasting: Duration,
) -> f64 {
    let mut readers = Vec::new();
    let events = Arc::new(AtomicU64::new(0));
    let mut open_ones = Vec::new();
    for _ in 0..consoles {
        let console = open(server).await;
        let mut moves = console.subscribe::<PlayerMovedChunk>().await.unwrap();
        let events = Arc::clone(&events);
        readers.push(tokio::spawn(async move {
            while let Some(event) = moves.next().await {
                match event {
                    Ok(event) => black_box(event),
                    // On a machine that does other work, too: the figure is worth less then.
                    Err(missed) => {
                        eprintln!("a reader was too slow: {missed}");
                        continue;
                    }
                };
                events.fetch_add(1, Ordering::Relaxed);
            }
        }));
        open_ones.push(console);
    }
    let line = format!("pace {consoles} {rate} {}", lasting.as_secs_f64());
    for console in &open_ones {
        console.command(line.as_str()).await.unwrap();
    }
    let cost = yardstick::cost_of(&events, lasting).await;
    for console in open_ones {
        console.close().await;
    }
    cost
}
