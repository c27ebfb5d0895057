//! Snapshots of the players' bodies and items, against a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_model::UserId;
use alta_model::console::result::Inventory;
use alta_sim::{Action, Fault, Hook, Sim};
use att_console::{Console, ErrorKind};
use att_kit::players::{Evidence, Players, Snapshot, Snapshots};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use support::{NAMES, access, config, id, open, received, self_hosted, within};
use tokio::time::timeout;

const FAST: Duration = Duration::from_millis(20);
const DETAILS: &str = "player list-detailed";
const INVENTORY: &str = "player inventory";

fn ids<T>(snapshot: &Snapshot<T>) -> Vec<UserId> {
    snapshot.iter().map(|(id, _)| id).collect()
}

/// Lets the next commands with these words end so.
fn arm(sim: &Sim, words: &str, times: u32, action: Action) {
    let fault = Fault::new(Hook::ConsoleCommand, action);
    sim.faults().arm(fault.containing(words).times(times));
}

async fn next<T: Send + Sync + 'static>(snapshots: &mut Snapshots<T>) -> Arc<Snapshot<T>> {
    within(snapshots.next()).await.expect("it has ended")
}

/// A server with players, and its console.
async fn town() -> (Sim, u64, Vec<u64>, Console) {
    let (sim, server) = self_hosted().await;
    let players = NAMES.map(|name| sim.player_joins(server, name).unwrap());
    let console = open(&sim, server);
    (sim, server, players.to_vec(), console)
}

#[tokio::test]
async fn details_show_positions_and_share_unchanged_players() {
    let (sim, server, players, console) = town().await;
    let mut details = Players::of(&console).details(FAST);
    let first = next(&mut details).await;
    assert_eq!(first.len(), players.len());
    let (walker, sitter) = (id(players[0]), id(players[5]));
    sim.player_at(server, players[0], [1.0, 2.0, 3.0]).unwrap();
    let moved = loop {
        let snapshot = next(&mut details).await;
        if snapshot.by_id(walker).unwrap().position == Some([1.0, 2.0, 3.0].into()) {
            break snapshot;
        }
    };
    assert!(moved.sent() >= first.sent() + FAST);
    let took = moved
        .received()
        .saturating_duration_since(moved.requested());
    assert!(moved.age() >= took);
    let same = |id, is_same| {
        let (before, after) = (first.by_id(id).unwrap(), moved.by_id(id).unwrap());
        assert_eq!(Arc::ptr_eq(before, after), is_same);
    };
    same(sitter, true);
    same(walker, false);
}

#[tokio::test]
async fn ten_readers_cause_one_request_at_a_time_and_a_slow_one_gets_the_newest() {
    let (sim, _, _, console) = town().await;
    arm(&sim, DETAILS, 1, Action::Delay(FAST * 5));
    let players = Players::of(&console);
    let slow = players.details(FAST * 10);
    let mut readers: Vec<_> = (0..10).map(|_| players.details(FAST)).collect();
    for reader in &mut readers {
        next(reader).await;
    }
    assert_eq!(
        received(&sim, DETAILS),
        1,
        "a second request before the reply"
    );
    let mut sent = BTreeSet::new();
    let mut slow = Some(slow);
    for _ in 0..5 {
        for reader in &mut readers {
            sent.insert(next(reader).await.sent());
        }
        if let Some(mut slow) = slow.take() {
            // It was not read until now.
            assert!(next(&mut slow).await.sent() >= *sent.last().unwrap());
        }
    }
    // Each reader has seen the same ones.
    assert!(received(&sim, DETAILS) <= sent.len() + 3, "{sent:?}");
}

#[tokio::test]
async fn requests_end_with_the_last_reader() {
    let (sim, _, _, console) = town().await;
    let players = Players::of(&console);
    let mut readers: Vec<_> = (0..10).map(|_| players.details(FAST)).collect();
    for reader in &mut readers {
        next(reader).await;
    }
    drop(readers);
    let sent = received(&sim, DETAILS);
    // Another reader of the same rate is the clock.
    let mut clock = players.inventories(FAST);
    for _ in 0..5 {
        next(&mut clock).await;
    }
    assert!(received(&sim, DETAILS) <= sent + 1);
    // The last snapshot is still there for a caller who accepts its age.
    let last = within(players.details_within(Duration::MAX)).await.unwrap();
    assert!(last.age() >= FAST * 4);
    let new = within(players.details_within(FAST)).await.unwrap();
    assert!(new.sent() > last.sent());
}

#[tokio::test]
async fn callers_share_a_request_and_accept_no_older_snapshot() {
    let (sim, _, _, console) = town().await;
    arm(&sim, DETAILS, 1, Action::Delay(FAST));
    let players = Players::of(&console);
    let minute = Duration::from_secs(60);
    let all = (0..10).map(|_| players.details_within(minute));
    for snapshot in within(join_all(all)).await {
        assert_eq!(snapshot.unwrap().len(), NAMES.len());
    }
    assert_eq!(received(&sim, DETAILS), 1);
    let old = within(players.details_within(minute)).await.unwrap();
    let new = within(players.details_within(Duration::ZERO))
        .await
        .unwrap();
    assert!(new.sent() > old.sent());
    assert_eq!(received(&sim, DETAILS), 2);
    arm(&sim, DETAILS, 1, Action::Refuse(1));
    let failed = within(players.details_within(Duration::ZERO)).await;
    assert!(matches!(
        failed.unwrap_err().kind(),
        ErrorKind::Server { .. }
    ));
    within(players.details_within(minute)).await.unwrap();
}

#[tokio::test]
async fn a_failed_or_malformed_reply_makes_no_snapshot() {
    let (sim, _, _, console) = town().await;
    let players = Players::of(&console);
    let mut details = players.details(FAST);
    next(&mut details).await;
    let odd = ["", "null", "[null]", r#"[{"id": null}]"#, "7", "{}"];
    let odd = odd.map(|result| Action::Result(result.to_owned()));
    for action in odd.into_iter().chain([Action::Refuse(1), Action::Cut]) {
        arm(&sim, DETAILS, 1, action);
        let failed = sim.wait_until(|sim| sim.faults().armed() == 0);
        within(failed).await.unwrap();
        assert_eq!(details.latest().unwrap().len(), NAMES.len());
        assert_eq!(next(&mut details).await.len(), NAMES.len());
        // The failure is over.
        assert!(details.failure().is_none());
    }
}

#[tokio::test]
async fn players_without_a_body_and_null_entries_are_kept_apart() {
    let (sim, _, players, console) = town().await;
    let some = format!(
        r#"[{{"id": {}, "username": "J.K.", "Position": null}}, null]"#,
        players[2]
    );
    arm(&sim, DETAILS, 1, Action::Result(some));
    let all = Players::of(&console);
    let details = within(all.details_within(FAST)).await.unwrap();
    assert_eq!(ids(&details), [id(players[2])]);
    assert_eq!(details.by_id(id(players[2])).unwrap().position, None);
    assert!(!details.is_complete());
}

#[tokio::test]
async fn a_join_that_the_server_does_not_send_is_derived_soon_if_positions_are_read() {
    let (sim, server) = self_hosted().await;
    sim.withdraw_console_event(server, "PlayerJoined");
    let console = open(&sim, server);
    let players = Players::of(&console);
    within(players.complete()).await.unwrap();
    let _details = players.details(FAST);
    let mut changes = players.changes();
    let joined = sim.player_joins(server, NAMES[4]).unwrap();
    // Without the positions, the next list is due after ten seconds.
    let change = timeout(Duration::from_secs(8), changes.next_change()).await;
    let change = change.expect("it is not derived soon").unwrap();
    assert_eq!(
        (change.player.id(), change.evidence),
        (id(joined), Evidence::List)
    );
    // One list at the start, and one for the difference.
    assert_eq!(received(&sim, "player list") - received(&sim, DETAILS), 2);
}

#[tokio::test]
async fn inventories_are_matched_to_the_players_by_the_requested_ids() {
    let (sim, server, players, console) = town().await;
    sim.player_handles(server, players[2], "Torch", "Pickup")
        .unwrap();
    let mut inventories = Players::of(&console).inventories(FAST);
    let snapshot = next(&mut inventories).await;
    assert!(snapshot.is_complete());
    let carries = |id| !snapshot.by_id(id).unwrap().all.is_empty();
    let carriers: Vec<_> = ids(&snapshot)
        .into_iter()
        .filter(|id| carries(*id))
        .collect();
    assert_eq!(carriers, [id(players[2])]);
    assert_eq!(received(&sim, INVENTORY), 1);
}

#[tokio::test]
async fn a_player_without_a_body_hides_no_other_inventory() {
    let (sim, _, players, console) = town().await;
    let loading = players[3];
    let words = loading.to_string();
    arm(&sim, &words, u32::MAX, Action::Refuse(1));
    let all = Players::of(&console);
    let snapshot = within(all.inventories_within(FAST)).await.unwrap();
    let others = players.iter().filter(|player| **player != loading);
    assert_eq!(
        ids(&snapshot),
        others.map(|player| id(*player)).collect::<Vec<_>>()
    );
    assert!(!snapshot.is_complete());
    sim.faults().clear();
    let whole = within(all.inventories_within(Duration::ZERO));
    assert!(whole.await.unwrap().is_complete());
}

#[tokio::test]
async fn null_inventories_have_no_player_and_too_few_are_requested_again() {
    let (sim, server) = self_hosted().await;
    let first = sim.player_joins(server, NAMES[0]).unwrap();
    let second = sim.player_joins(server, NAMES[5]).unwrap();
    let console = open(&sim, server);
    let of = |json: &str| {
        arm(&sim, INVENTORY, 1, Action::Result(json.to_owned()));
        Players::of(&console)
    };
    let request = |players: Players| async move {
        within(players.inventories_within(Duration::ZERO))
            .await
            .unwrap()
    };
    let empty: Arc<Snapshot<Inventory>> = request(of("[null, null]")).await;
    assert_eq!((empty.len(), empty.is_complete()), (0, true));
    let one = request(of("[null, {}]")).await;
    assert_eq!((ids(&one), one.is_complete()), (vec![id(second)], true));
    // Another null beside the entries of all players.
    let both = request(of("[{}, null, {}]")).await;
    assert_eq!(ids(&both), [id(first), id(second)]);
    let commands = received(&sim, INVENTORY);
    assert_eq!(commands, 3, "no request is repeated");
    for odd in ["[{}]", "[null]", "", "[7, 8]"] {
        let again = request(of(odd)).await;
        assert_eq!(ids(&again), [id(first), id(second)], "{odd}");
    }
    assert_eq!(received(&sim, INVENTORY), commands + 4 * 3);
}

#[tokio::test]
async fn two_hundred_players_are_one_request() {
    let (sim, server) = self_hosted().await;
    for number in 0..200 {
        sim.player_joins(server, &format!("Toad {number}")).unwrap();
    }
    let console = open(&sim, server);
    let players = Players::of(&console);
    let details = within(players.details_within(FAST)).await.unwrap();
    let inventories = within(players.inventories_within(FAST)).await.unwrap();
    assert_eq!(ids(&details).len(), 200);
    assert_eq!(ids(&details), ids(&inventories));
    assert_eq!((received(&sim, DETAILS), received(&sim, INVENTORY)), (1, 1));
}

#[tokio::test]
async fn a_server_that_never_replies_is_a_failure_and_its_return_a_snapshot() {
    let (sim, server) = self_hosted().await;
    sim.player_joins(server, NAMES[1]).unwrap();
    let short = config().request_timeout(FAST * 5);
    let console = Console::open_with(access(&sim, server), short);
    arm(&sim, DETAILS, 2, Action::Drop);
    let players = Players::of(&console);
    let failed = within(players.details_within(Duration::ZERO)).await;
    assert!(matches!(
        failed.unwrap_err().kind(),
        ErrorKind::TimedOut { .. }
    ));
    let mut details = players.details(FAST);
    assert_eq!(next(&mut details).await.len(), 1);
    assert_eq!(received(&sim, DETAILS), 3);
}

#[tokio::test]
async fn a_reader_lives_through_a_restart_and_ends_with_the_console() {
    let (sim, server, _, console) = town().await;
    let players = Players::of(&console);
    let (mut details, mut inventories) = (players.details(FAST), players.inventories(FAST));
    next(&mut details).await;
    next(&mut inventories).await;
    sim.stop_server(server).await.unwrap();
    sim.start_server(server).unwrap();
    let survivor = id(sim.player_joins(server, NAMES[4]).unwrap());
    while ids(&*next(&mut details).await) != [survivor] {}
    while ids(&*next(&mut inventories).await) != [survivor] {}

    drop(players);
    drop(console);
    while within(details.next()).await.is_some() {}
    while within(inventories.next()).await.is_some() {}
    sim.wait_for_consoles(server, 0).await.unwrap();

    let console = open(&sim, server);
    let players = Players::of(&console);
    within(players.details_within(FAST)).await.unwrap();
    console.close().await;
    let closed = within(players.details_within(Duration::ZERO)).await;
    assert!(matches!(
        closed.unwrap_err().kind(),
        ErrorKind::Closed { .. }
    ));
}

#[tokio::test]
async fn a_request_in_flight_does_not_keep_a_console_open() {
    for command in ["player list", DETAILS, INVENTORY] {
        let (sim, server) = self_hosted().await;
        sim.player_joins(server, NAMES[0]).unwrap();
        let patient = config().request_timeout(Duration::from_secs(600));
        let console = Console::open_with(access(&sim, server), patient);
        arm(&sim, command, u32::MAX, Action::Drop);
        let players = Players::of(&console);
        let mut details = (command == DETAILS).then(|| players.details(FAST));
        let mut inventories = (command == INVENTORY).then(|| players.inventories(FAST));
        within(sim.wait_for_command(server, command, None))
            .await
            .unwrap();
        drop((console, players));
        let closed = sim.wait_for_consoles(server, 0);
        timeout(Duration::from_secs(5), closed)
            .await
            .expect(command)
            .unwrap();
        if let Some(details) = &mut details {
            assert!(within(details.next()).await.is_none());
        }
        if let Some(inventories) = &mut inventories {
            assert!(within(inventories.next()).await.is_none());
        }
    }
}
