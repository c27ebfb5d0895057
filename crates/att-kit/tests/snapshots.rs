//! Snapshots of the players' bodies and items, against a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_model::UserId;
use alta_sim::Sim;
use att_kit::players::{Players, Snapshots};
use std::sync::Arc;
use std::time::Duration;
use support::{open, self_hosted, within};

const FAST: Duration = Duration::from_millis(20);

fn id(player: u64) -> UserId {
    UserId::new(player.cast_signed())
}

/// The number of commands that begin so.
fn asked(sim: &Sim, words: &str) -> usize {
    let received = sim.received();
    let commands = received.iter().filter_map(alta_sim::Received::command);
    commands.filter(|line| line.starts_with(words)).count()
}

async fn next<T: Send + Sync + 'static>(
    snapshots: &mut Snapshots<T>,
) -> Arc<att_kit::players::Snapshot<T>> {
    within(snapshots.next())
        .await
        .expect("the console is closed")
}

#[tokio::test]
async fn details_show_positions_and_share_unchanged_players() {
    let (sim, server) = self_hosted().await;
    let walker = sim.player_joins(server, "O'Neil").unwrap();
    let sitter = sim.player_joins(server, "1234").unwrap();
    let console = open(&sim, server);
    let mut details = Players::of(&console).details(FAST);
    let first = next(&mut details).await;
    assert_eq!(first.len(), 2);
    sim.player_at(server, walker, [1.0, 2.0, 3.0]).unwrap();
    let moved = loop {
        let snapshot = next(&mut details).await;
        let walker = snapshot.by_id(id(walker)).unwrap();
        if walker.position == Some([1.0, 2.0, 3.0].into()) {
            break snapshot;
        }
    };
    assert!(moved.sent() >= first.sent() + FAST);
    assert!(
        moved.age()
            >= moved
                .received()
                .saturating_duration_since(moved.requested())
    );
    let same = |it: &att_kit::players::Snapshot<_>| Arc::clone(it.by_id(id(sitter)).unwrap());
    assert!(Arc::ptr_eq(&same(&first), &same(&moved)));
}

#[tokio::test]
async fn inventories_are_matched_to_the_players_by_the_requested_ids() {
    let (sim, server) = self_hosted().await;
    let empty = sim.player_joins(server, "-Bee-").unwrap();
    let carrier = sim.player_joins(server, "J.K.").unwrap();
    sim.player_handles(server, carrier, "Torch", "Pickup")
        .unwrap();
    let console = open(&sim, server);
    let mut inventories = Players::of(&console).inventories(FAST);
    let snapshot = next(&mut inventories).await;
    assert!(snapshot.is_complete());
    assert!(snapshot.by_id(id(empty)).unwrap().right_hand.is_none());
    let held = snapshot.by_id(id(carrier)).unwrap();
    assert!(!held.all.is_empty(), "{held:?}");
}

#[tokio::test]
async fn requests_end_with_the_last_reader() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let players = Players::of(&console);
    let mut readers: Vec<_> = (0..10).map(|_| players.details(FAST)).collect();
    for reader in &mut readers {
        next(reader).await;
    }
    drop(readers);
    let sent = asked(&sim, "player list-detailed");
    // Another reader of the same rate is the clock.
    let mut clock = players.inventories(FAST);
    for _ in 0..5 {
        next(&mut clock).await;
    }
    assert!(asked(&sim, "player list-detailed") <= sent + 1);
    // The last snapshot is still there for a caller who accepts its age.
    let last = within(players.details_within(Duration::MAX)).await.unwrap();
    assert!(last.age() >= FAST * 4);
    let new = within(players.details_within(FAST)).await.unwrap();
    assert!(new.sent() > last.sent());
}
