//! More subscriptions than one socket holds.

use crate::support::{config, connect, event, start, status, within};
use alta_model::GroupId;
use alta_sim::Sim;
use alta_ws::GroupUpdate;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn subscriptions_are_spread_over_as_few_sockets_as_possible() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim).subscriptions_per_socket(2)).await;
    let groups: Vec<u64> = (0..5)
        .map(|n| sim.add_group(&format!("Group {n}")))
        .collect();
    for group in &groups {
        sim.admit_bot(*group, 1).unwrap();
    }
    let topics = groups
        .iter()
        .map(|id| GroupUpdate(GroupId::new(i64::try_from(*id).unwrap())));
    let mut streams = Vec::new();
    for topic in topics {
        streams.push(within(client.subscribe(topic)).await.unwrap());
    }
    assert_eq!(sim.main_sockets().len(), 3);
    assert_eq!(client.status().sockets, 3);
    for (group, stream) in groups.iter().zip(&mut streams) {
        sim.rename_group(*group, "Renamed").unwrap();
        assert_eq!(event(stream).await.data.name, "Renamed");
    }
    // Sockets without subscriptions are closed; the first stays.
    drop(streams);
    sim.wait_until(|sim| sim.main_sockets().len() == 1)
        .await
        .unwrap();
    assert_eq!(
        status(&client, |status| status.sockets == 1)
            .await
            .totals
            .connects,
        3
    );
}

#[tokio::test]
async fn sockets_are_closed_when_the_remaining_subscriptions_fit_on_fewer() {
    let sim = start(Sim::builder()).await;
    let small = config(&sim)
        .subscriptions_per_socket(10)
        .handover(Duration::from_millis(100));
    let client = connect(&sim, small).await;
    let mut streams = Vec::new();
    for number in 0..30 {
        let group = sim.add_group(&format!("Group {number}"));
        sim.admit_bot(group, 1).unwrap();
        let topic = GroupUpdate(GroupId::new(i64::try_from(group).unwrap()));
        streams.push((group, within(client.subscribe(topic)).await.unwrap()));
    }
    assert_eq!(client.status().sockets, 3);
    // Every third subscription stays, so each socket has some.
    let mut streams: Vec<_> = streams.into_iter().step_by(3).collect();
    // Events during the moves arrive once and in order.
    let mut sent = 0_i64;
    let mut last = None;
    while last.is_none_or(|last| sent < last) {
        for (group, stream) in &mut streams {
            sim.emit_main_event("group-update", *group, json!({"id": sent}));
            assert_eq!(event(stream).await.data.id.get(), sent);
        }
        sent += 1;
        if client.status().sockets == 2 {
            last.get_or_insert(sent + 10);
        }
    }
    assert_eq!(client.status().totals.gaps, 0);
    assert_eq!(sim.main_socket_subscriptions().len(), streams.len());
}
