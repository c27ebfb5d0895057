//! A soak: thousands of numbered subscriptions over many sockets, which migrate and are lost all the time, and some
//! migrations are refused. Every number that a socket delivered must arrive once, every other must lie inside a reported
//! gap, and memory must stay flat.
//!
//! `cargo xtask soak` runs it, with `--quick` for a minute.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program that stops at the first surprise, and prints figures"
)]

mod ledger;

use alta_auth::StaticToken;
use alta_sim::{Action, Fault, Hook, Service, Sim, What};
use alta_ws::{Client, Config, Missed, Subscription, Topic, Totals};
use futures_util::StreamExt as _;
use futures_util::stream::{self, SelectAll};
use ledger::Ledger;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What each group is asked for.
const EVENTS: [&str; 4] = [
    "group-update",
    "group-member-update",
    "group-server-status",
    "group-server-heartbeat",
];
/// Of so many migrations the service refuses one.
const REFUSED: u32 = 10;
/// A step of the pacemaker.
const TICK: Duration = Duration::from_millis(5);
/// How long the last events may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much of what is done.
#[derive(Clone, Copy)]
struct Plan {
    groups: usize,
    per_second: u128,
    /// Until this has passed, and so much has happened.
    lasting: Duration,
    migrations: u64,
    losses: u64,
    loss_every: Duration,
    migrate_after: Duration,
}

impl Plan {
    /// The default, unless sockets don't even live that long.
    fn hand_over(&self) -> Duration {
        Config::default().hand_over.min(self.migrate_after / 3)
    }
}

const LONG: Plan = Plan {
    groups: 5_000,
    per_second: 2_000,
    lasting: Duration::from_secs(600),
    migrations: 60,
    losses: 100,
    loss_every: Duration::from_millis(5_500),
    migrate_after: Duration::from_secs(240),
};

/// A minute, with proportionately as many events and misfortunes.
const QUICK: Plan = Plan {
    lasting: Duration::from_secs(45),
    migrations: 20,
    losses: 10,
    loss_every: Duration::from_secs(4),
    migrate_after: Duration::from_secs(35),
    ..LONG
};

/// `cargo test --benches` runs this program, too: then it only shows that it works.
const TRIAL: Plan = Plan {
    groups: 20,
    per_second: 200,
    lasting: Duration::from_secs(2),
    migrations: 1,
    losses: 1,
    loss_every: Duration::from_millis(700),
    migrate_after: Duration::from_millis(1_200),
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

/// One subscription's stream, each item with the subscription's place in the ledger.
type Numbered = stream::BoxStream<'static, (usize, Result<u64, Missed>)>;

fn numbered(place: usize, stream: Subscription<Value>) -> Numbered {
    let number = |event: alta_ws::Event<Value>| event.data["number"].as_u64().unwrap();
    stream.map(move |item| (place, item.map(number))).boxed()
}

async fn soak(plan: Plan) {
    let begin = Instant::now();
    let sim = Sim::builder()
        .journal(4_096)
        .migration_overlap(true)
        .patience(PATIENCE * 5)
        .token_life(Duration::from_secs(24 * 3_600))
        .start()
        .await
        .unwrap();
    let topics = topics(&sim, plan.groups);
    let config = Config::default()
        .url(sim.socket_url().parse().unwrap())
        .hand_over(plan.hand_over())
        .migrate_after(plan.migrate_after)
        .migrate_spread(plan.migrate_after / 2);
    let client = Client::connect(StaticToken::new(sim.bot_token()), config).unwrap();
    let streams: SelectAll<Numbered> = topics
        .iter()
        .enumerate()
        .map(|(place, topic)| numbered(place, client.subscribe(topic.clone()).start()))
        .collect();
    sim.wait_until(|sim| sim.main_socket_subscriptions().len() == topics.len())
        .await
        .unwrap();
    let sockets = sim.main_sockets().len();
    println!(
        "{} subscriptions over {sockets} sockets, held after {:.1} s",
        topics.len(),
        begin.elapsed().as_secs_f64()
    );

    let ledger = Arc::new(Mutex::new(Ledger::new(topics.len())));
    let reader = tokio::spawn(read(streams, Arc::clone(&ledger)));
    let losses = misfortune(plan, &sim, &client, &topics, &ledger).await;

    // One last event of each topic, so that every gap has an end; then what is missing is missing for good.
    tokio::time::sleep(plan.hand_over() + Duration::from_secs(1)).await;
    sim.wait_until(|sim| distinct(sim) == topics.len())
        .await
        .unwrap();
    for place in 0..topics.len() {
        emit(&sim, &topics, &ledger, place);
        if place % 500 == 0 {
            tokio::time::sleep(TICK).await;
        }
    }
    let deadline = Instant::now() + PATIENCE;
    while !ledger.lock().unwrap().is_complete() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let totals = client.status().totals;
    client.close().await;
    reader.await.unwrap();
    excuse(&sim, &ledger);
    report(
        &plan,
        &ledger.lock().unwrap(),
        totals,
        losses,
        begin.elapsed(),
    );
}

/// So many groups with the bot in them, and every topic of theirs.
fn topics(sim: &Sim, groups: usize) -> Vec<Topic> {
    let mut topics = Vec::new();
    for number in 0..groups {
        let group = sim.add_group(&format!("Group {number}"));
        sim.admit_bot(group, 1).unwrap();
        topics.extend(EVENTS.map(|event| Topic::new(event, group).unwrap()));
    }
    topics
}

/// How many different subscriptions are held, on whichever sockets.
fn distinct(sim: &Sim) -> usize {
    let held = sim.main_socket_subscriptions().into_iter();
    let held: std::collections::HashSet<_> = held.map(|(_, event, key)| (event, key)).collect();
    held.len()
}

fn emit(sim: &Sim, topics: &[Topic], ledger: &Mutex<Ledger>, place: usize) {
    let topic = &topics[place];
    // Before it can arrive.
    let mut ledger = ledger.lock().unwrap();
    let number = ledger.next(place);
    let content = json!({"id": topic.key(), "number": number});
    let to = sim.emit_main_event_traced(topic.event(), topic.key().parse().unwrap(), content);
    ledger.sent(place, number, to);
}

/// Sends events all the time, and loses a random socket every now and then; how often.
async fn misfortune(
    plan: Plan,
    sim: &Sim,
    client: &Client,
    topics: &[Topic],
    ledger: &Mutex<Ledger>,
) -> u64 {
    let refuse = Fault::new(Hook::MainRequest, Action::Refuse(500));
    sim.faults()
        .arm(refuse.containing("POST migrate").every(REFUSED));
    let mut random = fastrand::Rng::with_seed(7);
    let begin = Instant::now();
    let mut next_loss = begin + plan.loss_every;
    let mut next_look = begin + plan.lasting / 5;
    let mut losses = 0;
    let mut sent = 0;
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        let elapsed = begin.elapsed();
        while sent < elapsed.as_millis() * plan.per_second / 1_000 {
            emit(sim, topics, ledger, random.usize(..topics.len()));
            sent += 1;
        }
        let now = Instant::now();
        if now >= next_loss {
            next_loss = now + plan.loss_every;
            // Both kinds of hand-over: the old socket gets the events, too, or not any more.
            sim.set_migration_overlap(random.bool());
            let sockets = sim.main_sockets();
            if let Some(socket) = random.choice(sockets) {
                losses += u64::from(sim.drop_main_socket(socket).is_ok());
            }
            excuse(sim, ledger);
        }
        if now >= next_look {
            next_look = now + plan.lasting / 5;
            let totals = client.status().totals;
            let mut ledger = ledger.lock().unwrap();
            ledger.look_at_memory();
            println!(
                "{:>4} s: {sent} events, {} migrations, {losses} losses, {:.0} MiB",
                elapsed.as_secs(),
                totals.migrations,
                ledger.memory_now()
            );
        }
        let migrations = client.status().totals.migrations;
        let enough = losses >= plan.losses && migrations >= plan.migrations;
        if elapsed >= plan.lasting && (enough || elapsed >= plan.lasting * 3) {
            return losses;
        }
    }
}

async fn read(mut streams: SelectAll<Numbered>, ledger: Arc<Mutex<Ledger>>) {
    while let Some((place, item)) = streams.next().await {
        let mut ledger = ledger.lock().unwrap();
        match item {
            Ok(number) => ledger.arrived(place, number),
            Err(Missed::Gap { .. }) => ledger.gap(place),
            Err(other) => panic!("{other}"),
        }
    }
}

/// What was sent on a socket that the client gave up itself, after a migration that failed, was delivered by nobody.
fn excuse(sim: &Sim, ledger: &Mutex<Ledger>) {
    for received in sim.received() {
        if let (Service::MainSocket, What::Closed(Some(_))) = (received.service, &received.what) {
            ledger.lock().unwrap().given_up(received.connection);
        }
    }
}

fn report(plan: &Plan, ledger: &Ledger, totals: Totals, losses: u64, took: Duration) {
    println!(
        "{} events sent, {} arrived, {} in gaps; {} migrations, {} failed; {losses} sockets lost; {} gaps told; \
         {} duplicates suppressed; {:.0} MiB after a fifth of the time, {:.0} MiB at the end; {:.0} s",
        ledger.sent_in_all(),
        ledger.arrived_in_all(),
        ledger.in_gaps(),
        totals.migrations,
        totals.failed_migrations,
        totals.gaps,
        totals.duplicates_suppressed,
        ledger.memory_first(),
        ledger.memory_now(),
        took.as_secs_f64()
    );
    let faults = ledger.faults();
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(losses >= plan.losses, "{losses} losses only");
    assert!(totals.migrations >= plan.migrations, "too few migrations");
    // What the allocator keeps for itself varies by some.
    let allowed = ledger.memory_first() * 1.2 + 16.0;
    assert!(ledger.memory_now() <= allowed, "memory grew");
    println!(
        "every number that a socket delivered arrived once, every other lay in a reported gap"
    );
}
