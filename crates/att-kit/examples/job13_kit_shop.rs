//! Sells kits from a white list: `kit Ashwick torches 2`, typed at a console. A lost connection does not spawn anything twice:
//! the order continues with the items that were never sent, and the player and the caller get its result.

use att_console::commands::player::message;
use att_console::{Argument, Console, User};
use att_kit::bot_commands::{BotCommands, Declaration, Declared, arg};
use att_kit::orders::Order;
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    run(Console::local()?).await
}

/// The kits: a name, and the items with their numbers.
const KITS: [(&str, &[(&str, u32)]); 2] = [
    ("torches", &[("Torch", 4), ("Flint", 2)]),
    ("dynamite", &[("Dynamite", 10)]),
];

/// The most items of one order.
const LIMIT: u64 = 50;

fn order(player: &User, kit: &[(&str, u32)], times: u32) -> Result<Order, String> {
    let order = kit.iter().fold(Order::new(player), |order, (item, count)| {
        order.prefab(*item, count * times)
    });
    match order.pieces() {
        pieces if pieces <= LIMIT => Ok(order),
        pieces => Err(format!("{pieces} items are more than {LIMIT}")),
    }
}

fn kit(command: Declaration) -> Declared {
    command
        .about("Gives a player a kit, up to ten times")
        .arg(arg::player("player"))
        .arg(arg::choice("kit", KITS))
        .arg(arg::integer("times").range(1..=10).default(1))
        .run(|call, (player, kit, times)| async move {
            let console = call.console();
            let mut order = order(&player, kit, times)?;
            while order.run(console).await.is_err() && order.is_open() {
                console.ready().await?;
            }
            let told = message(&player, Argument::typographic(order.to_string()));
            console.command(told).await?;
            Ok(order.to_string())
        })
}

pub(crate) async fn run(console: Console) -> Result<(), Box<dyn Error + Send + Sync>> {
    let commands = BotCommands::builder().command("kit", kit).build()?;
    Ok(commands.run(console).await?)
}
