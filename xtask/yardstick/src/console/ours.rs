//! The library, used as a bot uses it.

use super::server::Game;
use super::{COMMAND, events, snapshots};
use crate::Values;
use crate::args::Job;
use crate::clocks::{Heap, Watch, cost_of, cost_of_idling, percentiles};
use crate::server::InMemory;
use att_console::event::PlayerMovedChunk;
use att_console::{AnyEvent, Config, Console, ConsoleAccess, Event, Missed, State};
use att_kit::conditions::Zone;
use att_kit::players::Players;
use futures_util::{Stream, StreamExt as _};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Idle connections are measured after this time.
pub(super) const SETTLE: Duration = Duration::from_secs(1);

/// The events of one flood.
const PART: usize = 100_000;

/// A part of a flood may take this long.
const LONGEST: Duration = Duration::from_secs(300);

pub(super) async fn open(job: &Job) -> Console {
    let access = ConsoleAccess::new(job.ws_url().parse().unwrap(), "token".to_owned());
    let mut config = Config::default();
    if job.is_in_memory() {
        config = config.dialer(Arc::new(InMemory(Game::new)));
    }
    let console = Console::open_with(access, config);
    console.ready().await.unwrap();
    console
}

pub(super) async fn events(job: &Job) -> Values {
    let console = open(job).await;
    let subscribe = console.subscribe::<PlayerMovedChunk>();
    let stream = subscribe.capacity(PART).capacity_bytes(usize::MAX);
    flood(&console, stream.await.unwrap(), job).await
}

pub(super) async fn flood_mixed(job: &Job) -> Values {
    let console = open(job).await;
    let subscribe = console.subscribe_to_any(events::NAMES);
    let stream = subscribe.capacity(PART).capacity_bytes(usize::MAX);
    let stream = stream.await.unwrap();
    // The plain client distinguishes the events, too.
    let distinguished = stream.inspect(|event| {
        if let Ok(event) = event {
            black_box(matches!(event.data, AnyEvent::PlayerMovedChunk(_)));
        }
    });
    flood(&console, distinguished, job).await
}

async fn flood<T>(
    console: &Console,
    mut stream: impl Stream<Item = Result<Event<T>, Missed>> + Unpin,
    job: &Job,
) -> Values {
    let mut rate = Values::new();
    for count in [job.warm_up(), job.count] {
        let watch = Watch::start();
        for part in parts(count) {
            let command = console.command(format!("flood {part}")).timeout(LONGEST);
            let (reply, ()) = tokio::join!(command.into_future(), read(&mut stream, part));
            reply.unwrap();
        }
        rate = watch.rate(count);
    }
    rate
}

/// A flood in parts: no more than a part can be in the queue.
pub(super) fn parts(count: usize) -> impl Iterator<Item = usize> {
    let begins = (0..count).step_by(PART);
    begins.map(move |begin| PART.min(count - begin))
}

pub(super) async fn read<T>(
    stream: &mut (impl Stream<Item = Result<Event<T>, Missed>> + Unpin),
    count: usize,
) {
    for _ in 0..count {
        // The queue has room for all, so that none is missed.
        black_box(stream.next().await.unwrap().unwrap());
    }
}

pub(super) async fn round_trip(job: &Job) -> Values {
    let console = open(job).await;
    for _ in 0..job.warm_up() {
        console.command(COMMAND).await.unwrap();
    }
    let mut times = Vec::with_capacity(job.count);
    for _ in 0..job.count {
        let begin = Instant::now();
        black_box(console.command(COMMAND).await.unwrap());
        times.push(begin.elapsed());
    }
    percentiles(times)
}

pub(super) async fn pipelined(job: &Job) -> Values {
    let console = open(job).await;
    in_flight(&console, job.warm_up(), job.window).await;
    let watch = Watch::start();
    in_flight(&console, job.count, job.window).await;
    watch.rate(job.count)
}

/// Keeps `window` commands in flight, with a task each.
async fn in_flight(console: &Console, count: usize, window: usize) {
    let mut tasks = JoinSet::new();
    for task in 0..window {
        let console = console.clone();
        tasks.spawn(async move {
            for _ in (task..count).step_by(window) {
                black_box(console.command(COMMAND).await.unwrap());
            }
        });
    }
    tasks.join_all().await;
}

pub(super) async fn idle(job: &Job, heap: Heap) -> Values {
    // The first console allocates the shared memory, and loads the pages of the program.
    open_idle(job).await.close().await;
    let before = heap.now();
    let mut consoles = Vec::with_capacity(job.count);
    for _ in 0..job.count {
        consoles.push(open_idle(job).await);
    }
    tokio::time::sleep(SETTLE).await;
    let mut values = heap.growth(before, job.count);
    let cpu = cost_of_idling(job.count, job.lasting()).await;
    values.insert("cpu".to_owned(), cpu);
    let is_ready = |console: &Console| console.status().state == State::Ready;
    assert!(consoles.iter().all(is_ready));
    values
}

/// Opens a console, which gets the large reply of the job, if there is one.
async fn open_idle(job: &Job) -> Console {
    let console = open(job).await;
    if job.bytes > 0 {
        let reply = console.command(format!("large {}", job.bytes));
        black_box(reply.await.unwrap());
    }
    console
}

/// The command that starts a paced run.
pub(super) fn pace(job: &Job) -> String {
    format!("pace {} {}", job.rate, job.seconds)
}

pub(super) async fn paced(job: &Job) -> Values {
    let events = Arc::new(AtomicU64::new(0));
    let mut consoles = Vec::new();
    for _ in 0..job.count {
        let console = open(job).await;
        let mut moves = console.subscribe::<PlayerMovedChunk>().await.unwrap();
        let events = Arc::clone(&events);
        tokio::spawn(async move {
            while let Some(event) = moves.next().await {
                match event {
                    Ok(event) => {
                        black_box(event);
                        events.fetch_add(1, Ordering::Relaxed);
                    }
                    // On a machine that does other work, too: the figure is worth less then.
                    Err(missed) => eprintln!("a reader was too slow: {missed}"),
                }
            }
        });
        consoles.push(console);
    }
    consoles[0].command(pace(job)).await.unwrap();
    cost_of(&events, job.lasting()).await
}

pub(super) async fn snapshots(job: &Job) -> Values {
    let console = open(job).await;
    let players = Players::of(&console);
    let read = Arc::new(AtomicU64::new(0));
    for _ in 0..job.count {
        let mut details = players.details(snapshots::INTERVAL);
        let read = Arc::clone(&read);
        tokio::spawn(async move {
            while let Some(snapshot) = details.next().await {
                black_box(snapshot.iter().filter_map(|(_, it)| it.position).count());
                read.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let asked = || console.status().totals.commands;
    snapshots::cost(job, asked, &read).await
}

pub(super) async fn derived(job: &Job) -> Values {
    let console = open(job).await;
    let players = Players::of(&console);
    let read = Arc::new(AtomicU64::new(0));
    for number in 0..job.count {
        let sphere = Zone::sphere(snapshots::center(number), snapshots::RADIUS);
        let mut transitions = players.when(sphere).every(snapshots::INTERVAL).start();
        let read = Arc::clone(&read);
        tokio::spawn(async move {
            while let Some(transition) = transitions.next_transition().await {
                black_box(transition);
                read.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let asked = || console.status().totals.commands;
    snapshots::cost(job, asked, &read).await
}
