use crate::support::{
    config, connect, connected, event, group, miss, players, start, status, totals, within,
};
use alta_model::Timestamp;
use alta_sim::{Action, Fault, Hook, Junk, Sim};
use alta_ws::{
    ErrorKind, GroupMemberCreate, GroupServerStatus, GroupUpdate, Missed, Overflow, State, Topic,
};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn promise_01_a_lost_connection_is_a_gap_in_every_stream_and_none_ends() {
    let (sim, client) = connected().await;
    let mut statuses = client
        .subscribe(GroupServerStatus(group(&sim)))
        .await
        .unwrap();
    let mut everything = client.subscribe_to_everything().await.unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    assert_eq!(players(&event(&mut statuses).await.data), ["Ashwick"]);
    assert_eq!(
        event(&mut everything).await.topic.event(),
        "group-server-status"
    );

    let before = Timestamp::now();
    sim.drop_main_sockets();
    for missed in [miss(&mut statuses).await, miss(&mut everything).await] {
        let Missed::Gap { since, until } = missed else {
            panic!("{missed:?}");
        };
        assert!(
            since <= until && since <= before,
            "{since:?} {until:?} {before:?}"
        );
        assert!(until >= before, "the server confirmed it again later");
    }
    // The reported end of the gap is correct: from here on nothing is missed.
    sim.player_joins(sim.server(), "Juno").unwrap();
    assert_eq!(
        players(&event(&mut statuses).await.data),
        ["Ashwick", "Juno"]
    );
    assert_eq!(
        event(&mut everything).await.data["online_players"][1]["username"],
        "Juno"
    );
    assert_eq!(client.status().totals.gaps, 1);
    assert_eq!(client.status().totals.connects, 2);
}

#[tokio::test]
async fn promise_01_an_outage_is_one_gap_in_a_stream_of_many_topics() {
    let (sim, client) = connected().await;
    let id = group(&sim);
    let topics: [Topic; 3] = [
        GroupUpdate(id).into(),
        GroupServerStatus(id).into(),
        GroupMemberCreate(id).into(),
    ];
    let mut some = client.subscribe(topics.to_vec()).await.unwrap();
    let mut everything = client.subscribe_to_everything().await.unwrap();
    assert!(some.is_live() && everything.is_live());
    for gaps in [3, 6] {
        let late = Action::Delay(Duration::from_millis(300));
        let late =
            Fault::new(Hook::MainRequest, late).containing("POST subscription/group-member-create");
        sim.faults().arm(late);
        let before = Timestamp::now();
        sim.drop_main_sockets();
        // Two topics are confirmed, and an event of theirs arrives before the third is.
        totals(&client, |totals| totals.gaps == gaps - 1).await;
        assert!(!some.is_live() && !everything.is_live());
        assert!(
            some.interrupted_since()
                .is_some_and(|since| since <= before)
        );
        sim.emit_main_event("group-update", sim.group(), json!({"id": 1}));
        totals(&client, |totals| totals.gaps == gaps).await;
        assert!(some.is_live() && everything.is_live());
        assert_eq!(some.interrupted_since(), None);
        sim.emit_main_event("group-update", sim.group(), json!({"id": 2}));
        for stream in [&mut some, &mut everything] {
            assert_eq!(event(stream).await.data["id"], 1);
            assert!(matches!(miss(stream).await, Missed::Gap { .. }));
            assert_eq!(event(stream).await.data["id"], 2);
        }
    }
}

#[tokio::test]
async fn promise_01_a_stream_that_is_closed_while_it_is_interrupted_ends_with_the_open_gap() {
    let (sim, client) = connected().await;
    let mut some = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    let mut everything = client.subscribe_to_everything().await.unwrap();
    let down = Fault::new(Hook::MainUpgrade, Action::Refuse(503)).times(10_000);
    sim.faults().arm(down);
    sim.drop_main_sockets();
    status(&client, |status| !status.state.is_connected()).await;
    client.close().await;
    assert!(matches!(miss(&mut some).await, Missed::Gap { since, until } if since <= until));
    assert!(matches!(miss(&mut everything).await, Missed::Gap { .. }));
    assert!(within(some.next()).await.is_none() && !some.is_live());
    assert!(within(everything.next()).await.is_none());
}

#[tokio::test]
async fn next_event_skips_every_kind_of_miss() {
    let (sim, client) = connected().await;
    let topic = GroupServerStatus(group(&sim));
    let mut statuses = client.subscribe(topic).await.unwrap();
    sim.drop_main_sockets();
    status(&client, |status| status.totals.gaps == 1).await;
    sim.emit_main_event("group-server-status", sim.group(), json!("nonsense"));
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    let event = within(statuses.next_event()).await.unwrap();
    assert_eq!(players(&event.data), ["Ashwick"]);
    client.close().await;
    assert!(within(statuses.next_event()).await.is_none());
}

#[tokio::test]
async fn a_stream_of_statuses_is_read_as_any_other() {
    let (_sim, client) = connected().await;
    let mut statuses = client.statuses();
    assert_eq!(within(statuses.next()).await.unwrap().state, State::Ready);
    client.close().await;
    assert!(within(statuses.next()).await.unwrap().state.is_closed());
    assert!(within(statuses.next()).await.is_none());
}

#[tokio::test]
async fn promise_01_the_state_stream_shows_the_loss_and_the_return() {
    let (sim, client) = connected().await;
    let mut states = client.statuses();
    assert_eq!(states.current().state, State::Ready);
    sim.close_main_sockets(1001, "Going away");
    let lost = within(states.wait_for(|status| !status.state.is_connected()))
        .await
        .unwrap();
    let State::Recovering { because, .. } = lost.state else {
        panic!("{lost:?}");
    };
    let because = because.to_string();
    assert!(
        because.contains("1001") && because.contains("Going away"),
        "{because}"
    );
    let back = within(states.wait_for(|status| status.state.is_connected()))
        .await
        .unwrap();
    assert_eq!(back.totals.connects, 2);
}

#[tokio::test]
async fn promise_01_a_stream_opened_after_the_loss_has_no_gap() {
    let (sim, client) = connected().await;
    let mut old = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    let mut all_old = client.subscribe_to_everything().await.unwrap();
    sim.faults()
        .arm(Fault::new(Hook::MainUpgrade, Action::Refuse(503)).times(3));
    sim.drop_main_sockets();
    status(&client, |status| !status.state.is_connected()).await;
    let mut all_new = client.subscribe_to_everything().await.unwrap();
    let mut new = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    sim.rename_group(sim.group(), "Thornwood Guild").unwrap();
    assert!(matches!(miss(&mut old).await, Missed::Gap { .. }));
    assert!(matches!(miss(&mut all_old).await, Missed::Gap { .. }));
    assert_eq!(event(&mut old).await.data.name, "Thornwood Guild");
    assert_eq!(event(&mut new).await.data.name, "Thornwood Guild");
    for all in [&mut all_old, &mut all_new] {
        assert_eq!(event(all).await.data["name"], "Thornwood Guild");
    }
}

#[tokio::test]
async fn promise_02_a_slow_reader_gets_the_count_of_lost_events_and_delays_no_other() {
    const EVENTS: u64 = 1_000;
    let (sim, client) = connected().await;
    let topic = GroupUpdate(group(&sim));
    let mut slow = client.subscribe(topic).capacity(10).await.unwrap();
    let mut stubborn = client
        .subscribe(topic)
        .capacity(10)
        .overflow(Overflow::DropNewest)
        .await
        .unwrap();
    let mut brief = client
        .subscribe(topic)
        .capacity(10)
        .overflow(Overflow::End)
        .await
        .unwrap();
    let mut quick = client.subscribe(topic).capacity(2_000).await.unwrap();
    for number in 0..EVENTS {
        sim.emit_main_event("group-update", sim.group(), json!({"id": number}));
    }
    for number in 0..EVENTS {
        assert_eq!(
            event(&mut quick).await.data.id.get(),
            i64::try_from(number).unwrap()
        );
    }
    // A reply arrives while no stream is read.
    client
        .subscribe(GroupServerStatus(group(&sim)))
        .await
        .unwrap();

    assert_eq!(miss(&mut slow).await, Missed::Lagged(EVENTS - 10));
    for number in EVENTS - 10..EVENTS {
        assert_eq!(
            event(&mut slow).await.data.id.get(),
            i64::try_from(number).unwrap()
        );
    }
    for number in 0..10 {
        assert_eq!(event(&mut stubborn).await.data.id.get(), number);
        assert_eq!(event(&mut brief).await.data.id.get(), number);
    }
    assert_eq!(miss(&mut stubborn).await, Missed::Lagged(EVENTS - 10));
    assert_eq!(miss(&mut brief).await, Missed::Lagged(1));
    assert!(within(brief.next()).await.is_none());
    let never = brief.wait_for(Duration::from_secs(10), |_| true);
    let error = within(never).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Overflowed, "{error}");
}

#[tokio::test]
async fn promise_03_unknown_events_and_fields_are_passed_on() {
    let (sim, client) = connected().await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    let mut everything = client.subscribe_to_everything().await.unwrap();
    let unknown = r#"{"id":0,"event":"moon-phase","key":"9","content":"{\"phase\":\"new\"}","responseCode":200}"#;
    sim.faults().arm(Fault::new(
        Hook::MainEvent,
        Action::Before(Junk::Text(unknown.to_owned())),
    ));
    sim.emit_main_event(
        "group-update",
        sim.group(),
        json!({"id": sim.group(), "type": "Guild", "motto": "onward"}),
    );
    let moon = event(&mut everything).await;
    assert_eq!(moon.topic.to_string(), "subscription/moon-phase/9");
    assert_eq!(moon.data["phase"], "new");
    let update = event(&mut updates).await;
    assert_eq!(update.data.r#type.as_ref().unwrap().as_str(), "Guild");
    assert!(
        update.raw().as_str().contains("onward"),
        "unknown fields are in the frame"
    );
}

#[tokio::test]
async fn promise_03_a_malformed_frame_is_counted_and_skipped() {
    let (sim, client) = connected().await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    for junk in [
        Junk::Text("{\"id\":".to_owned()),
        Junk::Text("[1, 2]".to_owned()),
        Junk::Binary(vec![0, 159, 146, 150]),
    ] {
        sim.faults()
            .arm(Fault::new(Hook::MainEvent, Action::Before(junk)));
        sim.emit_main_event("group-update", sim.group(), json!({"id": 1}));
    }
    // A content of the wrong type is a miss of one stream, which continues.
    sim.emit_main_event("group-update", sim.group(), json!("no group"));
    sim.emit_main_event("group-update", sim.group(), json!({"id": 4}));
    for _ in 0..3 {
        assert_eq!(event(&mut updates).await.data.id.get(), 1);
    }
    let Missed::Undecodable { reason, raw } = miss(&mut updates).await else {
        panic!("not undecodable");
    };
    assert!(reason.starts_with("group-update/"), "{reason}");
    assert!(raw.as_str().contains("no group"), "{}", raw.as_str());
    assert_eq!(event(&mut updates).await.data.id.get(), 4);
    let totals = client.status().totals;
    assert_eq!((totals.malformed, totals.gaps, totals.connects), (3, 0, 1));
}

#[tokio::test]
async fn promise_03_an_oversize_frame_or_invalid_utf_8_ends_the_connection_with_that_cause() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim).max_frame(10_000)).await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    let cases = [
        (Junk::Oversize(20_000), "limit of 10000 bytes"),
        (Junk::InvalidUtf8, "UTF-8"),
    ];
    for (junk, cause) in cases {
        sim.faults()
            .arm(Fault::new(Hook::MainEvent, Action::Before(junk)));
        sim.emit_main_event("group-update", sim.group(), json!({"id": 1}));
        let lost = status(&client, |status| !status.state.is_connected()).await;
        let State::Recovering { because, .. } = lost.state else {
            panic!("{lost:?}");
        };
        let because = because.to_string();
        assert!(because.contains(cause), "{because}");
        assert!(matches!(miss(&mut updates).await, Missed::Gap { .. }));
    }
    sim.emit_main_event("group-update", sim.group(), json!({"id": 2}));
    assert_eq!(event(&mut updates).await.data.id.get(), 2);
    totals(&client, |totals| totals.connects == 3).await;
}

#[tokio::test]
async fn a_stream_can_be_filtered_and_one_event_awaited() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim)).await;
    let topic = Topic::new("group-update", sim.group()).unwrap();
    let is_odd = |data: &Value| data["id"].as_u64().is_some_and(|id| id % 2 == 1);
    let mut odd = within(client.subscribe(topic).filter(is_odd))
        .await
        .unwrap();
    for id in 1..=4 {
        sim.emit_main_event("group-update", sim.group(), json!({"id": id}));
    }
    assert_eq!(event(&mut odd).await.data["id"], 1);
    let three = odd.wait_for(Duration::from_secs(10), |data| data["id"] == 3);
    assert_eq!(within(three).await.unwrap().data["id"], 3);
    let short = Duration::from_millis(50);
    let nothing = within(odd.wait_for(short, |_| true)).await.unwrap_err();
    assert_eq!(*nothing.kind(), ErrorKind::NoEvent(short));
    client.close().await;
    let closed = within(odd.wait_for(short, |_| true)).await.unwrap_err();
    assert!(
        matches!(closed.kind(), ErrorKind::Closed { .. }),
        "{closed}"
    );
}
