//! Many bots, each with a main websocket and ten subscriptions: connecting, memory, and the delivery of events.

use super::Run;
use super::http::Http;
use super::rest::Write;
use super::service::{CROWD, Credentials, Service};
use super::socket::Socket;
use crate::clocks::{percentiles, values};
use crate::figures::{Better, Spread};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// The subscriptions of each bot; the events are those of the first one.
const EVENTS: [&str; 10] = [
    "group-update",
    "group-member-create",
    "group-member-delete",
    "group-member-update",
    "group-invite-create",
    "group-server-create",
    "group-server-delete",
    "group-server-update",
    "group-server-status",
    "group-server-heartbeat",
];

/// Connections that log bots in.
const LOGINS: usize = 8;

/// The time between two changes of paced deliveries.
const PAUSE: Duration = Duration::from_millis(100);

/// Connections that change the group without a pause.
const WRITERS: usize = 4;

/// The longest wait for the last event.
const BOUND: Duration = Duration::from_secs(30);

/// One bot with its token.
struct Bot {
    socket: Socket,
    token: String,
}

/// The changes, and the events that all bots have received.
#[derive(Default)]
struct Delivery {
    /// The time of each change, by its number.
    sent: Mutex<Vec<Instant>>,
    received: AtomicUsize,
    times: Mutex<Vec<Duration>>,
}

pub(super) async fn measure(run: &Run<'_>, service: &Service, token: &str) {
    let tokens = log_in(service).await;
    let count = tokens.len();
    let each = |from: f64, to: f64, count: usize| (to - from) / count as f64;
    let (empty, begin) = (service.resident(), Instant::now());
    let bots = connect(service, tokens).await;
    let connected = begin.elapsed().as_secs_f64();
    sleep(run.settle()).await;
    let (without, begin) = (service.resident(), Instant::now());
    let bots = subscribe(bots).await;
    let subscribed = begin.elapsed().as_secs_f64();
    sleep(run.settle()).await;
    let with = service.resident();
    let one = |name: &str, value, unit| {
        let mut spread = Spread::default();
        spread.push(values([("value", value)]));
        run.figures
            .print_spread(name, &spread, "value", None, unit, Better::Lower);
    };
    one(
        "cloud_bots_connect",
        connected,
        "s until all bots are connected",
    );
    one(
        "cloud_bots_subscribe",
        subscribed,
        "s until all have ten subscriptions",
    );
    one(
        "cloud_bots_rss",
        with / 1_024.0,
        "MiB of the service with all bots",
    );
    one("cloud_bot_rss", each(empty, without, count), "KiB a bot");
    let unit = "KiB a subscription";
    one(
        "cloud_subscription_rss",
        each(without, with, count * EVENTS.len()),
        unit,
    );

    let delivery = Arc::new(Delivery::default());
    for bot in bots {
        tokio::spawn(read(bot.socket, Arc::clone(&delivery)));
    }
    let write = Write::new(token, CROWD);
    let (mut paced, mut flood) = (Spread::default(), Spread::default());
    for _ in 0..run.rounds() {
        let mut http = Http::open(&service.rest).await;
        let (begin, lasting) = (Instant::now(), run.lasting(3.0));
        let mut ticks = interval(PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while begin.elapsed() < lasting {
            ticks.tick().await;
            delivery.change(&write, &mut http).await;
        }
        delivery.all_received(count).await;
        paced.push(percentiles(delivery.take()));

        let (cpu, begin) = (service.cpu(), Instant::now());
        let lasting = run.lasting(1.5);
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            let mut http = Http::open(&service.rest).await;
            let (delivery, write) = (Arc::clone(&delivery), Arc::clone(&write));
            writers.spawn(async move {
                while begin.elapsed() < lasting {
                    delivery.change(&write, &mut http).await;
                }
            });
        }
        writers.join_all().await;
        delivery.all_received(count).await;
        let seconds = begin.elapsed().as_secs_f64();
        let cpu = service.cpu().saturating_sub(cpu).as_secs_f64();
        let events = delivery.take().len() as f64;
        flood.push(values([
            ("rate", events / seconds),
            ("cpu", cpu * 1e6 / events),
        ]));
    }
    let print = |name, spread, of, unit, better| {
        run.figures
            .print_spread(name, spread, of, None, unit, better);
    };
    let lower = Better::Lower;
    print(
        "cloud_delivery_p50",
        &paced,
        "p50",
        "µs from the change's request to a bot (p50)",
        lower,
    );
    print(
        "cloud_delivery_p99",
        &paced,
        "p99",
        "µs from the change's request to a bot (p99)",
        lower,
    );
    print(
        "cloud_delivery_rate",
        &flood,
        "rate",
        "events/s to all bots",
        Better::Higher,
    );
    print(
        "cloud_delivery_cpu",
        &flood,
        "cpu",
        "µs of the service's CPU an event",
        lower,
    );
}

async fn log_in(service: &Service) -> Vec<String> {
    let mut tasks = JoinSet::new();
    let size = service.crowd.len().div_ceil(LOGINS);
    for bots in service.crowd.chunks(size) {
        let (bots, host): (Vec<Credentials>, _) = (bots.to_vec(), service.rest.clone());
        tasks.spawn(async move {
            let mut http = Http::open(&host).await;
            let mut tokens = Vec::new();
            for bot in &bots {
                tokens.push(http.log_in(bot).await);
            }
            tokens
        });
    }
    tasks.join_all().await.concat()
}

async fn connect(service: &Service, tokens: Vec<String>) -> Vec<Bot> {
    let mut tasks = JoinSet::new();
    for token in tokens {
        let address = service.main.clone();
        tasks.spawn(async move {
            let socket = Socket::main(&address, &token).await;
            Bot { socket, token }
        });
    }
    tasks.join_all().await
}

async fn subscribe(bots: Vec<Bot>) -> Vec<Bot> {
    let mut tasks = JoinSet::new();
    for mut bot in bots {
        tasks.spawn(async move {
            for (id, event) in EVENTS.iter().enumerate() {
                let request = format!(
                    r#"{{"id":{id},"method":"POST","path":"subscription/{event}/{CROWD}","authorization":"Bearer {}"}}"#,
                    bot.token
                );
                bot.socket.send(request).await;
            }
            for _ in EVENTS {
                let reply = bot.socket.text().await;
                assert!(reply.contains(r#""responseCode":200"#), "{reply}");
            }
            bot
        });
    }
    tasks.join_all().await
}

/// Reads the events of one bot.
async fn read(mut socket: Socket, delivery: Arc<Delivery>) {
    loop {
        let event = socket.text().await;
        let (_, rest) = event.split_once("change ").unwrap();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap();
        let number: usize = rest[..end].parse().unwrap();
        let sent = delivery.sent.lock().unwrap()[number];
        delivery.times.lock().unwrap().push(sent.elapsed());
        delivery.received.fetch_add(1, Ordering::Relaxed);
    }
}

impl Delivery {
    /// Changes the group once.
    async fn change(&self, write: &Write, http: &mut Http) {
        let (_, exchange) = write.next();
        // All tasks run on one thread, so the numbers are in order.
        self.sent.lock().unwrap().push(Instant::now());
        http.exchange(&exchange).await;
    }

    async fn all_received(&self, bots: usize) {
        let all = async {
            let changes = self.sent.lock().unwrap().len();
            while self.received.load(Ordering::Relaxed) < changes * bots {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(BOUND, all).await.unwrap();
    }

    /// The times of the deliveries since the last call.
    fn take(&self) -> Vec<Duration> {
        std::mem::take(&mut self.times.lock().unwrap())
    }
}
