//! Bot commands: from a chat, from consoles and from the tablet, against a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod arguments;
mod callers;
mod players;
mod sources;
#[path = "../support/mod.rs"]
mod support;

use alta_sim::Sim;
use att_console::{Console, ConsoleAccess};
use att_kit::bot_commands::{Allowed, BotCommands, Builder, Caller, Dispatched, arg};
use std::sync::{Arc, Mutex};
use support::within;

/// A console that is never connected: most arguments need no server.
pub(crate) fn offline() -> Console {
    let url = "ws://127.0.0.1:9".parse().unwrap();
    Console::open_with(ConsoleAccess::new(url, "token"), support::config())
}

/// A caller of a chat, and the replies to them.
#[derive(Clone, Default)]
pub(crate) struct Chat(pub(crate) Arc<Mutex<Vec<String>>>);

impl Chat {
    pub(crate) fn caller(&self) -> Caller {
        let replies = Arc::clone(&self.0);
        Caller::named("chat").replying(move |text| {
            replies.lock().unwrap().push(text);
            async {}
        })
    }

    /// Runs a line, and returns its outcome and the replies.
    pub(crate) async fn run(
        &self,
        commands: &BotCommands,
        console: &Console,
        line: &str,
    ) -> (Option<Dispatched>, String) {
        let dispatched = within(commands.dispatch(console, self.caller(), line)).await;
        let replies = std::mem::take(&mut *self.0.lock().unwrap());
        (dispatched.ok(), replies.join(" | "))
    }
}

/// Waits until the server has a subscription of `CommandExecuted`.
pub(crate) async fn subscribed(sim: &Sim, server: u64) {
    sim.wait_for_console_subscription(server, "CommandExecuted")
        .await
        .unwrap();
}

/// Commands that reply with the player of their argument.
pub(crate) fn locate() -> Builder {
    let builder = BotCommands::builder().command("locate", |command| {
        let command = command
            .arg(arg::player("player"))
            .allow(Allowed::everyone());
        command.run(|_, (player,)| async move { Ok(format!("{} {}", player.id, player.username)) })
    });
    builder.command("find", |command| {
        let command = command.arg(arg::user("user")).allow(Allowed::everyone());
        command.run(|_, (user,)| async move { Ok(format!("{} {}", user.id, user.username)) })
    })
}
