//! A soak test of consoles. Many servers send numbered events and read commands, while their connections are cut or fall silent,
//! and while they restart or renew their tokens. Every number must arrive once and in order, or lie in a reported gap, or be
//! counted as dropped for a slow reader. Every command must end once, and its error must say correctly whether the server can
//! have read it. Memory must not grow.
//!
//! `cargo xtask soak console` runs it, with `--quick` for a minute.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a program that panics on an unexpected error, and prints figures"
)]

mod record;
mod server;

use att_console::{
    BackoffPolicy, Command, Config, Console, Event, Missed, Sent, Subscription, TokenFile,
    WhenNotReady,
};
use record::{Arrived, Record};
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

/// The interval at which due events are sent.
const TICK: Duration = Duration::from_millis(10);

/// The timeout of the last events.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The size of the test.
#[derive(Clone, Copy)]
struct Plan {
    servers: usize,
    /// On each server.
    events_per_second: u128,
    /// Callers on each server.
    callers: usize,
    lasting: Duration,
    fault_interval: Duration,
}

const LONG: Plan = Plan {
    servers: 40,
    events_per_second: 100,
    callers: 3,
    lasting: Duration::from_secs(600),
    fault_interval: Duration::from_millis(400),
};

/// One minute.
const QUICK: Plan = Plan {
    lasting: Duration::from_secs(50),
    ..LONG
};

/// The plan of `cargo test --benches`, which only checks that this program works.
const TRIAL: Plan = Plan {
    servers: 4,
    lasting: Duration::from_secs(4),
    fault_interval: Duration::from_millis(250),
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

/// One server, its console, and the tasks that use the console.
struct Site {
    server: Arc<Server>,
    console: Console,
    quick: Arc<Mutex<Record>>,
    slow: Arc<Mutex<Record>>,
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

impl Site {
    async fn open(token_file: PathBuf, plan: Plan, is_over: &Arc<AtomicBool>) -> Self {
        // A caller runs fewer than fifty commands per second.
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
        let (quick_record, slow_record) = <(Arc<Mutex<Record>>, Arc<Mutex<Record>>)>::default();
        let pause = Duration::from_millis(25);
        let readers = vec![
            tokio::spawn(read(
                Arc::clone(&server),
                quick,
                None,
                Arc::clone(&quick_record),
            )),
            tokio::spawn(read(
                Arc::clone(&server),
                slow,
                Some(pause),
                Arc::clone(&slow_record),
            )),
        ];
        let call = || {
            call(
                Arc::clone(&server),
                console.clone(),
                Arc::clone(&quick_record),
                Arc::clone(is_over),
            )
        };
        let callers = (0..plan.callers).map(|_| tokio::spawn(call())).collect();
        Self {
            server,
            console,
            quick: quick_record,
            slow: slow_record,
            readers,
            callers,
        }
    }
}

/// Reads a stream to its end, with a pause after each item.
async fn read(
    server: Arc<Server>,
    mut stream: Subscription<Value>,
    pause: Option<Duration>,
    record: Arc<Mutex<Record>>,
) {
    while let Some(item) = stream.next().await {
        {
            let mut record = record.lock().unwrap();
            match item {
                Ok(event) => record.arrived(arrived(&event), &server.times.lock().unwrap()),
                Err(Missed::Gap { since, until }) => record.gap(since, until),
                Err(Missed::Lagged(count)) => record.lagged += count,
                Err(other) => record.violation(other.to_string()),
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

/// Runs one command after another, and records the end of each.
async fn call(
    server: Arc<Server>,
    console: Console,
    record: Arc<Mutex<Record>>,
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
            Ok(echo) if echo == number => Ok(End::Replied),
            Ok(other) => Err(format!("the reply to command {number} was {other}")),
            Err(error) => match error.sent() {
                Some(Sent::NotSent) => Ok(End::NotSent),
                Some(Sent::MayHaveRun) => Ok(End::MayHaveRun),
                None => Err(error.to_string()),
            },
        };
        match end {
            Ok(end) => {
                let before = server.commands.lock().unwrap()[number].end.replace(end);
                assert!(before.is_none(), "a command ends once");
            }
            Err(violation) => record.lock().unwrap().violation(violation),
        }
        tokio::time::sleep(Duration::from_millis(fastrand::u64(5..30))).await;
    }
}

async fn soak(plan: Plan) {
    let begin = Instant::now();
    let folder = std::env::temp_dir().join(format!("console-soak-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let mut sites = Vec::new();
    for number in 0..plan.servers {
        let token_file = folder.join(format!("console_token_{number}.txt"));
        sites.push(Site::open(token_file, plan, &is_over).await);
    }
    let (injected, memory) = inject_faults(plan, &sites).await;
    settle(&sites, &is_over).await;
    for site in &mut sites {
        site.console.close().await;
        for reader in site.readers.drain(..) {
            reader.await.unwrap();
        }
        site.quick.lock().unwrap().close();
        site.slow.lock().unwrap().close();
    }
    std::fs::remove_dir_all(&folder).unwrap();
    report(&sites, injected, &memory, begin.elapsed());
}

/// The numbers of injected faults.
#[derive(Clone, Copy, Default)]
struct Faults {
    cuts: u32,
    silences: u32,
    restarts: u32,
    renewals: u32,
}

/// Sends events, and injects a fault into a random server at each interval. Also returns the heap in MiB, measured five times.
async fn inject_faults(plan: Plan, sites: &[Site]) -> (Faults, Vec<f64>) {
    let (mut injected, mut memory) = (Faults::default(), Vec::new());
    let begin = Instant::now();
    let mut next = begin + plan.fault_interval;
    let mut next_look = plan.lasting / 5;
    let mut sent = 0;
    let mut ticks = tokio::time::interval(TICK);
    while begin.elapsed() < plan.lasting {
        ticks.tick().await;
        while sent < begin.elapsed().as_millis() * plan.events_per_second / 1_000 {
            for site in sites {
                site.server.emit();
            }
            sent += 1;
        }
        if Instant::now() >= next {
            next += plan.fault_interval;
            let server = &fastrand::choice(sites).unwrap().server;
            match fastrand::u8(..4) {
                0 => {
                    injected.cuts += 1;
                    server.cut();
                }
                1 => {
                    injected.silences += 1;
                    server.fall_silent();
                }
                2 => {
                    injected.restarts += 1;
                    let server = Arc::clone(server);
                    let down = Duration::from_millis(fastrand::u64(10..1_500));
                    tokio::spawn(async move { server.restart(down).await });
                }
                _ => {
                    injected.renewals += 1;
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
    (injected, memory)
}

/// Ends the callers, and sends events until each stream has received a new one.
async fn settle(sites: &[Site], is_over: &AtomicBool) {
    is_over.store(true, Ordering::Relaxed);
    let last = |record: &Mutex<Record>| record.lock().unwrap().last();
    let deadline = Instant::now() + TIMEOUT;
    // Restarting servers need this time.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before: Vec<_> = sites
        .iter()
        .map(|site| (last(&site.quick), last(&site.slow)))
        .collect();
    let is_settled = |(site, before): (&Site, &(u64, u64))| {
        let ended = site.callers.iter().all(JoinHandle::is_finished);
        ended && last(&site.quick) > before.0 && last(&site.slow) > before.1
    };
    while !sites.iter().zip(&before).all(is_settled) {
        assert!(Instant::now() < deadline, "a console did not come back");
        for site in sites {
            site.server.emit();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // The servers can still read commands that have already timed out.
    tokio::time::sleep(Duration::from_secs(1)).await;
}

/// Prints the figures. Fails if a promise is broken.
fn report(sites: &[Site], injected: Faults, memory: &[f64], took: Duration) {
    let mut violations = Vec::new();
    let mut ends = [0_u64; 3];
    let mut ran_unknown = 0_u64;
    for site in sites {
        for (number, command) in site.server.commands.lock().unwrap().iter().enumerate() {
            let is_right = matches!(
                (command.end, command.read),
                (Some(End::Replied), 1) | (Some(End::NotSent), 0) | (Some(End::MayHaveRun), 0 | 1)
            );
            if !is_right {
                violations.push(format!(
                    "command {number} of {}: {command:?}",
                    site.server.address
                ));
            }
            if let Some(end) = command.end {
                ends[end as usize] += 1;
                ran_unknown += u64::from(end == End::MayHaveRun && command.read == 1);
            }
        }
        let (quick, slow) = (site.quick.lock().unwrap(), site.slow.lock().unwrap());
        for record in [&quick, &slow] {
            violations.extend(
                record
                    .violations
                    .iter()
                    .map(|violation| format!("{}: {violation}", site.server.address)),
            );
        }
        if quick.unexplained > 0 || quick.lagged > 0 {
            violations.push(format!(
                "{} lost {} events",
                site.server.address, quick.unexplained
            ));
        }
        if slow.unexplained > slow.lagged || slow.lagged > slow.unexplained + slow.in_gaps {
            violations.push(format!(
                "{}: dropped {}, counted {}",
                site.server.address, slow.unexplained, slow.lagged
            ));
        }
    }
    let sum = |count: fn(&Record) -> u64| -> u64 {
        sites
            .iter()
            .map(|site| count(&site.quick.lock().unwrap()))
            .sum()
    };
    let slow: u64 = sites
        .iter()
        .map(|site| site.slow.lock().unwrap().lagged)
        .sum();
    let longest = sites
        .iter()
        .map(|site| site.quick.lock().unwrap().longest_gap)
        .max();
    println!(
        "{} consoles, {:.0} s: {} cuts, {} silences, {} restarts, {} new tokens\n\
         events: {} arrived once and in order, {} were missed in {} gaps (the longest {:.1} s), {slow} were dropped and counted\n\
         commands: {} with a reply, {} not sent, {} may have run, of which {ran_unknown} ran",
        sites.len(),
        took.as_secs_f64(),
        injected.cuts,
        injected.silences,
        injected.restarts,
        injected.renewals,
        sum(|record| record.arrived),
        sum(|record| record.in_gaps),
        sum(|record| record.gap_count),
        longest.unwrap_or_default().as_secs_f64(),
        ends[0],
        ends[1],
        ends[2],
    );
    if let (Some(first), Some(last)) = (memory.first(), memory.last())
        && *last > first * 1.25 + 4.0
    {
        violations.push(format!("memory grew from {first:.1} to {last:.1} MiB"));
    }
    for violation in violations.iter().take(20) {
        println!("BROKEN: {violation}");
    }
    assert!(
        violations.is_empty(),
        "{} promises were broken",
        violations.len()
    );
}
