//! A server that misbehaves in every way that the simulator has, over real sockets. After each fault, the subscription
//! is held again and the next event arrives.

use crate::faults::{
    actions, ends_connection, in_parallel, numbers_until, send_number, short_timeouts,
};
use crate::support::{
    config, connect, count, event, group, miss, requested, requests, start, status, totals,
    upgrades, within,
};
use alta_sim::{Action, Fault, Hook, Sim};
use alta_ws::{GroupServerHeartbeat, GroupServerStatus, GroupUpdate, Missed, Topic};
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_subscription_is_held_after_any_fault_of_its_reply() {
    in_parallel(actions(), async |action| {
        let sim = start(Sim::builder()).await;
        let client = connect(&sim, short_timeouts(&sim)).await;
        sim.faults()
            .arm(Fault::new(Hook::MainRequest, action.clone()).containing("POST subscription"));
        let topic = Topic::from(GroupUpdate(group(&sim)));
        let subscribing = tokio::time::timeout(
            Duration::from_secs(20),
            client.subscribe(topic).into_future(),
        );
        let Ok(stream) = subscribing.await else {
            panic!("{action:?}: {:?}, {:?}", client.status(), requests(&sim));
        };
        let mut stream = stream.unwrap();
        assert_eq!(sim.faults().armed(), 0, "{action:?}");
        send_number(&sim, 7);
        assert_eq!(numbers_until(&mut stream, 7).await, [7], "{action:?}");
    })
    .await;
}

#[tokio::test]
async fn after_any_fault_of_an_event_the_next_one_arrives() {
    in_parallel(actions(), async |action| {
        let sim = start(Sim::builder()).await;
        let client = connect(&sim, short_timeouts(&sim)).await;
        let topic = Topic::from(GroupUpdate(group(&sim)));
        let mut stream = within(client.subscribe(topic)).await.unwrap();
        sim.faults()
            .arm(Fault::new(Hook::MainEvent, action.clone()));
        send_number(&sim, 1);
        // If the fault ended the connection, a new one is opened.
        let ended = ends_connection(&action);
        if ended {
            totals(&client, |totals| totals.gaps == 1).await;
        } else if matches!(action, Action::Delay(_)) {
            assert_eq!(numbers_until(&mut stream, 1).await, [1]);
        }
        send_number(&sim, 2);
        let numbers = numbers_until(&mut stream, 2).await;
        let expected: &[i64] = match &action {
            Action::Twice => &[1, 1, 2],
            Action::Fragments(_) | Action::WrongId(_) | Action::NoId => &[1, 2],
            Action::Before(_) if !ended => &[1, 2],
            _ => &[2],
        };
        assert_eq!(numbers, expected, "{action:?}");
        assert_eq!(client.status().totals.gaps, u64::from(ended), "{action:?}");
    })
    .await;
}

#[tokio::test]
async fn every_close_code_is_shown_and_the_client_reconnects() {
    let codes = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3001, 4000, 4999,
    ];
    in_parallel(codes, async |code| {
        let sim = start(Sim::builder()).await;
        let client = connect(&sim, short_timeouts(&sim)).await;
        let mut updates = within(client.subscribe(GroupUpdate(group(&sim))))
            .await
            .unwrap();
        let mut states = client.statuses();
        sim.close_main_sockets(code, "because");
        let lost = within(states.wait_for(|status| !status.state.is_connected())).await;
        let shown = format!("{:?}", lost.unwrap().state);
        assert!(shown.contains(&code.to_string()), "{shown}");
        assert!(matches!(miss(&mut updates).await, Missed::Gap { .. }));
        send_number(&sim, 3);
        assert_eq!(event(&mut updates).await.data.id.get(), 3);
    })
    .await;
}

#[tokio::test]
async fn every_temporary_failure_of_an_upgrade_is_tried_again() {
    let refused = [408, 425, 429, 500, 502, 503, 504].map(Action::Refuse);
    let broken = [
        Action::Cut,
        Action::Silence,
        Action::Delay(Duration::from_millis(50)),
    ];
    in_parallel(refused.into_iter().chain(broken), async |action| {
        let sim = start(Sim::builder()).await;
        sim.faults()
            .arm(Fault::new(Hook::MainUpgrade, action.clone()));
        let client = connect(&sim, short_timeouts(&sim)).await;
        if let Action::Refuse(status) = action {
            assert_eq!(upgrades(&sim), [status, 101]);
        }
        within(client.subscribe(GroupUpdate(group(&sim))))
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn requests_without_a_reply_delay_no_other_request() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, short_timeouts(&sim)).await;
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, Action::Drop).every(3));
    let groups: Vec<u64> = (0..30)
        .map(|number| sim.add_group(&format!("Group {number}")))
        .collect();
    for group in &groups {
        sim.admit_bot(*group, 1).unwrap();
    }
    let topics = groups
        .iter()
        .map(|group| Topic::new("group-update", group).unwrap());
    let streams = join_all(topics.map(|topic| client.subscribe(topic).into_future()));
    assert!(within(streams).await.iter().all(Result::is_ok));
    assert_eq!(client.status().totals.connects, 1);
    // Two thirds got a reply at once, and did not wait for the others.
    let received = requests(&sim);
    let distinct: std::collections::HashSet<_> = received.iter().take(33).collect();
    assert!(distinct.len() >= 25, "{received:?}");
}

#[tokio::test]
async fn a_subscription_that_fails_repeatedly_is_shown_and_delays_no_other() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, short_timeouts(&sim)).await;
    sim.faults().arm(
        Fault::new(Hook::MainRequest, Action::Refuse(503))
            .containing("group-update")
            .times(1_000),
    );
    let _failing = client.subscribe(GroupUpdate(group(&sim))).start();
    let _status = within(client.subscribe(GroupServerStatus(group(&sim))))
        .await
        .unwrap();
    let shown = status(&client, |status| status.last_failure.is_some()).await;
    let failure = shown.last_failure.unwrap();
    assert!(
        failure.contains("group-update") && failure.contains("503"),
        "{failure}"
    );
    sim.faults().clear();
    sim.wait_until(|sim| sim.main_socket_subscriptions().len() == 2)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_event_during_a_handover_arrives_once_from_either_connection() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim).handover(Duration::from_secs(2))).await;
    let topic = Topic::from(GroupUpdate(group(&sim)));
    let mut stream = within(client.subscribe(topic)).await.unwrap();
    within(client.migrate_now()).await.unwrap();
    let sockets = sim.main_sockets();
    let [old, new] = sockets[..] else {
        panic!("not two sockets: {sockets:?}");
    };
    let cases: [&[u64]; 6] = [&[old], &[new], &[old, new], &[new, old], &[old], &[new]];
    for (number, on) in cases.iter().enumerate() {
        for socket in *on {
            let content = json!({"id": number});
            sim.emit_main_event_on(*socket, "group-update", sim.group(), content)
                .unwrap();
        }
    }
    // Between the two sockets there is no order.
    let mut numbers = Vec::new();
    for _ in &cases {
        numbers.push(event(&mut stream).await.data["id"].as_u64().unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    totals(&client, |totals| {
        totals.events == 8 || totals.migrations == 1
    })
    .await;
    sim.wait_until(|sim| sim.main_sockets().len() == 1)
        .await
        .unwrap();
    assert_eq!(client.status().totals.duplicates_suppressed, 2);
}

#[tokio::test]
async fn a_server_that_reads_slowly_delays_replies_and_no_events() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim)).await;
    let mut updates = within(client.subscribe(GroupUpdate(group(&sim))))
        .await
        .unwrap();
    sim.read_main_sockets_slowly(Duration::from_millis(50));
    let status = client.subscribe(GroupServerStatus(group(&sim)));
    let heartbeat = client.subscribe(GroupServerHeartbeat(group(&sim)));
    let subscribing = tokio::spawn(async move { tokio::join!(status, heartbeat) });
    requested(
        &sim,
        &format!("POST subscription/group-server-status/{}", sim.group()),
        1,
    )
    .await;
    send_number(&sim, 1);
    assert_eq!(event(&mut updates).await.data.id.get(), 1);
    let (status, heartbeat) = within(subscribing).await.unwrap();
    assert!(status.is_ok() && heartbeat.is_ok());
}

#[tokio::test]
async fn batches_are_sent_one_at_a_time_and_each_failed_topic_gets_its_own_error() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim).batch(true).subscriptions_per_socket(100)).await;
    let groups: Vec<u64> = (0..150)
        .map(|number| sim.add_group(&format!("Group {number}")))
        .collect();
    for group in &groups {
        sim.admit_bot(*group, 1).unwrap();
    }
    sim.faults().arm(
        Fault::new(Hook::MainRequest, Action::Delay(Duration::from_secs(1))).containing("batch"),
    );
    let unknown = 1;
    let all = groups.iter().chain([&unknown]);
    let topics = all.map(|group| Topic::new("group-update", group).unwrap());
    let streams: Vec<_> = topics
        .map(|topic| client.subscribe(topic).into_future())
        .collect();
    let streams = tokio::spawn(join_all(streams));
    sim.wait_until(|sim| {
        sim.main_sockets().len() == 2 && count(sim, "POST subscription/batch") > 0
    })
    .await
    .unwrap();
    assert_eq!(
        count(&sim, "POST subscription/batch"),
        1,
        "the other socket waits"
    );
    let mut streams = within(streams).await.unwrap();
    let refused = streams.pop().unwrap().unwrap_err();
    assert!(refused.to_string().contains("group-update/1"), "{refused}");
    assert!(refused.to_string().contains("404"), "{refused}");
    assert!(streams.iter().all(Result::is_ok));
    assert_eq!(sim.main_socket_subscriptions().len(), 150);
    assert_eq!(client.status().totals.refused_subscriptions, 1);
    // Topics of the same moment are in one batch for each socket; those that fail in it are requested one by one.
    assert_eq!(count(&sim, "POST subscription/batch"), 2);
    assert_eq!(requests(&sim).len(), 3, "{:?}", requests(&sim));
    // After a loss, too.
    sim.drop_main_sockets();
    totals(&client, |totals| totals.gaps == 150).await;
    assert_eq!(count(&sim, "POST subscription/batch"), 4);
    assert_eq!(requests(&sim).len(), 5, "{:?}", requests(&sim));
}
