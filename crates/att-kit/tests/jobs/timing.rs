//! Announcements and welcomes.

use crate::support::{until, within};
use crate::town::{ODD_NAMES, Town};
use alta_sim::Received;
use att_kit::players::Players;
use att_kit::schedule::EntryStatus;
use std::time::Duration;

#[path = "../../examples/job01_cave_layers.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod cave_layers;

#[path = "../../examples/job02_welcome.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod welcome;

#[path = "../../examples/job12_clock.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod clock;

const DELAY: Duration = Duration::from_millis(300);

/// Restarts the server. Returns when the example is subscribed on its new connection.
async fn restart(town: &Town, event: &str) {
    town.sim.stop_server(town.server).await.unwrap();
    // Until then, the subscriptions are those of the lost connection.
    town.sim.wait_for_consoles(town.server, 0).await.unwrap();
    town.sim.start_server(town.server).unwrap();
    town.subscribed(event).await;
}

/// The texts that a player was sent.
fn texts(town: &Town, player: u64) -> Vec<String> {
    let messages = town.sim.messages(town.server).into_iter();
    let to_player = messages.filter(|message| message.player == player);
    to_player.map(|message| message.text).collect()
}

#[tokio::test]
async fn job_01_the_layer_is_announced_to_each_player_who_enters_it() {
    let town = Town::start().await;
    let _job = town.run(cave_layers::run);
    town.subscribed("PlayerMovedChunk").await;
    for (number, name) in ODD_NAMES.into_iter().enumerate() {
        if number == 3 {
            restart(&town, "PlayerMovedChunk").await;
        }
        let player = town.join(name);
        let moves = |chunk: &str| town.sim.player_moves(town.server, player, chunk).unwrap();
        moves("Chunk 18-33");
        moves(&format!("Cave Layer {number}"));
        assert_eq!(
            town.message(player, 0).await,
            format!("Cave layer {number}")
        );
        // The cool-down runs.
        moves("Cave Layer 9");
        assert_eq!(texts(&town, player).len(), 1, "{name}");
    }
    let all = town.sim.messages(town.server);
    assert!(
        all.iter().all(|message| !message.text.ends_with('9')),
        "{all:?}"
    );
}

#[tokio::test]
async fn job_02_players_are_welcomed_unless_they_have_left() {
    let town = Town::start().await;
    let _job = town.run(|console| async { Ok(welcome::run(console, DELAY).await?) });
    town.subscribed("PlayerJoined").await;
    let guest = town.join("Ashwick");
    town.sim.player_leaves(town.server, guest).unwrap();
    for (number, name) in ODD_NAMES.into_iter().enumerate() {
        if number == 3 {
            restart(&town, "PlayerJoined").await;
        }
        let player = town.join(name);
        let expected = match name {
            "a\"b\\c" => "Welcome, a\u{201d}b/c!".to_owned(),
            name => format!("Welcome, {name}!"),
        };
        assert_eq!(town.message(player, 0).await, expected);
        assert_eq!(texts(&town, player), [expected]);
    }
    let commands = town.sim.received();
    let lines = commands.iter().filter_map(Received::command);
    let to_guest = format!("player message {guest} ");
    assert_eq!(lines.filter(|line| line.starts_with(&to_guest)).count(), 0);
}

#[tokio::test]
async fn job_02_a_player_who_leaves_and_joins_again_is_welcomed_once() {
    let town = Town::start().await;
    let console = town.console();
    let players = Players::of(&console);
    let _job = town.run(|_| async { Ok(welcome::run(console, DELAY).await?) });
    town.subscribed("PlayerJoined").await;
    let player = town.join("-Bee-");
    until("the join is seen", || players.online().len() == 1).await;
    town.sim.player_leaves(town.server, player).unwrap();
    until("the leave is seen", || players.online().is_empty()).await;
    assert_eq!(town.join("-Bee-"), player);
    town.message(player, 0).await;
    let other = town.join("1234");
    town.message(other, 0).await;
    assert_eq!(texts(&town, player).len(), 1);
}

#[tokio::test]
async fn job_12_buffs_and_clean_ups_run_on_a_clock_and_stop_with_the_bot() {
    let town = Town::start().await;
    let console = town.console();
    let schedule = clock::schedule(Duration::from_millis(50));
    let running = tokio::spawn({
        let (schedule, console) = (schedule.clone(), console.clone());
        async move { schedule.run(&console).await }
    });
    for (number, name) in ODD_NAMES.into_iter().enumerate() {
        if number == 3 {
            let before = schedule.status();
            town.restart_seen_by(&console).await;
            // Nothing is made up for: fewer runs than ticks.
            let skipped = |entries: &[EntryStatus]| entries[0].skipped;
            until("the outage is counted", || {
                skipped(&schedule.status()) >= skipped(&before)
            })
            .await;
        }
        town.join(name);
        let before = town.sim.received().last().map(|one| one.number);
        for line in ["player god-mode * true", "wacky destroy-free Arrow"] {
            let command = town.sim.wait_for_command(town.server, line, before);
            command.await.unwrap();
        }
    }
    // The simulated server has no such command: its failures are counted apart.
    let failures = || {
        schedule
            .status()
            .into_iter()
            .map(|entry| (entry.name.to_string(), entry.failures > 0))
    };
    let expected = [("buffs".to_owned(), false), ("clean-up".to_owned(), true)];
    until("the failures are counted", || {
        failures().eq(expected.clone())
    })
    .await;
    console.close().await;
    within(running).await.unwrap().unwrap();
}
