//! The players on a console, against a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_model::UserId;
use att_console::Missed;
use att_kit::players::{ChangeKind, Evidence, PlayerChange, PlayerChanges, Players};
use support::{open, self_hosted, within};

async fn next(changes: &mut PlayerChanges) -> PlayerChange {
    let item = within(changes.next()).await.expect("the console is closed");
    item.unwrap()
}

#[tokio::test]
async fn players_are_found_join_move_and_leave() {
    let (sim, server) = self_hosted().await;
    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    let console = open(&sim, server);
    let players = Players::of(&console);
    let online = within(players.complete()).await.unwrap();
    assert_eq!(
        online.by_name("ashwick").unwrap().id(),
        UserId::new(ashwick.cast_signed())
    );
    let mut changes = players.changes();
    assert_eq!(next(&mut changes).await.kind, ChangeKind::Found);

    let odd = sim.player_joins(server, "O'Neil").unwrap();
    let joined = next(&mut changes).await;
    assert_eq!(
        (joined.player.name(), joined.kind, joined.evidence),
        ("O'Neil", ChangeKind::Joined, Evidence::Event)
    );
    sim.player_moves(server, odd, "Cave Layer 3").unwrap();
    let moved = next(&mut changes).await;
    assert_eq!(moved.player.chunk.as_deref(), Some("Cave Layer 3"));
    sim.player_leaves(server, odd).unwrap();
    assert_eq!(next(&mut changes).await.kind, ChangeKind::Left);
    assert_eq!(players.online().len(), 1);
}

#[tokio::test]
async fn a_restart_is_a_gap_and_then_the_difference() {
    let (sim, server) = self_hosted().await;
    sim.player_joins(server, "Ashwick").unwrap();
    let console = open(&sim, server);
    let players = Players::of(&console);
    within(players.complete()).await.unwrap();
    let mut changes = players.changes();
    assert_eq!(next(&mut changes).await.kind, ChangeKind::Found);
    sim.stop_server(server).await.unwrap();
    sim.start_server(server).unwrap();
    sim.player_joins(server, "Brambletoe").unwrap();
    let gap = within(changes.next()).await.unwrap();
    assert!(matches!(gap, Err(Missed::Gap { .. })), "{gap:?}");
    let left = next(&mut changes).await;
    assert_eq!(
        (left.player.name(), left.kind, left.evidence),
        ("Ashwick", ChangeKind::Left, Evidence::List)
    );
    let joined = next(&mut changes).await;
    assert_eq!(
        (joined.player.name(), joined.kind),
        ("Brambletoe", ChangeKind::Joined)
    );
}

#[tokio::test]
async fn the_players_end_with_the_console_and_hold_none_open() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let players = Players::of(&console);
    let same = Players::of(&console);
    let mut changes = same.changes();
    within(players.complete()).await.unwrap();
    drop((console, players, same));
    assert_eq!(within(changes.next()).await.map(|item| item.is_ok()), None);
    sim.wait_for_consoles(server, 0).await.unwrap();

    let console = open(&sim, server);
    let players = Players::of(&console);
    console.close().await;
    assert!(within(players.complete()).await.is_none());
}
