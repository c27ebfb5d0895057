//! The clock of the simulator, which tests move.

use crate::support::{console, content, http, main_socket, rest};
use alta_sim::{Action, ErrorKind, Fault, Hook, Scenario, Sim};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn heartbeats_follow_the_clock() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = main_socket(&sim).await;
    socket
        .subscribe(&sim, "group-server-heartbeat", sim.group())
        .await;
    sim.advance(MINUTE + Duration::from_secs(1)).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..4 {
        let heartbeat = socket.json().await;
        assert_eq!(heartbeat["event"], "group-server-heartbeat");
        let online: jiff::Timestamp = content(&heartbeat)["online_ping"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        times.push(online);
    }
    let pauses = times.windows(2).map(|pair| pair[0].duration_until(pair[1]));
    let pauses: Vec<i128> = pauses.map(|pause| pause.as_millis()).collect();
    assert_eq!(pauses, [15_000; 3], "each has its own time");
    assert_eq!(sim.sent_main_events().total, 4);
    assert!(sim.elapsed() > MINUTE);
}

#[tokio::test]
async fn tokens_expire_when_the_clock_is_moved() {
    let sim = Sim::builder().without_heartbeats().start().await.unwrap();
    let path = format!("groups/{}", sim.group());
    let (bearer, url) = (
        format!("Bearer {}", sim.bot_token()),
        format!("{}/{path}", sim.rest_url()),
    );
    let status = async || {
        let reply = http("GET", &url, &[("authorization", &bearer)], "").await;
        reply.status
    };
    assert_eq!(status().await, 200);
    sim.advance(HOUR / 2).await.unwrap();
    assert_eq!(status().await, 200);
    sim.advance(HOUR / 2).await.unwrap();
    assert_eq!(status().await, 401);
    assert_eq!(rest(&sim, "GET", &path, "").await.status, 200);
}

#[tokio::test]
async fn an_idle_main_websocket_is_closed_when_the_clock_is_moved() {
    let sim = Sim::builder().without_heartbeats().start().await.unwrap();
    let mut socket = main_socket(&sim).await;
    sim.advance(9 * MINUTE).await.unwrap();
    let reply = socket.request(&sim, 1, "GET", "migrate").await;
    assert_eq!(reply["responseCode"], 200);
    sim.advance(11 * MINUTE).await.unwrap();
    let Some(Message::Close(Some(frame))) = socket.frame().await else {
        panic!("no close frame");
    };
    assert_eq!(u16::from(frame.code), 1001);
}

#[tokio::test]
async fn a_delayed_reply_follows_the_clock() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    let late = Fault::new(Hook::ConsoleCommand, Action::Delay(HOUR));
    sim.faults().arm(late);
    socket.send(r#"{"id":1,"content":"player count"}"#).await;
    let second = socket.command(2, "player list").await;
    assert!(second["data"]["Result"].is_array());
    sim.advance(HOUR).await.unwrap();
    assert_eq!(socket.json().await["commandId"], 1);
}

#[tokio::test]
async fn an_hour_of_the_town_passes_at_once_and_reaches_every_client() {
    let sim = Sim::builder()
        .scenario(Scenario::Town)
        .pace(Duration::from_millis(100))
        .queue(64)
        .start()
        .await
        .unwrap();
    let server = sim.server();
    let mut socket = console(&sim, server).await;
    socket
        .command(1, "websocket subscribe PlayerMovedChunk")
        .await;
    sim.advance(HOUR / 4).await.unwrap();
    let sent = sim.sent_console_events(server);
    assert!(sent.total > 1_000, "{sent:?}");
    assert!(!sent.connections[0].overflowed);
    let mut before = String::new();
    for _ in 0..1_000 {
        let frame = socket.json().await;
        let time = frame["timeStamp"].as_str().unwrap()[..19].to_owned();
        assert!(before <= time, "{before} {time}");
        before = time;
    }
}

#[tokio::test]
async fn the_clock_moves_at_most_a_hundred_years() {
    let sim = Sim::builder().without_heartbeats().start().await.unwrap();
    sim.advance(50 * 365 * 24 * HOUR).await.unwrap();
    for by in [51 * 365 * 24 * HOUR, Duration::MAX] {
        let error = sim.advance(by).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("100 years"), "{error}");
    }
}

#[tokio::test]
async fn modified_stats_end_with_their_duration() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    for line in [
        "player set-stat Ashwick speed 3",
        "player modify-stat Ashwick speed 2 3600 true",
        "player modify-stat Ashwick speed 0.5 60",
        "player modify-stat Ashwick speed 9 -1",
        "player modify-stat Ashwick damage 1 1e300",
    ] {
        let reply = socket.command(1, line).await;
        assert_eq!(reply["data"]["ResultString"], "Success", "{line}");
    }
    let stat = async |socket: &mut crate::support::Socket, name: &str| {
        let line = format!("player check-stat Ashwick {name}");
        let reply = socket.command(2, &line).await;
        reply["data"]["Result"]["Value"].as_f64().unwrap()
    };
    for (speed, pause) in [(6.5, MINUTE), (6.0, HOUR), (3.0, HOUR)] {
        assert_eq!(
            stat(&mut socket, "speed").await.to_bits(),
            f64::to_bits(speed)
        );
        sim.advance(pause).await.unwrap();
    }
    assert_eq!(
        stat(&mut socket, "damage").await.to_bits(),
        2.0_f64.to_bits()
    );
}
