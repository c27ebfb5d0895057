//! Welcomes whoever joins, and tells cave explorers how deep they are.
//!
//! Self-hosted: set `CONSOLE_URL` (`ws://127.0.0.1:1760`) and `CONSOLE_TOKEN_FILE`.
//! Cloud: set `ALTA_CLIENT_ID`, `ALTA_CLIENT_SECRET` and `ALTA_SERVER_ID`.

use pytale::prelude::*;
use std::env::var;
use std::error::Error;

async fn open() -> Result<(Option<Bot>, Console), Box<dyn Error>> {
    if let Ok(url) = var("CONSOLE_URL") {
        let file = TokenFile::new(url.parse()?, var("CONSOLE_TOKEN_FILE")?);
        return Ok((None, Console::open(file)));
    }
    let account = BotCredentials::new(var("ALTA_CLIENT_ID")?, var("ALTA_CLIENT_SECRET")?);
    let bot = Bot::builder().bot(account).connect().await?;
    let console = bot.open_console(var("ALTA_SERVER_ID")?.parse()?).await?;
    Ok((Some(bot), console))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (_bot, console) = open().await?;
    let mut joins = console.subscribe::<PlayerJoined>().await?;
    let mut moves = console.subscribe::<PlayerMovedChunk>().await?;
    loop {
        let (player, text) = tokio::select! {
            Some(event) = joins.next_event() => {
                let text = format!("Welcome, {}!", event.data.user.username.replace(['"', '\\'], "'"));
                (event.data.user, text)
            }
            Some(event) = moves.next_event() => match event.data.new_chunk.strip_prefix("Cave Layer ") {
                Some(layer) => (event.data.player, format!("You are on layer {layer}")),
                None => continue,
            },
            else => break Ok(()),
        };
        if let Err(error) = console.command(player::message(player, text)).await {
            eprintln!("{error}");
        }
    }
}
