//! Reads typed results: positions, hands, items and money. A part that a server did not send is `None`.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use att_console::Console;
use att_console::commands::{player, trade};
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    for line in describe(&Console::local()?).await? {
        println!("{line}");
    }
    Ok(())
}

/// Describes each player in a line.
pub(crate) async fn describe(console: &Console) -> Result<Vec<String>, att_console::Error> {
    let mut lines = Vec::new();
    for player in console.command(player::list_detailed()).await? {
        let items = console.command(player::inventory(player.id)).await?;
        let items = items.into_iter().flatten().next();
        let hand = items.and_then(|items| Some(items.right_hand?.name));
        let money = console.command(trade::atm::get(player.id)).await?;
        let height = player.position.map(|position| position.y);
        let name = player.username;
        lines.push(format!("{name}: {height:?} m, {hand:?}, {money}"));
    }
    Ok(lines)
}
