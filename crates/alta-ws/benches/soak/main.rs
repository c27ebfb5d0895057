//! A soak: thousands of numbered subscriptions over many sockets, which migrate, are closed and fall silent all the
//! time; some migrations are refused, tokens expire, and some readers are too slow. Every number that a socket
//! delivered must arrive once. Every other number must have been sent within a reported gap of a plausible length. The
//! losses of slow readers must be counted, and memory must stay constant.
//!
//! `cargo xtask soak` runs it, with `--quick` for a minute.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program that stops at the first error, and prints figures"
)]

mod book;
mod ledger;
mod slow;
mod tokens;

use alta_sim::{Action, ClientAction, Fault, Hook, Service, Sim};
use alta_ws::{BackoffPolicy, Client, Config, Missed, Subscription, Topic, Totals};
use futures_util::StreamExt as _;
use futures_util::stream::{self, SelectAll};
use ledger::Ledger;
use serde_json::{Value, json};
use slow::{Count, SLOW};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokens::Tokens;

/// The events that are subscribed to for each group.
const EVENTS: [&str; 4] = [
    "group-update",
    "group-member-update",
    "group-server-status",
    "group-server-heartbeat",
];
/// The service refuses one migration in this number.
const REFUSED: u32 = 10;
/// One event in this number goes to a subscription that also has a slow reader.
const TO_SLOW: u128 = 10;
/// The longest time for a new connection with all subscriptions, once a loss is noticed.
const BACK_WITHIN: Duration = Duration::from_secs(15);
/// A step of the load generator.
const TICK: Duration = Duration::from_millis(5);
/// The longest time until the last events have arrived.
const PATIENCE: Duration = Duration::from_secs(60);

/// The amounts of one run.
#[derive(Clone, Copy)]
struct Plan {
    groups: usize,
    per_second: u128,
    /// The run lasts for this time, and until the numbers of events below are reached.
    lasting: Duration,
    migrations: u64,
    losses: u64,
    loss_every: Duration,
    migrate_after: Duration,
    expire_every: Duration,
    ping: Duration,
}

impl Plan {
    /// A silent link is found at the second ping.
    fn longest_gap(&self) -> Duration {
        self.ping * 2 + BACK_WITHIN
    }

    /// The default, unless sockets do not live that long.
    fn handover(&self) -> Duration {
        Config::default().handover.min(self.migrate_after / 3)
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
    expire_every: Duration::from_secs(25),
    ping: Duration::from_secs(3),
};

/// A minute, with proportionately as many events and faults.
const QUICK: Plan = Plan {
    lasting: Duration::from_secs(45),
    migrations: 20,
    losses: 10,
    loss_every: Duration::from_secs(4),
    migrate_after: Duration::from_secs(35),
    expire_every: Duration::from_secs(9),
    ..LONG
};

/// `cargo test --benches` also runs this program: a short run that only shows that it works.
const TRIAL: Plan = Plan {
    groups: 20,
    per_second: 200,
    lasting: Duration::from_secs(3),
    migrations: 1,
    losses: 2,
    loss_every: Duration::from_millis(700),
    migrate_after: Duration::from_millis(1_200),
    expire_every: Duration::from_millis(500),
    ping: Duration::from_millis(1_500),
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
        .timeout(PATIENCE * 5)
        .token_life(Duration::from_secs(24 * 3_600))
        .start()
        .await
        .unwrap();
    let topics = topics(&sim, plan.groups);
    let config = Config::default()
        .url(sim.socket_url().parse().unwrap())
        .handover(plan.handover())
        .ping_interval(plan.ping)
        .backoff(BackoffPolicy::new(TICK * 20, TICK * 400))
        .migrate_after(plan.migrate_after)
        .migrate_spread(plan.migrate_after / 2);
    let tokens = Tokens::new(&sim);
    let client = Client::open_with(alta_auth::BotTokens::new(tokens.clone()), config).unwrap();
    let streams: SelectAll<Numbered> = topics
        .iter()
        .enumerate()
        .map(|(place, topic)| numbered(place, client.subscribe(topic.clone()).start()))
        .collect();
    let slow = slow::read(&client, &topics);
    sim.wait_until(|sim| sim.main_socket_subscriptions().len() == topics.len())
        .await
        .unwrap();
    let sockets = sim.main_sockets().len();
    println!(
        "{} subscriptions over {sockets} sockets, held after {:.1} s",
        topics.len(),
        begin.elapsed().as_secs_f64()
    );

    let ledger = Ledger::new(topics.len(), plan.longest_gap());
    let ledger = Arc::new(Mutex::new(ledger));
    let reader = tokio::spawn(read(streams, Arc::clone(&ledger)));
    let losses = misfortune(plan, &sim, &client, &topics, &ledger).await;

    // One last event of each topic, so that every gap has an end; after it, a missing event cannot arrive any more.
    tokio::time::sleep(plan.handover() + Duration::from_secs(1)).await;
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
    let mut counts = Vec::new();
    for reader in slow {
        counts.push(reader.await.unwrap());
    }
    let mut ledger = ledger.lock().unwrap();
    check_slow(&ledger, &counts);
    println!("{} tokens renewed", tokens.renewals());
    assert!(tokens.renewals() > 0, "no token was renewed");
    report(&plan, &mut ledger, totals, &losses, begin.elapsed());
}

/// The read and the lost events of a slow reader together are those of the other reader of its topic.
fn check_slow(ledger: &Ledger, counts: &[Count]) {
    let sum = |part: fn(&Count) -> u64| counts.iter().map(part).sum::<u64>();
    println!(
        "slow readers read {} and lost {}",
        sum(|count| count.read),
        sum(|count| count.lagged)
    );
    for (place, count) in counts.iter().enumerate() {
        let in_all = count.read + count.lagged;
        assert_eq!(in_all, ledger.arrived_at(place), "slow reader {place}");
    }
    assert!(sum(|count| count.lagged) > 0, "no reader was too slow");
}

/// This number of groups with the bot in them, and all their topics.
fn topics(sim: &Sim, groups: usize) -> Vec<Topic> {
    let mut topics = Vec::new();
    for number in 0..groups {
        let group = sim.add_group(&format!("Group {number}"));
        sim.admit_bot(group, 1).unwrap();
        topics.extend(EVENTS.map(|event| Topic::new(event, group).unwrap()));
    }
    topics
}

/// The number of different subscriptions that are held, on any socket.
fn distinct(sim: &Sim) -> usize {
    let held = sim.main_socket_subscriptions().into_iter();
    let held: std::collections::HashSet<_> = held.map(|(_, event, key)| (event, key)).collect();
    held.len()
}

/// Sends the next number of a subscription, and records its connections.
fn emit(sim: &Sim, topics: &[Topic], ledger: &Mutex<Ledger>, place: usize) -> (u64, Vec<u64>) {
    let topic = &topics[place];
    // Recorded before it can arrive.
    let mut ledger = ledger.lock().unwrap();
    let number = ledger.next(place);
    let content = json!({"id": topic.key(), "number": number});
    let to = sim.emit_main_event_traced(topic.event(), topic.key().parse().unwrap(), content);
    ledger.sent(place, number, to.clone());
    (number, to)
}

/// The faults of the sockets.
#[derive(Default)]
struct Losses {
    cut: u64,
    /// Connections that fell silent, and the times.
    silent: Vec<(u64, Instant)>,
    silenced: u64,
}

impl Losses {
    fn count(&self) -> u64 {
        self.cut + self.silenced
    }

    fn is_silent(&self, socket: u64) -> bool {
        self.silent.iter().any(|(silent, _)| *silent == socket)
    }

    fn cut(&mut self, sim: &Sim, random: &mut fastrand::Rng) {
        let mut sockets = sim.main_sockets();
        // The client would notice the end of a silent one.
        sockets.retain(|socket| !self.is_silent(*socket));
        if let Some(socket) = random.choice(sockets) {
            self.cut += u64::from(sim.drop_connection(socket).is_ok());
        }
    }

    /// Makes the socket of a subscription fall silent with its next event.
    async fn silence(&mut self, sim: &Sim, topics: &[Topic], ledger: &Mutex<Ledger>, place: usize) {
        let name = topics[place].name().to_owned();
        let silence = Fault::new(Hook::MainEvent, Action::Silence);
        sim.faults().arm(silence.when(move |event| event == name));
        // Without a subscriber, the fault would stay.
        for _ in 0..1_000 {
            let (number, mut to) = emit(sim, topics, ledger, place);
            to.retain(|socket| !self.is_silent(*socket));
            for connection in &to {
                // During a migration it can be either of two sockets.
                ledger.lock().unwrap().silent(*connection, place, number);
                self.silent.push((*connection, Instant::now()));
            }
            if !to.is_empty() {
                self.silenced += 1;
                return;
            }
            tokio::time::sleep(TICK).await;
        }
        panic!("no socket is subscribed to {}", topics[place]);
    }

    /// By now the client has noticed the silent sockets: the server removes them.
    fn forget_silent(&mut self, sim: &Sim, after: Duration) {
        self.silent.retain(|(connection, since)| {
            let is_over = since.elapsed() >= after;
            if is_over {
                // It can be gone already.
                let _ = sim.drop_connection(*connection);
            }
            !is_over
        });
    }
}

/// Sends events all the time, closes a random socket or makes one fall silent at intervals, and lets tokens expire.
async fn misfortune(
    plan: Plan,
    sim: &Sim,
    client: &Client,
    topics: &[Topic],
    ledger: &Mutex<Ledger>,
) -> Losses {
    let refuse = Fault::new(Hook::MainRequest, Action::Refuse(500));
    sim.faults()
        .arm(refuse.containing("POST migrate").every(REFUSED));
    let mut random = fastrand::Rng::with_seed(7);
    let begin = Instant::now();
    let mut next_loss = begin + plan.loss_every;
    let mut next_expiry = begin + plan.expire_every;
    let mut next_look = begin + plan.lasting / 5;
    let mut losses = Losses::default();
    let mut sent = 0;
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        let elapsed = begin.elapsed();
        while sent < elapsed.as_millis() * plan.per_second / 1_000 {
            let places = if sent % TO_SLOW == 0 {
                SLOW
            } else {
                topics.len()
            };
            emit(sim, topics, ledger, random.usize(..places));
            sent += 1;
        }
        let now = Instant::now();
        if now >= next_expiry {
            next_expiry = now + plan.expire_every;
            sim.expire_tokens();
        }
        if now >= next_loss {
            next_loss = now + plan.loss_every;
            losses.forget_silent(sim, plan.ping * 3);
            // Both kinds of handover: with and without events on the old socket.
            sim.set_migration_overlap(random.bool());
            if losses.count() % 2 == 0 {
                losses.cut(sim, &mut random);
            } else {
                let place = random.usize(..topics.len());
                losses.silence(sim, topics, ledger, place).await;
            }
            excuse(sim, ledger);
        }
        if now >= next_look {
            next_look = now + plan.lasting / 5;
            let totals = client.status().totals;
            let mut ledger = ledger.lock().unwrap();
            ledger.look_at_memory();
            println!(
                "{:>4} s: {sent} events, {} migrations, {} losses, {:.0} MiB",
                elapsed.as_secs(),
                totals.migrations,
                losses.count(),
                ledger.memory_now()
            );
        }
        let migrations = client.status().totals.migrations;
        let enough = losses.count() >= plan.losses && migrations >= plan.migrations;
        if elapsed >= plan.lasting && (enough || elapsed >= plan.lasting * 3) {
            // Every silent socket has been noticed by now.
            losses.forget_silent(sim, Duration::ZERO);
            return losses;
        }
    }
}

async fn read(mut streams: SelectAll<Numbered>, ledger: Arc<Mutex<Ledger>>) {
    while let Some((place, item)) = streams.next().await {
        let mut ledger = ledger.lock().unwrap();
        match item {
            Ok(number) => ledger.arrived(place, number),
            Err(Missed::Gap { since, until }) => ledger.gap(place, since, until),
            Err(other) => panic!("{other}"),
        }
    }
}

/// Events on a socket that the client closed after a failed migration were not delivered.
fn excuse(sim: &Sim, ledger: &Mutex<Ledger>) {
    for received in sim.received() {
        if let (Service::MainSocket, ClientAction::Closed(Some(_))) =
            (received.service, &received.action)
        {
            ledger.lock().unwrap().given_up(received.connection);
        }
    }
}

fn report(plan: &Plan, ledger: &mut Ledger, totals: Totals, losses: &Losses, took: Duration) {
    let faults = ledger.faults();
    println!(
        "{} events sent, {} arrived, {} in gaps; {} migrations, {} failed; {} sockets cut, {} silent; {} gaps told of {:.1} s \
         on average; {} duplicates suppressed; {:.0} MiB after a fifth of the time, {:.0} MiB at the end; {:.0} s",
        ledger.sent_in_all(),
        ledger.arrived_in_all(),
        ledger.in_gaps(),
        totals.migrations,
        totals.failed_migrations,
        losses.cut,
        losses.silenced,
        totals.gaps,
        ledger.mean_gap().as_secs_f64(),
        totals.duplicates_suppressed,
        ledger.memory_first(),
        ledger.memory_now(),
        took.as_secs_f64()
    );
    let shown = &faults[..faults.len().min(20)];
    assert!(faults.is_empty(), "{} faults: {shown:#?}", faults.len());
    let count = losses.count();
    assert!(count >= plan.losses, "{count} losses only");
    assert!(totals.migrations >= plan.migrations, "too few migrations");
    // The memory that the allocator keeps for itself varies.
    let allowed = ledger.memory_first() * 1.2 + 16.0;
    assert!(ledger.memory_now() <= allowed, "memory grew");
    println!(
        "every number that a socket delivered arrived once, every other was sent within a reported gap"
    );
}
