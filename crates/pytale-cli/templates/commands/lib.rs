//! The bot: commands that it offers to the users of a console. `main.rs` runs it on a server, `tests/bot.rs` on a simulated one.
//!
//! The server does not know `heal "Elder Toad" 20` and reports it as failed; the bot runs it. `help heal` shows how to type it.

use pytale::console::commands::player::set_stat;
use pytale::kit::bot_commands::{Allowed, BotCommands, Declaration, Declared, arg};
use pytale::prelude::*;
use std::error::Error;

/// All handlers of the bot.
pub fn handlers() -> Result<Handlers, Box<dyn Error>> {
    let commands = BotCommands::builder().command("heal", heal).build()?;
    Ok(commands.handlers())
}

fn heal(command: Declaration) -> Declared {
    command
        .about("Sets the health of a player")
        .arg(arg::player("player"))
        .arg(arg::number("amount").range(0.0..=100.0).default(10.0))
        .allow(Allowed::console())
        .run(|call, (player, amount)| async move {
            call.command(set_stat(&player, "health", amount)).await?;
            Ok(format!("{} has {amount} health", player.username))
        })
}
