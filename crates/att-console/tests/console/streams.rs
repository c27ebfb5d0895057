use crate::common::server::{SUCCESS, joined, reply, server};
use crate::common::{
    commands, config, next, not_connected, open, ready, ready_with, self_hosted, within,
};
use alta_sim::{Action, Fault, Hook, Junk};
use att_console::event::{PlayerJoined, PlayerMovedChunk};
use att_console::{AnyEvent, Closed, Console, ErrorKind, Missed, Overflow, ServerId, State};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn promise_02_a_slow_stream_lags_and_delays_no_other() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let bounded = |overflow| {
        let subscribe = console.subscribe::<PlayerMovedChunk>();
        within(subscribe.capacity(3).overflow(overflow))
    };
    let mut oldest = bounded(Overflow::DropOldest).await.unwrap();
    let mut newest = bounded(Overflow::DropNewest).await.unwrap();
    let mut ending = bounded(Overflow::End).await.unwrap();
    let mut quick = within(console.subscribe::<PlayerMovedChunk>())
        .await
        .unwrap();

    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    for layer in 1..=10 {
        sim.player_moves(server, ashwick, &format!("Cave Layer {layer}"))
            .unwrap();
    }
    for layer in 1..=10 {
        let event = next(&mut quick).await.unwrap();
        assert_eq!(event.data.new_chunk, format!("Cave Layer {layer}"));
    }
    // Replies arrive although no task reads the other streams.
    within(console.command("player list")).await.unwrap();

    assert_eq!(next(&mut oldest).await.unwrap_err(), Missed::Lagged(7));
    assert_eq!(
        next(&mut oldest).await.unwrap().data.new_chunk,
        "Cave Layer 8"
    );
    assert_eq!(
        next(&mut newest).await.unwrap().data.new_chunk,
        "Cave Layer 1"
    );
    for _ in 0..3 {
        next(&mut ending).await.unwrap();
    }
    assert_eq!(next(&mut ending).await.unwrap_err(), Missed::Lagged(1));
    assert!(within(ending.next()).await.is_none());
    let never = ending.wait_for(crate::common::TIMEOUT, |_| true);
    let error = within(never).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Overflowed, "{error}");
}

#[tokio::test]
async fn statuses_are_a_stream() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut statuses = console.statuses();
    assert_eq!(within(statuses.next()).await.unwrap().state, State::Ready);
    within(console.close()).await;
    assert!(within(statuses.next()).await.unwrap().state.is_closed());
    assert!(within(statuses.next()).await.is_none());
}

#[tokio::test]
async fn a_wait_for_a_status_sees_every_count() {
    let (sim, server) = self_hosted().await;
    // No other change must wake the stream meanwhile.
    let quiet = config().resubscribe_after(Vec::new());
    let console = open(&sim, server, quiet);
    let _joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let mut statuses = console.statuses();
    for (count, name) in (1..).zip(["Ashwick", "Brambletoe", "Cinder_Wick"]) {
        // Only the count changes, and only after the wait has begun.
        let heard = statuses.wait_for(|status| status.totals.events == count);
        let joins = async {
            tokio::task::yield_now().await;
            sim.player_joins(server, name).unwrap();
        };
        let (heard, ()) = within(async { tokio::join!(heard, joins) }).await;
        assert_eq!(heard.unwrap().state, State::Ready);
    }
    within(console.close()).await;
    let never = statuses.wait_for(|status| status.totals.events == 4);
    assert_eq!(within(never).await, None);
    let closed = statuses.wait_for(|status| status.state.is_closed());
    assert!(within(closed).await.is_some());
}

#[tokio::test]
async fn promise_03_unknown_events_are_passed_on_and_malformed_frames_are_counted_and_skipped() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut everything = within(console.subscribe_to_everything()).await.unwrap();
    sim.wait_for_console_subscription(server, "PlayerJoined")
        .await
        .unwrap();
    sim.offer_console_event(server, "DoorOpened");
    let mut doors = within(console.subscribe_to(["dooropened"])).await.unwrap();

    for junk in [
        Junk::Text("not JSON at all".to_owned()),
        Junk::Text("[1, 2]".to_owned()),
        Junk::Text(r#"{"type":"Subscription","data":{}}"#.to_owned()),
        Junk::Text(r#"{"type":"Rumour","data":{}}"#.to_owned()),
        Junk::Binary(vec![1, 2, 3]),
    ] {
        sim.faults()
            .arm(Fault::new(Hook::ConsoleEvent, Action::Before(junk)).containing("DoorOpened"));
        sim.emit_console_event(server, "DoorOpened", json!({"door": 7}));
        let event = next(&mut doors).await.unwrap();
        assert_eq!(event.data, json!({"door": 7}));
    }
    assert_eq!(console.status().totals.malformed, 5);
    assert_eq!(
        console.status().totals.connects,
        1,
        "the connection stays open"
    );
    // The log events of the commands come in between.
    let unknown = async {
        loop {
            let event = next(&mut everything).await.unwrap();
            if !event.name.is_known() {
                return event.name;
            }
        }
    };
    assert_eq!(within(unknown).await.as_str(), "DoorOpened");

    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    sim.emit_console_event(server, "PlayerJoined", json!({"user": "nobody knows"}));
    let missed = next(&mut joins).await.unwrap_err();
    let Missed::Undecodable { reason, raw } = &missed else {
        panic!("{missed:?}")
    };
    assert!(reason.contains("PlayerJoined"), "{reason}");
    assert!(raw.as_str().contains("nobody knows"), "{}", raw.as_str());
    sim.player_joins(server, "Ashwick").unwrap();
    next(&mut joins).await.unwrap();
}

#[tokio::test]
async fn promise_03_a_frame_over_the_limit_ends_the_connection_with_that_cause() {
    for (junk, cause) in [
        (Junk::Oversize(5_000), "over the limit of 4096 bytes"),
        (Junk::InvalidUtf8, "not valid UTF-8"),
    ] {
        let (sim, server) = self_hosted().await;
        let console = ready_with(&sim, server, config().max_frame(4_096)).await;
        let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
        sim.faults()
            .arm(Fault::new(Hook::ConsoleEvent, Action::Instead(junk)).containing("PlayerJoined"));
        sim.player_joins(server, "Ashwick").unwrap();
        not_connected(&console, |because| because.to_string().contains(cause)).await;
        assert!(matches!(next(&mut joins).await, Err(Missed::Gap { .. })));
        sim.player_joins(server, "Brambletoe").unwrap();
        assert_eq!(
            next(&mut joins).await.unwrap().data.user.username,
            "Brambletoe"
        );
    }
}

#[tokio::test]
async fn promise_04_one_subscription_on_the_server_serves_all_streams() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server, config().linger(Duration::from_millis(50)));
    let first = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let second = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let requests = |sim: &alta_sim::Sim, line: &str| commands(sim, line).len();
    assert_eq!(requests(&sim, "websocket subscribe PlayerJoined"), 1);
    drop(first);
    drop(second);
    sim.wait_until(|sim| requests(sim, "websocket unsubscribe PlayerJoined") == 1)
        .await
        .unwrap();
    let _third = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    assert_eq!(requests(&sim, "websocket subscribe PlayerJoined"), 2);
}

#[tokio::test]
async fn the_error_of_a_misspelled_event_suggests_similar_names() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let error = within(console.subscribe_to(["PlayerJoind"]))
        .await
        .unwrap_err();
    let ErrorKind::EventNotFound { suggestions } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(suggestions[0], "PlayerJoined");
    assert!(
        error.to_string().contains("did you mean PlayerJoined"),
        "{error}"
    );
}

#[tokio::test]
async fn one_stream_yields_several_kinds_of_event_in_their_own_types() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let names = ["playerjoined", "PlayerLeft"];
    let mut events = within(console.subscribe_to_any(names)).await.unwrap();
    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    sim.player_leaves(server, ashwick).unwrap();
    let first = within(events.next_event()).await.unwrap();
    assert!(
        matches!(first.data, AnyEvent::PlayerJoined(joined) if joined.user.username == "Ashwick")
    );
    let second = within(events.next_event()).await.unwrap();
    assert!(matches!(second.data, AnyEvent::PlayerLeft(_)));
}

#[tokio::test]
async fn events_are_filtered_and_gaps_are_not() {
    let (sim, server) = self_hosted().await;
    let named = config().server(ServerId::new(7));
    let console = open(&sim, server, named);
    let into_caves = |moved: &PlayerMovedChunk| moved.new_cave_layer().is_some();
    let mut moves = within(console.subscribe().filter(into_caves))
        .await
        .unwrap();
    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    for chunk in ["Chunk 18-33", "Cave Layer 1", "Chunk 18-34", "Cave Layer 2"] {
        sim.player_moves(server, ashwick, chunk).unwrap();
    }
    for layer in 1..=2 {
        let event = next(&mut moves).await.unwrap();
        assert_eq!(event.data.new_cave_layer(), Some(layer));
        assert_eq!(event.server, Some(ServerId::new(7)));
    }
    sim.drop_consoles(server);
    assert!(matches!(next(&mut moves).await, Err(Missed::Gap { .. })));
}

#[tokio::test]
async fn waiting_for_a_matching_event_has_a_timeout() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    for name in ["Ashwick", "Brambletoe"] {
        sim.player_joins(server, name).unwrap();
    }
    let is_brambletoe = |joined: &PlayerJoined| joined.user.username == "Brambletoe";
    let event = joins
        .wait_for(crate::common::TIMEOUT, is_brambletoe)
        .await
        .unwrap();
    assert_eq!(event.data.user.username, "Brambletoe");
    let short = Duration::from_millis(20);
    let nothing = joins.wait_for(short, is_brambletoe).await.unwrap_err();
    assert_eq!(*nothing.kind(), ErrorKind::NoEvent(short));
    within(console.close()).await;
    let closed = joins.wait_for(short, is_brambletoe).await.unwrap_err();
    assert!(matches!(
        closed.kind(),
        ErrorKind::Closed {
            because: Closed::ByUs
        }
    ));
}

/// The server writes as fast as the socket accepts, so the console's task finds many events at each read.
#[tokio::test]
async fn promise_02_a_reader_that_only_reads_loses_nothing_of_a_flood() {
    const EVENTS: usize = 20_000;
    let access = server(|id, line| {
        let joins = if line == "flood" { EVENTS } else { 0 };
        let mut frames = vec![joined("Ashwick"); joins];
        frames.push(reply(id, SUCCESS));
        frames
    })
    .await;
    let console = Console::open_with(access, config());
    let joins = console.subscribe::<PlayerJoined>().capacity(1_024);
    let mut joins = within(joins).await.unwrap();
    let sender = console.clone();
    let flood = tokio::spawn(async move { sender.command("flood").await });
    for _ in 0..EVENTS {
        let event = next(&mut joins).await.unwrap();
        assert_eq!(event.data.user.username, "Ashwick");
    }
    within(flood).await.unwrap().unwrap();
}
