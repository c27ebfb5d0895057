//! A soak of consoles: numbered events and commands on many servers that are cut, fall silent, restart, and make their token
//! anew all the time. Every number must arrive once and in order, or have been sent inside a reported gap, or be counted as
//! dropped for a slow reader; every command must end once, and tell the truth about whether the server has read it; and memory
//! must stay flat.
//!
//! `cargo xtask soak console` runs it, with `--quick` for a minute.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a program that stops at the first surprise, and prints figures"
)]

mod book;
mod server;

use att_console::{
    BackoffPolicy, Command, Config, Console, Event, Missed, Sent, Subscription, TokenFile,
    WhenNotReady,
};
use book::{Arrived, Book};
use serde_json::Value;
use server::{EVENT, End, Server};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes on the heap.
fn heap() -> f64 {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated as f64 - stats.bytes_deallocated as f64
}

/// A step of the pacemaker.
const TICK: Duration = Duration::from_millis(10);

/// How long the last events may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much of what is done.
#[derive(Clone, Copy)]
struct Plan {
    servers: usize,
    /// On each server.
    events_per_second: u128,
    /// Callers on each server.
    callers: usize,
    lasting: Duration,
    misfortune_every: Duration,
}

const LONG: Plan = Plan {
    servers: 40,
    events_per_second: 100,
    callers: 3,
    lasting: Duration::from_secs(600),
    misfortune_every: Duration::from_millis(400),
};

/// A minute of it.
const QUICK: Plan = Plan {
    lasting: Duration::from_secs(50),
    ..LONG
};

/// `cargo test --benches` runs this program, too: then it only shows that it works.
const TRIAL: Plan = Plan {
    servers: 4,
    lasting: Duration::from_secs(4),
    misfortune_every: Duration::from_millis(250),
    ..LONG
};

fn main() {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let plan = match (has("--bench"), has("--quick")) {
        (false, _) => TRIAL,
        (true, true) => QUICK,
        (true, false) => LONG,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(soak(plan));
}

/// One server, the console of it, and everybody who uses that.
struct Place {
    server: Arc<Server>,
    console: Console,
    quick: Arc<Mutex<Book>>,
    slow: Arc<Mutex<Book>>,
    readers: Vec<JoinHandle<()>>,
    callers: Vec<JoinHandle<()>>,
}

fn config() -> Config {
    Config::default()
        .ping_interval(Duration::from_millis(500))
        .login_timeout(Duration::from_millis(500))
        .connect_timeout(Duration::from_secs(1))
        .resubscribe_after([200, 500, 1_000].map(Duration::from_millis).to_vec())
        .backoff(BackoffPolicy::new(
            Duration::from_millis(20),
            Duration::from_millis(200),
        ))
}

impl Place {
    async fn open(token_file: PathBuf, plan: Plan, is_over: &Arc<AtomicBool>) -> Self {
        // Fifty a second, as it turns out.
        let commands = usize::try_from(plan.lasting.as_secs()).unwrap() * plan.callers * 50;
        let server = Server::start(token_file, commands).await;
        let url = format!("ws://{}", server.address).parse().unwrap();
        let file = TokenFile::new(url, &server.token_file);
        let console = Console::open_with(file, config().label(server.address.to_string()));
        let quick = console
            .subscribe_to([EVENT])
            .capacity(100_000)
            .await
            .unwrap();
        let slow = console.subscribe_to([EVENT]).capacity(32).await.unwrap();
        let (quick_book, slow_book) = <(Arc<Mutex<Book>>, Arc<Mutex<Book>>)>::default();
        let pause = Duration::from_millis(25);
        let readers = vec![
            tokio::spawn(read(
                Arc::clone(&server),
                quick,
                None,
                Arc::clone(&quick_book),
            )),
            tokio::spawn(read(
                Arc::clone(&server),
                slow,
                Some(pause),
                Arc::clone(&slow_book),
            )),
        ];
        let call = || {
            call(
                Arc::clone(&server),
                console.clone(),
                Arc::clone(&quick_book),
                Arc::clone(is_over),
            )
        };
        let callers = (0..plan.callers).map(|_| tokio::spawn(call())).collect();
        Self {
            server,
            console,
            quick: quick_book,
            slow: slow_book,
            readers,
            callers,
        }
    }
}

/// Reads a stream to its end, and takes its time if there is a pause.
async fn read(
    server: Arc<Server>,
    mut stream: Subscription<Value>,
    pause: Option<Duration>,
    book: Arc<Mutex<Book>>,
) {
    while let Some(item) = stream.next().await {
        {
            let mut book = book.lock().unwrap();
            match item {
                Ok(event) => book.arrived(arrived(&event), &server.times.lock().unwrap()),
                Err(Missed::Gap { since, until }) => book.gap(since, until),
                Err(Missed::Lagged(count)) => book.lagged += count,
                Err(other) => book.fault(other.to_string()),
            }
        }
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
}

fn arrived(event: &Event<Value>) -> Arrived {
    Arrived {
        number: event.data["number"].as_u64().unwrap(),
        session: event.data["session"].as_u64().unwrap(),
        is_confirmed: event.data["is_confirmed"].as_bool().unwrap(),
        received: event.received(),
    }
}

/// Runs one command after the other, and writes down how each ends.
async fn call(
    server: Arc<Server>,
    console: Console,
    book: Arc<Mutex<Book>>,
    is_over: Arc<AtomicBool>,
) {
    while !is_over.load(Ordering::Relaxed) {
        let number = server.next_command();
        let rule = if fastrand::bool() {
            WhenNotReady::Wait
        } else {
            WhenNotReady::Fail
        };
        let timeout = Duration::from_millis(fastrand::u64(50..1_000));
        let command = Command::new("soak").arg(number).returning::<usize>();
        let end = match console
            .command(command)
            .timeout(timeout)
            .when_not_ready(rule)
            .await
        {
            Ok(answer) if answer == number => Ok(End::Answered),
            Ok(other) => Err(format!("command {number} was answered {other}")),
            Err(error) => match error.sent() {
                Some(Sent::NotSent) => Ok(End::NotSent),
                Some(Sent::MayHaveRun) => Ok(End::MayHaveRun),
                None => Err(error.to_string()),
            },
        };
        match end {
            Ok(end) => {
                let before = server.fates.lock().unwrap()[number].end.replace(end);
                assert!(before.is_none(), "a command ends once");
            }
            Err(fault) => book.lock().unwrap().fault(fault),
        }
        tokio::time::sleep(Duration::from_millis(fastrand::u64(5..30))).await;
    }
}

async fn soak(plan: Plan) {
    let begin = Instant::now();
    let folder = std::env::temp_dir().join(format!("console-soak-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let mut places = Vec::new();
    for number in 0..plan.servers {
        let token_file = folder.join(format!("console_token_{number}.txt"));
        places.push(Place::open(token_file, plan, &is_over).await);
    }
    let (misfortunes, memory) = misfortune(plan, &places).await;
    settle(&places, &is_over).await;
    for place in &mut places {
        place.console.close().await;
        for reader in place.readers.drain(..) {
            reader.await.unwrap();
        }
        place.quick.lock().unwrap().close();
        place.slow.lock().unwrap().close();
    }
    std::fs::remove_dir_all(&folder).unwrap();
    report(&places, misfortunes, &memory, begin.elapsed());
}

/// How often what has happened to the servers.
#[derive(Clone, Copy, Default)]
struct Misfortunes {
    cuts: u32,
    silences: u32,
    restarts: u32,
    renewals: u32,
}

/// Sends events all the time, and lets something happen to a random server every now and then. Also how much memory there was,
/// in MiB, at each fifth of the time.
async fn misfortune(plan: Plan, places: &[Place]) -> (Misfortunes, Vec<f64>) {
    let (mut misfortunes, mut memory) = (Misfortunes::default(), Vec::new());
    let begin = Instant::now();
    let mut next = begin + plan.misfortune_every;
    let mut next_look = plan.lasting / 5;
    let mut sent = 0;
    let mut ticks = tokio::time::interval(TICK);
    while begin.elapsed() < plan.lasting {
        ticks.tick().await;
        while sent < begin.elapsed().as_millis() * plan.events_per_second / 1_000 {
            for place in places {
                place.server.emit();
            }
            sent += 1;
        }
        if Instant::now() >= next {
            next += plan.misfortune_every;
            let server = &fastrand::choice(places).unwrap().server;
            match fastrand::u8(..4) {
                0 => {
                    misfortunes.cuts += 1;
                    server.cut();
                }
                1 => {
                    misfortunes.silences += 1;
                    server.fall_silent();
                }
                2 => {
                    misfortunes.restarts += 1;
                    let server = Arc::clone(server);
                    let down = Duration::from_millis(fastrand::u64(10..1_500));
                    tokio::spawn(async move { server.restart(down).await });
                }
                _ => {
                    misfortunes.renewals += 1;
                    server.renew_token();
                }
            }
        }
        if begin.elapsed() >= next_look {
            next_look += plan.lasting / 5;
            memory.push(heap() / 1_048_576.0);
            println!(
                "{:>4} s: {sent} events on each server, {:.1} MiB",
                begin.elapsed().as_secs(),
                memory[memory.len() - 1]
            );
        }
    }
    (misfortunes, memory)
}

/// Ends the commands, and sends events until each stream has had one of those.
async fn settle(places: &[Place], is_over: &AtomicBool) {
    is_over.store(true, Ordering::Relaxed);
    let last = |book: &Mutex<Book>| book.lock().unwrap().last();
    let deadline = Instant::now() + PATIENCE;
    // Whoever is down comes back meanwhile.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before: Vec<_> = places
        .iter()
        .map(|place| (last(&place.quick), last(&place.slow)))
        .collect();
    let is_settled = |(place, before): (&Place, &(u64, u64))| {
        let ended = place.callers.iter().all(JoinHandle::is_finished);
        ended && last(&place.quick) > before.0 && last(&place.slow) > before.1
    };
    while !places.iter().zip(&before).all(is_settled) {
        assert!(Instant::now() < deadline, "a console did not come back");
        for place in places {
            place.server.emit();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // What is late for a command's end may still be read.
    tokio::time::sleep(Duration::from_secs(1)).await;
}

/// Prints the figures, and fails if anything is not as promised.
fn report(places: &[Place], misfortunes: Misfortunes, memory: &[f64], took: Duration) {
    let mut faults = Vec::new();
    let mut ends = [0_u64; 3];
    let mut ran_unknown = 0_u64;
    for place in places {
        for (number, fate) in place.server.fates.lock().unwrap().iter().enumerate() {
            let is_right = matches!(
                (fate.end, fate.read),
                (Some(End::Answered), 1) | (Some(End::NotSent), 0) | (Some(End::MayHaveRun), 0 | 1)
            );
            if !is_right {
                faults.push(format!(
                    "command {number} of {}: {fate:?}",
                    place.server.address
                ));
            }
            if let Some(end) = fate.end {
                ends[end as usize] += 1;
                ran_unknown += u64::from(end == End::MayHaveRun && fate.read == 1);
            }
        }
        let (quick, slow) = (place.quick.lock().unwrap(), place.slow.lock().unwrap());
        for book in [&quick, &slow] {
            faults.extend(
                book.faults
                    .iter()
                    .map(|fault| format!("{}: {fault}", place.server.address)),
            );
        }
        if quick.unexplained > 0 || quick.lagged > 0 {
            faults.push(format!(
                "{} lost {} events",
                place.server.address, quick.unexplained
            ));
        }
        if slow.unexplained > slow.lagged || slow.lagged > slow.unexplained + slow.in_gaps {
            faults.push(format!(
                "{}: dropped {}, counted {}",
                place.server.address, slow.unexplained, slow.lagged
            ));
        }
    }
    let sum = |count: fn(&Book) -> u64| -> u64 {
        places
            .iter()
            .map(|place| count(&place.quick.lock().unwrap()))
            .sum()
    };
    let slow: u64 = places
        .iter()
        .map(|place| place.slow.lock().unwrap().lagged)
        .sum();
    let longest = places
        .iter()
        .map(|place| place.quick.lock().unwrap().longest_gap)
        .max();
    println!(
        "{} consoles, {:.0} s: {} cuts, {} silences, {} restarts, {} new tokens\n\
         events: {} arrived once and in order, {} lay in {} gaps (the longest {:.1} s), {slow} were dropped and counted\n\
         commands: {} answered, {} not sent, {} may have run, of which {ran_unknown} had",
        places.len(),
        took.as_secs_f64(),
        misfortunes.cuts,
        misfortunes.silences,
        misfortunes.restarts,
        misfortunes.renewals,
        sum(|book| book.arrived),
        sum(|book| book.in_gaps),
        sum(|book| book.gaps_told),
        longest.unwrap_or_default().as_secs_f64(),
        ends[0],
        ends[1],
        ends[2],
    );
    if let (Some(first), Some(last)) = (memory.first(), memory.last())
        && *last > first * 1.25 + 4.0
    {
        faults.push(format!("memory grew from {first:.1} to {last:.1} MiB"));
    }
    for fault in faults.iter().take(20) {
        println!("BROKEN: {fault}");
    }
    assert!(faults.is_empty(), "{} promises were broken", faults.len());
}
