//! Faults of consoles, and clients that are too slow.

use crate::support::{console, console_with, try_open};
use alta_sim::{Action, ClientAction, Fault, Hook, Junk, Sim};
use serde_json::json;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn replies_can_be_dropped_delayed_duplicated_and_have_a_wrong_id() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    let faults = sim.faults();
    let arm = |action| faults.arm(Fault::new(Hook::ConsoleCommand, action).server(sim.server()));
    arm(Action::Drop);
    arm(Action::Delay(Duration::from_millis(50)));
    arm(Action::WrongId(77));
    arm(Action::NoId);
    arm(Action::Twice);
    for id in 1..=5 {
        socket
            .send(&json!({"id": id, "content": "player count"}).to_string())
            .await;
    }
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(socket.json().await["commandId"].clone());
    }
    assert_eq!(ids, [json!(77), json!(null), json!(5), json!(5), json!(2)]);
}

#[tokio::test]
async fn junk_of_every_kind_can_come_before_a_reply() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    let arm = |action| sim.faults().arm(Fault::new(Hook::ConsoleCommand, action));
    arm(Action::Before(Junk::Text("{\"type\":\"Com".to_owned())));
    socket.send(r#"{"id":1,"content":"player count"}"#).await;
    assert_eq!(socket.text().await, "{\"type\":\"Com");
    assert_eq!(socket.json().await["commandId"], 1);
    arm(Action::Before(Junk::Binary(vec![1, 2])));
    socket.send(r#"{"id":2,"content":"player count"}"#).await;
    assert_eq!(socket.frame().await, Some(Message::binary(vec![1, 2])));
    assert_eq!(socket.json().await["commandId"], 2);
    arm(Action::Instead(Junk::Oversize(100_000)));
    socket.send(r#"{"id":3,"content":"player count"}"#).await;
    assert_eq!(socket.text().await.len(), 100_000);
    arm(Action::Fragments(10));
    assert_eq!(socket.command(3, "player count").await["data"]["Result"], 0);
    arm(Action::Refuse(5));
    let refused = socket.command(4, "player count").await;
    assert_eq!(
        refused["data"]["Exception"]["Message"],
        "Refused on demand (5)"
    );
    arm(Action::Instead(Junk::InvalidUtf8));
    socket.send(r#"{"id":5,"content":"player count"}"#).await;
    assert_eq!(socket.frame().await, None);
}

#[tokio::test]
async fn frames_before_a_cut_still_arrive() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    socket.command(1, "websocket subscribe InfoLog").await;
    let _ = (socket.json().await, socket.json().await);
    for number in 0..500 {
        sim.emit_console_event(sim.server(), "InfoLog", json!({"message": number}));
    }
    sim.drop_consoles(sim.server());
    for number in 0..500 {
        assert_eq!(socket.json().await["data"]["message"], number);
    }
    assert_eq!(socket.frame().await, None);
    let sent = sim.sent_console_events(sim.server());
    assert_eq!(
        (sent.total, sent.of("InfoLog"), sent.connections[0].open),
        (502, 502, false)
    );
}

#[tokio::test]
async fn a_client_that_never_reads_loses_its_connection() {
    let sim = Sim::builder().queue(64).start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    socket.command(1, "websocket subscribe InfoLog").await;
    let _ = (socket.json().await, socket.json().await);
    let long = "x".repeat(100_000);
    for _ in 0..300 {
        sim.emit_console_event(sim.server(), "InfoLog", json!({"message": long}));
    }
    sim.wait_until(|sim| sim.console_connections(sim.server()).is_empty())
        .await
        .unwrap();
    assert!(sim.sent_console_events(sim.server()).connections[0].overflowed);
}

#[tokio::test]
async fn a_client_that_reads_gets_every_event_of_a_flood() {
    let sim = Sim::builder().queue(64).start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    socket.command(1, "websocket subscribe TraceLog").await;
    let server = sim.server();
    let flooding = tokio::spawn({
        let sim = sim.clone();
        async move {
            sim.emit_console_events(
                server,
                "TraceLog",
                5_000,
                |number| json!({"message": number}),
            )
            .await
        }
    });
    for number in 0..5_000 {
        assert_eq!(socket.json().await["data"]["message"], number);
    }
    flooding.await.unwrap().unwrap();
    assert_eq!(sim.sent_console_events(server).total, 5_000);
}

#[tokio::test]
async fn a_silenced_console_stays_open_and_does_not_reply() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    sim.silence_consoles(sim.server());
    sim.flush().await.unwrap();
    socket.send(r#"{"id":1,"content":"player count"}"#).await;
    assert!(socket.is_silent().await);
    sim.drop_consoles(sim.server());
    assert_eq!(socket.frame().await, None);
}

#[tokio::test]
async fn an_upgrade_can_be_refused_with_any_status() {
    let sim = Sim::builder().start().await.unwrap();
    let url = sim.console_url(sim.server()).unwrap();
    let refusal = alta_sim::HttpReply::too_many(7);
    sim.faults()
        .arm(Fault::new(Hook::ConsoleUpgrade, Action::Reply(refusal)).server(sim.server()));
    match try_open(&url, None).await {
        Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
            assert_eq!(
                (
                    response.status().as_u16(),
                    &response.headers()["retry-after"]
                ),
                (429, &"7".parse().unwrap())
            );
        }
        _ => panic!("not refused"),
    }
    assert!(
        sim.received()
            .iter()
            .any(|entry| matches!(entry.action, ClientAction::Refused(429, _)))
    );
}

#[tokio::test]
async fn a_token_can_be_refused_ignored_cut_or_delayed() {
    let sim = Sim::builder().start().await.unwrap();
    let token = sim.console_token(sim.server());
    let arm = |action| {
        sim.faults()
            .arm(Fault::new(Hook::ConsoleToken, action).server(sim.server()));
    };
    arm(Action::Refuse(403));
    let mut refused = console_with(&sim, sim.server(), &token).await;
    assert_eq!(refused.json().await["data"], "Invalid Token");
    arm(Action::Drop);
    let mut ignored = console_with(&sim, sim.server(), &token).await;
    assert!(ignored.is_silent().await);
    arm(Action::Cut);
    let mut cut = console_with(&sim, sim.server(), &token).await;
    assert_eq!(cut.frame().await, None);
    arm(Action::Delay(Duration::from_millis(30)));
    let mut late = console_with(&sim, sim.server(), &token).await;
    late.is_accepted().await;
    sim.wait_for_consoles(sim.server(), 1).await.unwrap();
}

#[tokio::test]
async fn events_can_be_lost_duplicated_or_end_the_connection() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    socket.command(1, "websocket subscribe TraceLog").await;
    let arm = |action| {
        sim.faults()
            .arm(Fault::new(Hook::ConsoleEvent, action).containing("tracelog"));
    };
    arm(Action::Drop);
    arm(Action::Twice);
    arm(Action::Close(1011, "broken".to_owned()));
    for number in 1..=3 {
        sim.emit_console_event(sim.server(), "TraceLog", json!({"message": number}));
    }
    for _ in 0..2 {
        assert_eq!(socket.json().await["data"]["message"], 2);
    }
    match socket.frame().await {
        Some(Message::Close(Some(frame))) => assert_eq!(u16::from(frame.code), 1011),
        other => panic!("no close frame: {other:?}"),
    }
    sim.wait_until(|sim| sim.console_connections(sim.server()).is_empty())
        .await
        .unwrap();
    assert_eq!(sim.sent_console_events(sim.server()).of("TraceLog"), 2);
}
