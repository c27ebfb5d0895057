//! The service's view of the servers.

use super::support::{Own, SERVERS, Service};
use pytale::testing::{self, Received};
use serde_json::Value;
use std::time::{Duration, Instant};

fn players(server: &Value) -> usize {
    server["online_players"].as_array().unwrap().len()
}

/// The times in which the service learns of joins and leaves on the first server, which sends no events of them.
async fn times(own: &Own, service: &Service, token: &str) -> Vec<Duration> {
    let real = own.servers[0];
    let mut times = Vec::new();
    for _ in 0..3 {
        own.sim.forget_console_subscriptions(real);
        let begin = Instant::now();
        let player = own.sim.player_joins(real, "Ashwick").unwrap();
        let server = service
            .server_when(token, SERVERS[0], |server| players(server) == 1)
            .await;
        assert_eq!(server["online_players"][0]["username"], "Ashwick");
        times.push(begin.elapsed());
        own.sim.forget_console_subscriptions(real);
        let begin = Instant::now();
        own.sim.player_leaves(real, player).unwrap();
        service
            .server_when(token, SERVERS[0], |server| players(server) == 0)
            .await;
        times.push(begin.elapsed());
    }
    times
}

/// The number of times that the service asked a server for its players.
fn lists(received: &[Received], real: u64) -> usize {
    let of_server = received.iter().filter(|entry| {
        let text = entry.text().unwrap_or_default();
        entry.service == testing::Service::Console(real) && text.contains("player list")
    });
    of_server.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn players_of_a_server_without_their_events_are_known_within_a_second() {
    let own = Own::start().await;
    let [real, with_events] = own.servers;
    for event in ["PlayerJoined", "PlayerLeft"] {
        own.sim.withdraw_console_event(real, event);
    }
    let bot = own.add_bot("Example_Bot", &[]).await;
    let service = own.serve().await;
    let token = service.log_in(&bot).await;
    let is_online = |server: &Value| server["is_online"] == true;
    service.server_when(&token, SERVERS[0], is_online).await;
    // The other server shows that it sends the events.
    own.sim.player_joins(with_events, "Bramble").unwrap();
    service
        .server_when(&token, SERVERS[1], |server| players(server) == 1)
        .await;
    let count = || {
        let received = own.sim.received();
        own.servers.map(|real| lists(&received, real))
    };
    let before = count();
    let times = times(&own, &service, &token).await;
    // A busy machine can delay some of them.
    let fastest = times.iter().min().unwrap();
    assert!(*fastest <= Duration::from_secs(1), "{times:?}");
    let after = count();
    let [without, with] = [after[0] - before[0], after[1] - before[1]];
    assert!(without >= 6 && with < without, "{without} {with}");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn players_of_a_server_that_accepts_their_events_and_sends_none_are_known_within_a_second() {
    let own = Own::start().await;
    let bot = own.add_bot("Example_Bot", &[]).await;
    let service = own.serve().await;
    let token = service.log_in(&bot).await;
    // The service has subscribed before it asks for the third time.
    let real = own.servers[0];
    let asked = own.sim.wait_for(|received| lists(received, real) >= 3);
    asked.await.unwrap();
    let times = times(&own, &service, &token).await;
    let fastest = times.iter().min().unwrap();
    assert!(*fastest <= Duration::from_secs(1), "{times:?}");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_time_online_outlives_the_service() {
    let own = Own::start().await;
    let bot = own.add_bot("Example_Bot", &[]).await;
    let service = own.serve().await;
    let token = service.log_in(&bot).await;
    let is_online = |server: &Value| server["is_online"] == true;
    let before = service.server_when(&token, SERVERS[0], is_online).await;
    own.sim.stop_server(own.servers[0]).await.unwrap();
    let is_offline = |server: &Value| server["is_online"] == false;
    let after = service.server_when(&token, SERVERS[0], is_offline).await;
    assert_ne!(after["last_online"], after["created_at"]);
    assert_ne!(before["last_online"], Value::Null);
    service.end().await;
    let service = own.launch().await;
    let again = service.server(&token, SERVERS[0]).await;
    assert_eq!(again["last_online"], after["last_online"]);
    assert_eq!(again["created_at"], after["created_at"]);
    service.end().await;
}
