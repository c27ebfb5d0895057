//! Commands whose outcome is trusted, to any player, with typed results.

use crate::town::{ODD_NAMES, Town};

#[path = "../../examples/job05_outcome.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod outcome;

#[path = "../../examples/job06_any_player.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod any_player;

#[path = "../../examples/job07_typed_results.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod typed_results;

#[tokio::test]
async fn job_05_a_command_ends_with_its_outcome() {
    let town = Town::start().await;
    town.join("-Bee-");
    let console = town.console();
    assert_eq!(outcome::kick(&console, "-Bee-").await, "kicked");
    let refused = outcome::kick(&console, "Nobody").await;
    assert!(refused.starts_with("the server refused: "), "{refused}");

    town.restart_seen_by(&console).await;
    town.join("-Bee-");
    assert_eq!(outcome::kick(&console, "-Bee-").await, "kicked");
    console.close().await;
    let closed = outcome::kick(&console, "-Bee-").await;
    assert!(closed.starts_with("not sent, so try again: "), "{closed}");
}

#[tokio::test]
async fn job_06_every_player_is_addressed_and_nobody_else() {
    let town = Town::start().await;
    let players = ODD_NAMES.map(|name| town.join(name));
    let run = any_player::run(town.console());
    crate::support::within(run).await.unwrap();
    for (name, player) in ODD_NAMES.into_iter().zip(players) {
        let messages = town.sim.messages(town.server).into_iter();
        let texts = messages.filter(|message| message.player == player);
        let mut texts: Vec<_> = texts.map(|message| message.text).collect();
        texts.sort();
        let mut expected = vec!["By id", "By record", "To all", "To several"];
        if name == "O'Neil" {
            expected.insert(1, "By name");
        }
        assert_eq!(texts, expected, "{name}");
    }
}

#[tokio::test]
async fn job_07_results_are_fields() {
    let town = Town::start().await;
    let players = ODD_NAMES.map(|name| town.join(name));
    let console = town.console();
    let lines = typed_results::describe(&console).await.unwrap();
    assert_eq!(lines.len(), players.len(), "{lines:?}");
    town.restart_seen_by(&console).await;
    town.join("O'Neil");
    let lines = typed_results::describe(&console).await.unwrap();
    assert!(lines[0].starts_with("O'Neil: Some("), "{lines:?}");
}
