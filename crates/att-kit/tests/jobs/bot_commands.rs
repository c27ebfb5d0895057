//! Bot commands, typed at another console.

use crate::support::within;
use crate::town::{ODD_NAMES, Town};
use att_console::{Console, ErrorKind};

#[path = "../../examples/job16_bot_commands.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod heal;

/// Each name as a person types it.
const TYPED: [&str; 6] = [
    "O'Neil",
    "-bee-",
    "j.k.",
    "\"Elder Toad\"",
    "'a\"b\\c'",
    "1234",
];

/// Types a line that the server does not know.
async fn typed(console: &Console, line: &str) {
    let error = within(console.command(line)).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::CommandNotFound { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn job_16_a_typed_line_runs_a_command_of_the_bot_once() {
    let town = Town::start().await;
    let typist = town.console();
    let _bot = town.run(heal::run);
    town.subscribed("CommandExecuted").await;
    let mut after = None;
    for _ in 0..2 {
        let players = ODD_NAMES.map(|name| town.join(name));
        for (name, player) in TYPED.into_iter().zip(players) {
            let heals = format!("player set-stat {player} health 20");
            typed(&typist, &format!("heal {name} 20")).await;
            let ran = town.sim.wait_for_command(town.server, &heals, after);
            after = Some(ran.await.unwrap().number);
        }
        town.restart_seen_by(&typist).await;
        town.subscribed("CommandExecuted").await;
    }
    // A line without an argument runs nothing, and neither does one that the server has run.
    typed(&typist, "heal").await;
    within(typist.command("player list")).await.unwrap();
    let received = town.sim.received();
    let heals = received
        .iter()
        .filter(|it| it.command().is_some_and(|line| line.contains("health")));
    assert_eq!(heals.count(), 2 * ODD_NAMES.len());
}
