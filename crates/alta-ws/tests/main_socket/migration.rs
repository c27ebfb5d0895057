use crate::support::{
    config, connect, connected, count, event, group, miss, requested, requests, start, status,
    totals, within,
};
use alta_sim::{Action, ClientAction, Fault, Hook, Service, Sim};
use alta_ws::{ErrorKind, GroupServerHeartbeat, GroupUpdate, Missed, State};
use serde_json::json;
use std::time::Duration;

/// The codes with which the client closed its sockets.
fn codes(sim: &Sim) -> Vec<Option<u16>> {
    let received = sim.received();
    let closed = received
        .iter()
        .filter_map(|received| match received.action {
            ClientAction::Closed(code) if received.service == Service::MainSocket => Some(code),
            _ => None,
        });
    closed.collect()
}

#[tokio::test]
async fn promise_08_no_event_is_lost_or_duplicated_while_both_connections_deliver() {
    const EVENTS: i64 = 50;
    let sim = start(Sim::builder().migration_overlap(true)).await;
    let client = connect(&sim, config(&sim).handover(Duration::from_secs(1))).await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    let tell = |number| sim.emit_main_event("group-update", sim.group(), json!({"id": number}));
    (0..EVENTS).for_each(tell);
    within(client.migrate_now()).await.unwrap();
    assert_eq!(sim.main_sockets().len(), 2, "the old socket is still read");
    // Two equal events are two events, on any number of sockets.
    (EVENTS..2 * EVENTS).for_each(tell);
    (EVENTS..2 * EVENTS).for_each(tell);
    sim.wait_until(|sim| sim.main_sockets().len() == 1)
        .await
        .unwrap();
    (2 * EVENTS..3 * EVENTS).for_each(tell);

    let mut seen = std::collections::HashMap::<i64, u32>::new();
    for _ in 0..4 * EVENTS {
        *seen
            .entry(event(&mut updates).await.data.id.get())
            .or_default() += 1;
    }
    for number in 0..3 * EVENTS {
        let times = if (EVENTS..2 * EVENTS).contains(&number) {
            2
        } else {
            1
        };
        assert_eq!(seen[&number], times, "event {number}");
    }
    let totals = client.status().totals;
    assert_eq!(
        totals.duplicates_suppressed,
        u64::try_from(2 * EVENTS).unwrap()
    );
    assert_eq!((totals.migrations, totals.gaps, totals.connects), (1, 0, 1));
    assert_eq!(codes(&sim), [Some(3000)]);
}

#[tokio::test]
async fn promise_08_a_socket_is_replaced_before_its_maximum_age() {
    let sim = start(Sim::builder()).await;
    let young = config(&sim)
        .migrate_after(Duration::from_millis(100))
        .migrate_spread(Duration::from_millis(20))
        .handover(Duration::from_millis(20));
    let client = connect(&sim, young).await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    totals(&client, |totals| totals.migrations >= 3).await;
    sim.emit_main_event("group-update", sim.group(), json!({"id": 7}));
    assert_eq!(event(&mut updates).await.data.id.get(), 7);
    assert_eq!(client.status().totals.gaps, 0);
    assert_eq!(
        count(
            &sim,
            &format!("POST subscription/group-update/{}", sim.group())
        ),
        1
    );
}

#[tokio::test]
async fn promise_08_a_refused_migration_ends_in_a_fresh_socket_and_gaps() {
    let (sim, client) = connected().await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    sim.faults().fail_migration(400);
    let error = within(client.migrate_now()).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Refused { status: 400, .. }),
        "{error:?}"
    );
    assert!(matches!(miss(&mut updates).await, Missed::Gap { .. }));
    sim.emit_main_event("group-update", sim.group(), json!({"id": 7}));
    assert_eq!(event(&mut updates).await.data.id.get(), 7);
    sim.wait_until(|sim| sim.main_sockets().len() == 1)
        .await
        .unwrap();
    assert_eq!(codes(&sim), [Some(3001), Some(3001)]);
    assert_eq!(client.status().totals.failed_migrations, 1);
}

#[tokio::test]
async fn promise_08_a_silent_migration_ends_in_a_fresh_socket_and_gaps() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim).request_timeout(Duration::from_secs(1))).await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, Action::Drop).containing("POST migrate"));
    let error = within(client.migrate_now()).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::TimedOut { .. }),
        "{error:?}"
    );
    assert!(matches!(miss(&mut updates).await, Missed::Gap { .. }));
    sim.emit_main_event("group-update", sim.group(), json!({"id": 7}));
    assert_eq!(event(&mut updates).await.data.id.get(), 7);
}

#[tokio::test]
async fn promise_08_a_migration_without_a_token_keeps_the_old_connection() {
    let (sim, client) = connected().await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    sim.faults().fail_migration_token(503);
    within(client.migrate_now()).await.unwrap_err();
    sim.emit_main_event("group-update", sim.group(), json!({"id": 7}));
    assert_eq!(event(&mut updates).await.data.id.get(), 7);
    // It is tried again by itself.
    totals(&client, |totals| totals.migrations == 1).await;
    let totals = client.status().totals;
    assert_eq!((totals.failed_migrations, totals.gaps), (1, 0));
    assert_eq!(count(&sim, "GET migrate"), 2);
}

#[tokio::test]
async fn promise_08_a_migration_whose_new_connection_fails_keeps_the_old_one() {
    let (sim, client) = connected().await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    sim.faults()
        .arm(Fault::new(Hook::MainUpgrade, Action::Refuse(503)));
    let error = within(client.migrate_now()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Dial);
    sim.emit_main_event("group-update", sim.group(), json!({"id": 7}));
    assert_eq!(event(&mut updates).await.data.id.get(), 7);
    totals(&client, |totals| totals.migrations == 1).await;
    assert_eq!(client.status().totals.gaps, 0);
}

#[tokio::test]
async fn promise_08_a_reply_without_an_id_completes_the_migration() {
    let (sim, client) = connected().await;
    let _updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, Action::NoId).containing("POST migrate"));
    within(client.migrate_now()).await.unwrap();
    assert_eq!(client.status().totals.migrations, 1);
}

#[tokio::test]
async fn promise_08_subscriptions_during_a_migration_are_made_on_the_new_connection() {
    let (sim, client) = connected().await;
    let _updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    sim.faults().arm(
        Fault::new(Hook::MainRequest, Action::Delay(Duration::from_millis(100)))
            .containing("GET migrate"),
    );
    let migrating = tokio::spawn({
        let client = client.clone();
        async move { client.migrate_now().await }
    });
    requested(&sim, "GET migrate", 1).await;
    assert_eq!(client.status().state, State::Migrating);
    let mut heartbeats = within(client.subscribe(GroupServerHeartbeat(group(&sim))))
        .await
        .unwrap();
    within(migrating).await.unwrap().unwrap();
    let order = requests(&sim);
    let place = |request: &str| {
        order
            .iter()
            .position(|asked| asked.contains(request))
            .unwrap()
    };
    assert!(place("heartbeat") > place("POST migrate"), "{order:?}");
    sim.heartbeat(sim.server());
    event(&mut heartbeats).await;
    status(&client, |status| status.state.is_connected()).await;
}

#[tokio::test]
async fn promise_08_all_sockets_migrate() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim).subscriptions_per_socket(1)).await;
    let id = group(&sim);
    let mut updates = client.subscribe(GroupUpdate(id)).await.unwrap();
    let mut heartbeats = client.subscribe(GroupServerHeartbeat(id)).await.unwrap();
    within(client.migrate_now()).await.unwrap();
    assert_eq!(client.status().totals.migrations, 2);
    sim.emit_main_event("group-update", sim.group(), json!({"id": 7}));
    sim.heartbeat(sim.server());
    event(&mut updates).await;
    event(&mut heartbeats).await;
}
