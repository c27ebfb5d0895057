use crate::support::{config, connect, event, group, miss, start, within};
use alta_model::GroupId;
use alta_sim::Sim;
use alta_ws::{BackoffPolicy, GroupServerStatus, GroupUpdate, Missed, QueueConfig, Topic};
use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use std::time::Duration;

/// Events of a group.
const EVENTS: [&str; 15] = [
    "group-update",
    "group-member-create",
    "group-member-delete",
    "group-member-update",
    "group-invite-create",
    "group-invite-delete",
    "group-request-create",
    "group-request-delete",
    "group-ban-create",
    "group-ban-delete",
    "group-server-create",
    "group-server-delete",
    "group-server-update",
    "group-server-status",
    "group-server-heartbeat",
];

#[tokio::test]
async fn promise_11_a_thousand_requests_wait_in_order() {
    let sim = start(Sim::builder()).await;
    // The last request waits for all others.
    let config = config(&sim).request_timeout(Duration::from_secs(60));
    let client = connect(&sim, config.max_in_flight(1)).await;
    let path = format!("subscription/group-update/{}", sim.group());
    let replies = join_all((0..1_000).map(|_| client.request(Method::POST, &path, None)));
    for reply in within(replies).await {
        assert_eq!(reply.unwrap().status, 200);
    }
}

#[tokio::test]
async fn promise_11_queues_are_as_long_as_configured() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim).queue(QueueConfig::new(3))).await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    let mut all = client
        .subscribe_to_everything()
        .capacity(100)
        .await
        .unwrap();
    for number in 0..10 {
        sim.emit_main_event("group-update", sim.group(), json!({"id": number}));
    }
    for _ in 0..10 {
        event(&mut all).await;
    }
    assert_eq!(miss(&mut updates).await, Missed::Lagged(7));
    assert_eq!(updates.queued(), 3);
    assert_eq!(event(&mut updates).await.data.id, GroupId::new(7));
}

#[tokio::test]
async fn promise_11_thousands_of_subscriptions_are_held_and_restored() {
    const GROUPS: usize = 100;
    let sim = start(Sim::builder().timeout(Duration::from_secs(20))).await;
    let client = connect(&sim, config(&sim)).await;
    let groups: Vec<u64> = (0..GROUPS)
        .map(|number| sim.add_group(&format!("Group {number}")))
        .collect();
    let mut streams = Vec::new();
    for group in &groups {
        sim.admit_bot(*group, 1).unwrap();
        let topics = EVENTS.map(|event| Topic::new(event, group).unwrap());
        streams.push(client.subscribe(topics).start());
    }
    let held = |sim: &Sim| sim.main_socket_subscriptions().len();
    sim.wait_until(|sim| held(sim) == GROUPS * EVENTS.len())
        .await
        .unwrap();
    assert_eq!(sim.main_sockets().len(), 3);
    sim.drop_main_sockets();
    sim.wait_until(|sim| held(sim) == 0).await.unwrap();
    sim.wait_until(|sim| held(sim) == GROUPS * EVENTS.len())
        .await
        .unwrap();
    assert_eq!(sim.main_sockets().len(), 3);
    for (group, stream) in groups.iter().zip(&mut streams) {
        sim.rename_group(*group, "Renamed").unwrap();
        let mut gaps = 0;
        let renamed = loop {
            match within(stream.next()).await.unwrap() {
                Ok(event) => break event,
                Err(Missed::Gap { .. }) => gaps += 1,
                Err(other) => panic!("{other}"),
            }
        };
        assert_eq!(renamed.data["name"], "Renamed");
        // One gap for each socket that holds some of its topics.
        assert!((1..=3).contains(&gaps), "{gaps}");
    }
    drop(streams);
    sim.wait_until(|sim| sim.main_sockets().len() == 1)
        .await
        .unwrap();
}

#[tokio::test]
async fn very_long_durations_are_accepted() {
    let sim = start(Sim::builder()).await;
    let never = Duration::MAX;
    let patient = config(&sim)
        .ping_interval(never)
        .request_timeout(never)
        .connect_timeout(never)
        .migrate_after(never)
        .migrate_spread(never)
        .handover(never)
        .linger(never)
        .backoff(BackoffPolicy::new(never, never));
    let client = connect(&sim, patient).await;
    drop(
        within(client.subscribe(GroupUpdate(group(&sim))))
            .await
            .unwrap(),
    );
    let mut statuses = within(client.subscribe(GroupServerStatus(group(&sim))))
        .await
        .unwrap();
    within(client.migrate_now()).await.unwrap();
    within(client.request(Method::GET, "coffee", None))
        .await
        .unwrap_err();
    sim.status(sim.server());
    event(&mut statuses).await;
    within(client.close()).await;
}
