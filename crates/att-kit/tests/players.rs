//! The players on a console, against a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_model::UserId;
use alta_sim::{Action, Fault, Hook};
use att_console::Missed;
use att_kit::players::{ChangeKind, Evidence, PlayerChange, PlayerChanges, Players};
use std::sync::Arc;
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
async fn joins_and_leaves_that_the_server_does_not_send_are_derived_from_lists() {
    let (sim, server) = self_hosted().await;
    sim.withdraw_console_event(server, "PlayerJoined");
    sim.withdraw_console_event(server, "PlayerLeft");
    let console = open(&sim, server);
    let players = Players::of(&console);
    within(players.complete()).await.unwrap();
    let moves = sim.wait_for_console_subscription(server, "PlayerMovedChunk");
    within(moves).await.unwrap();
    let mut changes = players.changes();
    let odd = sim.player_joins(server, r#"a"b\c"#).unwrap();
    // The other events of the same subscription arrive; one about an unknown player makes a list due.
    sim.player_moves(server, odd, "Cave Layer 3").unwrap();
    let joined = next(&mut changes).await;
    assert_eq!(
        (joined.player.name(), joined.kind, joined.evidence),
        (r#"a"b\c"#, ChangeKind::Joined, Evidence::List)
    );
    sim.player_moves(server, odd, "Cave Layer 4").unwrap();
    let moved = next(&mut changes).await;
    assert_eq!(
        (moved.player.id(), moved.evidence),
        (joined.player.id(), Evidence::Event)
    );

    // A restart is a gap here, too, although two of the events are never confirmed.
    sim.stop_server(server).await.unwrap();
    sim.start_server(server).unwrap();
    let gap = within(changes.next()).await.unwrap();
    assert!(matches!(gap, Err(Missed::Gap { .. })), "{gap:?}");
    let left = next(&mut changes).await;
    assert_eq!(
        (left.kind, left.evidence),
        (ChangeKind::Left, Evidence::List)
    );
}

#[tokio::test]
async fn a_list_that_fails_or_has_no_result_empties_nothing() {
    let (sim, server) = self_hosted().await;
    sim.player_joins(server, "Elder Toad").unwrap();
    let console = open(&sim, server);
    let players = Players::of(&console);
    within(players.complete()).await.unwrap();
    let subscribed = sim.wait_for_console_subscription(server, "PlayerStateChanged");
    within(subscribed).await.unwrap();
    let before = Arc::clone(players.online().iter().next().unwrap());
    let mut changes = players.changes();
    assert_eq!(next(&mut changes).await.kind, ChangeKind::Found);
    let odd = ["", "null", "[null]", r#"[{"id": null}]"#, "7", "{}"];
    let odd = odd.map(|result| Action::Result(result.to_owned()));
    for action in odd.into_iter().chain([Action::Refuse(1)]) {
        let fault = Fault::new(Hook::ConsoleCommand, action).containing("player list");
        sim.faults().arm(fault);
        // A gap makes a list due.
        sim.drop_consoles(server);
        let gap = within(changes.next()).await.unwrap();
        assert!(matches!(gap, Err(Missed::Gap { .. })), "{gap:?}");
        let listed = sim.wait_until(|sim| sim.faults().armed() == 0);
        within(listed).await.unwrap();
    }
    within(players.complete()).await.unwrap();
    let after = Arc::clone(players.online().iter().next().unwrap());
    assert!(
        Arc::ptr_eq(&before, &after),
        "the player has left meanwhile"
    );
    assert_eq!(players.online().len(), 1);
}

#[tokio::test]
async fn a_list_that_fails_while_a_player_joins_is_repeated_and_the_join_counts_once() {
    let (sim, server) = self_hosted().await;
    sim.player_joins(server, "-Bee-").unwrap();
    let fault = Fault::new(Hook::ConsoleCommand, Action::Refuse(1));
    sim.faults().arm(fault.containing("player list"));
    let console = open(&sim, server);
    let players = Players::of(&console);
    let mut changes = players.changes();
    let failed = sim.wait_until(|sim| sim.faults().armed() == 0);
    within(failed).await.unwrap();
    assert!(!players.online().is_complete());
    let subscribed = sim.wait_for_console_subscription(server, "PlayerJoined");
    within(subscribed).await.unwrap();
    sim.player_joins(server, "1234").unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let change = next(&mut changes).await;
        seen.push((change.player.name().to_owned(), change.kind));
    }
    seen.sort_by(|one, other| one.0.cmp(&other.0));
    let [(bee, found), (number, joined)] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert_eq!((bee.as_str(), found), ("-Bee-", &ChangeKind::Found));
    assert_eq!(number, "1234");
    // The repeated list can be faster than the event.
    assert!(
        matches!(joined, ChangeKind::Joined | ChangeKind::Found),
        "{joined:?}"
    );
    within(players.complete()).await.unwrap();
    assert_eq!(players.online().len(), 2);
    sim.player_joins(server, "J.K.").unwrap();
    assert_eq!(next(&mut changes).await.player.name(), "J.K.");
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
