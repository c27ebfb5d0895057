//! Moves money: `pay Ashwick Brambletoe 30` and `award Ashwick 100`, typed at a console. Reading a balance and changing it is
//! one step, also if both commands come at the same time.

use att_console::Console;
use att_kit::atm::Atm;
use att_kit::bot_commands::{BotCommands, Declaration, Declared, arg};
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    run(Console::local()?).await
}

fn pay(command: Declaration) -> Declared {
    command
        .arg(arg::user("from"))
        .arg(arg::user("to"))
        .arg(arg::integer("amount"))
        .run(|call, (from, to, amount)| async move {
            let paid = Atm::of(call.console()).transfer(&from, &to, amount).await?;
            Ok(format!("{} has {} left", from.username, paid.after))
        })
}

fn award(command: Declaration) -> Declared {
    command
        .arg(arg::user("player"))
        .arg(arg::integer("amount"))
        .run(|call, (player, amount)| async move {
            let awarded = Atm::of(call.console()).add(&player, amount).await?;
            Ok(format!("{} has {}", player.username, awarded.after))
        })
}

pub(crate) async fn run(console: Console) -> Result<(), Box<dyn Error + Send + Sync>> {
    let commands = BotCommands::builder()
        .command("pay", pay)
        .command("award", award);
    Ok(commands.build()?.run(console).await?)
}
