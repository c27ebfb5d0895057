use crate::support::{Bank, event, group, miss, start, status, within};
use alta_auth::BotTokens;
use alta_sim::{ClientAction, Sim};
use alta_socket::{BoxIo, Dial, DialError};
use alta_ws::{Client, Config, GroupUpdate, Missed};
use futures_core::future::BoxFuture;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// Dials the simulator in memory, where the tests can use virtual time.
struct InMemory(Sim);

impl Dial for InMemory {
    fn dial<'a>(&'a self, _: &'a Url) -> BoxFuture<'a, Result<BoxIo, DialError>> {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        self.0.serve_main_socket(theirs);
        Box::pin(async { Ok(Box::new(ours) as BoxIo) })
    }
}

#[tokio::test(start_paused = true)]
async fn promise_08_the_defaults_outlive_the_services_two_hours_and_its_tokens() {
    const MINUTES: i64 = 510;
    let sim = start(Sim::builder()).await;
    let config = Config::default().dialer(Arc::new(InMemory(sim.clone())));
    let client = Client::open_with(BotTokens::new(Bank::new(&sim)), config).unwrap();
    within(client.ready()).await.unwrap();
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    for minute in 0..MINUTES {
        sim.emit_main_event("group-update", sim.group(), json!({"id": minute}));
        assert_eq!(event(&mut updates).await.data.id.get(), minute);
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let totals = client.status().totals;
    assert_eq!(totals.migrations, 4, "every 105 to 110 minutes");
    assert_eq!((totals.gaps, totals.connects), (0, 1));
    let received = sim.received();
    let pings = received
        .iter()
        .filter(|received| matches!(received.action, ClientAction::Ping));
    assert!(pings.count() > 500, "once a minute");
}

#[tokio::test(start_paused = true)]
async fn promise_09_a_half_open_connection_is_found_within_two_pings() {
    const PING: Duration = Duration::from_secs(6);
    for quiet in [0, 1, 5, 6, 11] {
        let sim = start(Sim::builder()).await;
        let config = Config::default()
            .dialer(Arc::new(InMemory(sim.clone())))
            .ping_interval(PING);
        let client = Client::open_with(BotTokens::new(Bank::new(&sim)), config).unwrap();
        within(client.ready()).await.unwrap();
        let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
        tokio::time::sleep(Duration::from_secs(quiet)).await;
        let silent = Instant::now();
        sim.silence_main_sockets();
        status(&client, |status| !status.state.is_connected()).await;
        assert!(silent.elapsed() <= PING * 2, "{:?}", silent.elapsed());
        status(&client, |status| status.state.is_connected()).await;
        assert!(matches!(miss(&mut updates).await, Missed::Gap { .. }));
    }
}
