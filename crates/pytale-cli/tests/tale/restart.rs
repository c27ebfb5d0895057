//! `tale restart`.

use crate::run::{Running, Town, documentation};
use std::time::Duration;

/// The number of the server in the simulator.
fn server(town: &Town) -> u64 {
    town.world.server().get().try_into().unwrap()
}

async fn is_stopped(town: &Town) {
    let server = server(town);
    let sim = town.world.sim();
    let stopped = sim.wait_until(|sim| !sim.is_online(server));
    tokio::time::timeout(Duration::from_mins(1), stopped)
        .await
        .unwrap()
        .unwrap();
}

/// The stages until one that contains a text, without their times.
async fn stages_until(running: &mut Running, text: &str) -> Vec<String> {
    let mut stages = Vec::new();
    loop {
        let line = running.line().await;
        let (_, stage) = line.split_once(' ').unwrap();
        stages.push(stage.to_owned());
        if stage.contains(text) {
            return stages;
        }
    }
}

/// The stages in `docs/tale.md`, without their times.
fn the_documentation_shows_these_stages() -> Vec<String> {
    let page = documentation();
    let (_, block) = page.split_once("```text\n12:00:00 announced").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let block = format!("12:00:00 announced{block}");
    let stages = block.lines().map(|line| line.split_once(' ').unwrap().1);
    stages.map(str::to_owned).collect()
}

/// The different stages, with another number and another unit.
fn kinds(stages: Vec<String>) -> Vec<String> {
    let word = |word: &str| match word {
        "minutes" | "minute" | "second" => "seconds".to_owned(),
        number if number.parse::<u32>().is_ok() => "7".to_owned(),
        other => other.to_owned(),
    };
    let kind = |stage: String| stage.split(' ').map(word).collect::<Vec<_>>().join(" ");
    let mut kinds: Vec<String> = stages.into_iter().map(kind).collect();
    kinds.dedup();
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn players_are_warned_and_the_return_is_reported() {
    let town = Town::start().await;
    let player = town.world.player_joins("Ashwick").unwrap();
    let mut running = town.running(&[
        "restart",
        "--warn",
        "3s,1s",
        "--reason",
        "an \"update\"",
        "--pause",
        "1s",
    ]);
    for text in [
        "The server restarts in 3 seconds: an “update”",
        "The server restarts in 1 second: an “update”",
    ] {
        assert_eq!(town.world.message_to(player).await.unwrap(), text);
    }
    is_stopped(&town).await;
    town.world.start_server().unwrap();
    let stages = stages_until(&mut running, "returned").await;
    assert_eq!(
        stages[..5],
        [
            "announced, 3 seconds left",
            "announced, 1 second left",
            "saved",
            "quitting",
            "stopped"
        ]
    );
    assert!(stages[5].starts_with("returned after "), "{stages:?}");
    assert_eq!(kinds(the_documentation_shows_these_stages()), kinds(stages));
    assert_eq!(running.done().await.code, 0);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_cancels_the_restart_and_the_players_are_told() {
    let town = Town::start().await;
    let player = town.world.player_joins("Ashwick").unwrap();
    let mut running = town.running(&["restart", "--warn", "1h"]);
    running.line_with("announced, 60 minutes left").await;
    running.interrupt().await;
    let done = running.done().await;
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        done.err
            .contains("was canceled; the server continues to run"),
        "{done:?}"
    );
    assert_eq!(
        town.world.messages_to(player),
        [
            "The server restarts in 60 minutes",
            "The restart is canceled"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_return_has_a_status_of_its_own() {
    let town = Town::start().await;
    let mut running = town.running(&["restart", "--now", "--pause", "1s", "--return-within", "2s"]);
    let stages = stages_until(&mut running, "stopped").await;
    assert_eq!(stages, ["saved", "quitting", "stopped"]);
    let done = running.done().await;
    assert_eq!(done.code, 5, "{done:?}");
    assert!(
        done.err.contains("has not returned within 2s")
            && done.err.contains("help: start the server"),
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_times_are_wrong_use() {
    let town = Town::start().await;
    for (arguments, said) in [
        (["--warn", "10"], "such as 1h, 10m or 30s"),
        (["--return-within", "soon"], "such as 1h, 10m or 30s"),
    ] {
        let done = town.tale(&[&["restart"], &arguments[..]].concat()).await;
        assert_eq!(done.code, 2, "{done:?}");
        assert!(done.err.contains(said), "{done:?}");
    }
}
