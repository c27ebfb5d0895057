//! Many consoles, one of which may be bad: the memory that the bad one costs, and the speed of the others. The control is
//! `plain::bad_peer`.

use super::COMMAND;
use super::ours::{open, read};
use crate::Values;
use crate::args::Job;
use crate::clocks::{Heap, Watch, percentiles};
use att_console::event::PlayerMovedChunk;
use att_console::{Console, Subscription};
use futures_util::future::join_all;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The events without a reader: three times as many as the queue of a stream holds.
pub(super) const UNREAD: usize = 200_000;

/// As many commands as may be pending by default, each as long as one may be without counting more than once.
pub(super) const PENDING: usize = 1_024;
pub(super) const LONG: usize = 8_000;

/// The commands that make the server slow, or let it send events at a steady rate.
pub(super) const SLOW: &str = "trickle 10000 bytes";
pub(super) const STEADY: &str = "trickle 1000";

/// The time until the bad console has reached its bounds.
const SETTLE: Duration = Duration::from_secs(1);

/// The events of a flood over one console, for each console.
const EACH: usize = 200;

/// The timeout of a flood: its reply comes after the events, which take long in a debug build on a busy machine.
const FLOOD: Duration = Duration::from_secs(300);

pub(super) async fn measure(job: &Job, heap: Heap) -> Values {
    let mut others = Vec::new();
    for _ in 1..job.count {
        let console = open(job).await;
        let stream = console.subscribe::<PlayerMovedChunk>().await.unwrap();
        others.push((console, stream));
    }
    let each = job.count * EACH;
    flood(&mut others, each / 10).await;
    let bad = open(job).await;
    let mut unread = bad.subscribe::<PlayerMovedChunk>().await.unwrap();
    let before = heap.now();
    match job.part.as_str() {
        "bad_peer_slow" => {
            bad.command(SLOW).await.unwrap();
            tokio::spawn(async move { while unread.next().await.is_some() {} });
        }
        "bad_peer_stopped" => {
            let flood = bad.command(format!("flood {UNREAD}")).timeout(FLOOD);
            flood.await.unwrap();
            bad.command(STEADY).await.unwrap();
        }
        "bad_peer_deaf" => {
            bad.command("deaf").await.unwrap();
            for _ in 0..PENDING {
                let bad = bad.clone();
                tokio::spawn(async move { bad.command("a".repeat(LONG)).await });
            }
        }
        _ => {}
    }
    tokio::time::sleep(SETTLE).await;
    let mut values = heap.growth(before, 1);

    let watch = Watch::start();
    flood(&mut others, each).await;
    values.extend(watch.rate(each * others.len()));
    let mut times = Vec::new();
    for _ in 0..job.count {
        for (console, _) in &others {
            let begin = Instant::now();
            black_box(console.command(COMMAND).await.unwrap());
            times.push(begin.elapsed());
        }
    }
    values.extend(percentiles(times));
    values
}

/// Sends `each` events over all consoles at once, and reads them.
async fn flood(consoles: &mut [(Console, Subscription<PlayerMovedChunk>)], each: usize) {
    let floods = consoles.iter_mut().map(async |(console, stream)| {
        let command = console.command(format!("flood {each}")).timeout(FLOOD);
        let (reply, ()) = tokio::join!(command.into_future(), read(stream, each));
        reply.unwrap();
    });
    join_all(floods).await;
}
