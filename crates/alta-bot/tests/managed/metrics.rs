use super::support::*;
use alta_bot::event::PlayerJoined;
use alta_bot::{Handlers, Invites};
use alta_sim::Sim;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The recorded values, by name and labels.
#[derive(Default)]
struct Measured {
    cells: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    described: Mutex<BTreeSet<String>>,
}

impl Measured {
    fn cell(&self, key: &Key) -> Arc<AtomicU64> {
        let labels: Vec<_> = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        Arc::clone(self.cells.lock().unwrap().entry(name).or_default())
    }

    fn counter(&self, name: &str) -> u64 {
        let all = self.cells.lock().unwrap();
        all.get(name).map_or(0, |cell| cell.load(Ordering::Relaxed))
    }

    fn gauge(&self, name: &str) -> f64 {
        f64::from_bits(self.counter(name))
    }
}

impl metrics::Recorder for Measured {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        let mut described = self.described.lock().unwrap();
        described.insert(name.as_str().to_owned());
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, what: SharedString) {
        self.describe_counter(name, unit, what);
    }

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn metrics_have_the_documented_names() {
    let measured = Measured::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    metrics::with_local_recorder(&measured, || runtime.block_on(play(&measured)));
    assert_eq!(measured.counter("pytale_invites_accepted_total{}"), 1);
    assert_eq!(measured.counter("pytale_console_sessions_total{}"), 2);
    let events = "pytale_events_total{event=PlayerJoined}";
    assert_eq!(measured.counter(events), 2);
    let failures = "pytale_handler_failures_total{handler=on,kind=failed}";
    assert_eq!(measured.counter(failures), 2);
    assert_eq!(measured.counter("pytale_missed_total{}"), 1, "the gap");
    let cells = measured.cells.lock().unwrap().clone();
    let names = cells
        .keys()
        .map(|name| name.split('{').next().unwrap().to_owned());
    let names: BTreeSet<_> = names.collect();
    assert_eq!(names, *measured.described.lock().unwrap());
    let documented = concat!(
        include_str!("../../src/managed/managed_bot.rs"),
        include_str!("../../../att-kit/src/runner/runner.rs"),
    );
    for name in &names {
        assert!(
            documented.contains(name.as_str()),
            "{name} is not documented"
        );
    }
    for (gauge, expected) in [
        ("pytale_groups", 1.0),
        ("pytale_servers_online", 1.0),
        ("pytale_players_online", 1.0),
        // The bot is shut down.
        ("pytale_consoles", 0.0),
        ("pytale_consoles_connected", 0.0),
        ("pytale_handlers_running", 0.0),
    ] {
        let shown = measured.gauge(&format!("{gauge}{{}}"));
        assert!((shown - expected).abs() < 1e-9, "{gauge}: {shown}");
    }
}

async fn play(measured: &Measured) {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let bot = managed(&sim).accept_invites(Invites::All).handlers(
        Handlers::new()
            .on::<PlayerJoined>(|_, _| async { Err(std::io::Error::other("by a test")) }),
    );
    let bot = start(bot).await;
    until("the group", || !bot.view().groups().is_empty()).await;
    sim.set_role(sim.group(), sim.bot().user_id, 2).unwrap();
    let server = sim.server();
    sim.wait_for_console_subscription(server, "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    until("it failed", || bot.health().totals.failures == 1).await;
    sim.drop_consoles(server);
    until("the gap", || bot.health().totals.missed == 1).await;
    let player = sim.players(server)[0].0;
    sim.player_leaves(server, player).unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    until("it failed again", || bot.health().totals.failures == 2).await;
    sim.status(server);
    until("the player is seen", || bot.health().players_online == 1).await;
    let connected = || measured.gauge("pytale_consoles_connected{}");
    until("the gauge of connected consoles", || connected() > 0.5).await;
    within(bot.shutdown(TEST_TIMEOUT)).await;
}
