//! Sends messages to players by record, by id and by name, to several and to all. A name is a value: it cannot become another
//! argument or another player.

use att_console::commands::player::message;
use att_console::{Console, Target};
use att_kit::players::Players;
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    run(Console::local()?).await
}

pub(crate) async fn run(console: Console) -> Result<(), Box<dyn Error + Send + Sync>> {
    let online = Players::of(&console)
        .complete()
        .await
        .ok_or("the console is closed")?;
    for player in &*online {
        console.command(message(&player.user, "By record")).await?;
        console.command(message(player.id(), "By id")).await?;
    }
    let ids = online.iter().map(|player| player.id());
    console
        .command(message(Target::ids(ids), "To several"))
        .await?;
    console.command(message(Target::Everyone, "To all")).await?;
    console.command(message("O'Neil", "By name")).await?;
    Ok(())
}
