//! Bot commands, typed at another console.

use crate::support::{TEST_TIMEOUT, within};
use crate::town::{ODD_NAMES, Town};
use att_console::commands::player::check_stat;
use att_console::event::CommandExecuted;
use att_console::{Console, ErrorKind, Subscription};

#[path = "../../examples/job16_bot_commands.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod bot_commands;

/// How a caller types each name, and the argument by which the bot addresses the player.
const TYPED: [&str; 6] = [
    "O'Neil",
    "-bee-",
    "j.k.",
    "\"Elder Toad\"",
    "'a\"b\\c'",
    "1234",
];

/// Types a line that the server does not know.
async fn typed(console: &Console, line: String) {
    let error = within(console.command(line)).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::CommandNotFound { .. }),
        "{error}"
    );
}

/// The next command of the bot, without subscriptions and lists.
async fn ran(executed: &mut Subscription<CommandExecuted>) -> String {
    loop {
        let event = executed.next_event().timeout_in(TEST_TIMEOUT).await;
        let line = event.data.command;
        if !line.starts_with("websocket") && line != "player list" {
            return line;
        }
    }
}

#[tokio::test]
async fn job_16_a_typed_line_runs_a_command_of_the_bot_once() {
    let town = Town::start().await;
    let typist = town.console();
    let bot = town.run(bot_commands::run);
    town.subscribed("CommandExecuted").await;
    let mut executed = within(typist.subscribe::<CommandExecuted>()).await.unwrap();
    for _ in 0..2 {
        let players = ODD_NAMES.map(|name| town.join(name));
        for (name, player) in TYPED.into_iter().zip(players) {
            typed(&typist, format!("heal {name} 20")).await;
            assert_eq!(
                ran(&mut executed).await,
                format!("player modify-stat {player} health 20 1")
            );
        }
        town.restart("CommandExecuted").await;
        within(typist.ready()).await.unwrap();
    }
    drop(bot);
}
