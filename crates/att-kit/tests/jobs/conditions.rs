//! Closed areas and gestures.

use crate::town::{ODD_NAMES, Town};
use alta_sim::Message;
use std::time::Duration;
use tokio::time::timeout;

#[path = "../../examples/job10_closed_area.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod closed_area;

#[path = "../../examples/job11_gesture.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod gesture;

const TOWN_HALL: &str = "Townhall Building Chunk";

/// Waits until the example has sent back everyone in the caves, except for those on its list.
async fn caves_are_closed(town: &Town, players: &[u64]) {
    let chunk = |player| town.sim.chunk_of(town.server, player).unwrap();
    crate::support::until("the caves are closed", || {
        let is_back = |(name, player): (&&str, &u64)| {
            ["O'Neil", "1234"].contains(name) || chunk(*player) == TOWN_HALL
        };
        ODD_NAMES.iter().zip(players).all(is_back)
    })
    .await;
    for (name, player) in ODD_NAMES.iter().zip(players) {
        if ["O'Neil", "1234"].contains(name) {
            assert_eq!(chunk(*player), "Cave Layer 2", "{name}");
        }
    }
}

fn descend(town: &Town, players: &[u64]) {
    for player in players {
        let moved = town.sim.player_moves(town.server, *player, "Cave Layer 2");
        moved.unwrap();
    }
}

#[tokio::test]
async fn job_10_nobody_else_stays_in_a_closed_area() {
    let town = Town::start().await;
    let players = ODD_NAMES.map(|name| town.join(name));
    descend(&town, &players);
    let _job = town.run(closed_area::run);
    caves_are_closed(&town, &players).await;

    // The example has to see them back before it loses the connection.
    town.sim.flush().await.unwrap();
    town.restart("PlayerMovedChunk").await;
    let players = ODD_NAMES.map(|name| town.join(name));
    descend(&town, &players);
    caves_are_closed(&town, &players).await;

    // The vault has no chunk of its own. The thief is outside of both areas only when the example knows the positions.
    let thief = players[1];
    let mut before = town.sim.received().last().unwrap().number;
    for _ in 0..2 {
        let polled = town
            .sim
            .wait_for_command(town.server, "player list-detailed", Some(before));
        before = polled.await.unwrap().number;
    }
    let vault = [-690.0, 125.0, 70.0];
    town.sim.player_at(town.server, thief, vault).unwrap();
    let line = format!("player teleport {thief} ");
    let sent = town.sim.wait_for_command(town.server, &line, Some(before));
    sent.await.unwrap();
}

/// Lets a player raise both hands above the head, or lower them.
fn raise(town: &Town, player: u64, is_up: bool) {
    let height = if is_up { 12.0 } else { 10.0 };
    let hand = [0.0, height, 0.0];
    let (sim, server) = (&town.sim, town.server);
    sim.player_at(server, player, [0.0, 10.0, 0.0]).unwrap();
    sim.player_hands(server, player, hand, hand).unwrap();
}

/// Lets players with unusual names raise their hands with a torch, and waits for their spells.
async fn all_cast(town: &Town) -> [u64; 6] {
    let players = ODD_NAMES.map(|name| town.join(name));
    for player in players {
        let torch = town
            .sim
            .player_handles(town.server, player, "Torch", "Pickup");
        torch.unwrap();
        raise(town, player, true);
    }
    for player in players {
        let message = town.sim.wait_for_message(town.server, player, 0).await;
        let message = message.unwrap();
        assert_eq!(message.text, "The fire obeys you.");
        assert!(
            message.since_join >= Duration::from_millis(500),
            "{message:?}"
        );
    }
    players
}

/// Waits until the example has requested the positions and then requests them again: it has the reply to the first.
async fn positions_are_read(town: &Town) {
    let mut after = town.sim.received().last().map(|last| last.number);
    for _ in 0..3 {
        let sent = town
            .sim
            .wait_for_command(town.server, "player list-detailed", after);
        after = Some(sent.await.unwrap().number);
    }
}

#[tokio::test]
async fn job_11_a_gesture_casts_one_spell() {
    let town = Town::start().await;
    let _job = town.run(gesture::run);
    let without_torch = town.join("Elder Toad the Second");
    raise(&town, without_torch, true);
    let players = all_cast(&town).await;

    let again = players[1];
    let second = loop {
        raise(&town, again, false);
        positions_are_read(&town).await;
        raise(&town, again, true);
        let second = town.sim.wait_for_message(town.server, again, 1);
        // Longer than the hold time; the cool-down may not be over.
        if let Ok(second) = timeout(Duration::from_millis(1_500), second).await {
            break second.unwrap();
        }
    };
    let first = town.sim.wait_for_message(town.server, again, 0);
    let first = first.await.unwrap().since_join;
    let pause = second.since_join.saturating_sub(first);
    assert!(pause > Duration::from_millis(1_900), "{pause:?}");
    let messages = town.sim.messages(town.server);
    let is_theirs = |message: &Message| message.player == without_torch;
    assert!(!messages.iter().any(is_theirs));

    town.restart("PlayerJoined").await;
    all_cast(&town).await;
}
