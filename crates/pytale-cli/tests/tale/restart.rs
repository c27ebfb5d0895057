//! `tale restart`.

use crate::run::{Running, Town, assert_documented};
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
    for stage in &stages[2..5] {
        assert_documented(&format!(" {stage}\n"));
    }
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
