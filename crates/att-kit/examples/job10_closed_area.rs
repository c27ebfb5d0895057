//! Closes the caves and the vault behind the bank: players who are not on the list are sent back, also those who are inside already
//! when the bot starts.

use att_console::Console;
use att_console::commands::{SpawnArea, player};
use att_kit::conditions::{Condition, Zone};
use att_kit::players::Players;
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    run(Console::local()?).await
}

pub(crate) async fn run(console: Console) -> Result<(), Box<dyn Error + Send + Sync>> {
    let allowed = ["O'Neil", "1234"];
    let vault = Zone::cuboid([-700.0, 120.0, 60.0], [-680.0, 128.0, 80.0]);
    let closed = Condition::any([Zone::chunk_prefix("Cave Layer"), vault]);
    let mut entries = Players::of(&console).when(closed).exit_margin(0.5).start();
    while let Some(entry) = entries.next_entry().await {
        if !allowed.contains(&entry.player.name()) {
            let back = player::teleport(entry.player.id(), SpawnArea::RespawnPoint);
            if let Err(error) = console.command(back).await {
                eprintln!("{} is still inside: {error}", entry.player.name());
            }
        }
    }
    Ok(())
}
