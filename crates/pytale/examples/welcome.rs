//! Greets players who join, and sends players in caves their depth. The environment names the server.
//!
//! - Self-hosted: `CONSOLE_URL` (`ws://127.0.0.1:1760`) and `CONSOLE_TOKEN_FILE`.
//! - Cloud: `ALTA_CLIENT_ID`, `ALTA_CLIENT_SECRET` and `ALTA_SERVER_ID`; see also `Builder::read_env`.
//! - Without either: the simulator.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use pytale::prelude::*;
use std::env::var;
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let setting = |name| var(name).map_err(|error| format!("{name}: {error}"));
    if let Ok(url) = var("CONSOLE_URL") {
        common::log();
        let file = TokenFile::new(
            Console::parse_address(&url)?,
            setting("CONSOLE_TOKEN_FILE")?,
        );
        return welcome(Console::open(file)).await;
    }
    let (settings, town) = common::settings().await?;
    let server = match &town {
        Some(town) => ServerId::new(town.server().try_into()?),
        None => setting("ALTA_SERVER_ID")?.parse()?,
    };
    let bot = settings.connect().await?;
    welcome(bot.open_console(server).await?).await
}

/// The bot, the same in both worlds.
async fn welcome(console: Console) -> Result<(), Box<dyn Error>> {
    let mut joins = console.subscribe::<PlayerJoined>().await?;
    let mut moves = console.subscribe::<PlayerMovedChunk>().await?;
    loop {
        let (player, text) = tokio::select! {
            Some(event) = joins.next_event() => {
                let text = format!("Welcome, {}!", event.data.user.username);
                (event.data.user, text)
            }
            Some(event) = moves.next_event() => match event.data.new_cave_layer() {
                Some(layer) => (event.data.player, format!("You are on layer {layer}")),
                None => continue,
            },
            else => break Ok(()),
        };
        println!("to {}: {text}", player.username);
        // A name may contain characters that an argument cannot contain.
        let text = Argument::replacing(text, '\'');
        if let Err(error) = console.command(player::message(player, text)).await {
            eprintln!("{error}");
        }
    }
}
