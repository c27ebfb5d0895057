//! Offers a command to the users of a console of the server: `heal "Elder Toad" 20`. The server does not know it and reports
//! it as executed without success; the bot runs it. `help heal` and every error show how to type it.

use att_console::Console;
use att_console::commands::player::set_stat;
use att_kit::bot_commands::{Allowed, BotCommands, Declaration, Declared, arg};
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    run(Console::local()?).await
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

pub(crate) async fn run(console: Console) -> Result<(), Box<dyn Error + Send + Sync>> {
    let commands = BotCommands::builder().command("heal", heal).build()?;
    Ok(commands.run(console).await?)
}
