//! Welcomes whoever joins, and tells cave explorers how deep they are. The environment says where.
//!
//! - Self-hosted: `CONSOLE_URL` (`ws://127.0.0.1:1760`) and `CONSOLE_TOKEN_FILE`.
//! - Cloud: `ALTA_CLIENT_ID`, `ALTA_CLIENT_SECRET` and `ALTA_SERVER_ID`; see also `Builder::read_env`.

use pytale::prelude::*;
use std::env::var;
use std::error::Error;

async fn open() -> Result<(Option<Bot>, Console), Box<dyn Error>> {
    let setting = |name| var(name).map_err(|error| format!("{name}: {error}"));
    if let Ok(url) = var("CONSOLE_URL") {
        let file = TokenFile::new(url.parse()?, setting("CONSOLE_TOKEN_FILE")?);
        return Ok((None, Console::open(file)));
    }
    if var("ALTA_CLIENT_ID").is_err() {
        return Err(
            "set CONSOLE_URL and CONSOLE_TOKEN_FILE for a self-hosted server, or ALTA_CLIENT_ID, \
                    ALTA_CLIENT_SECRET and ALTA_SERVER_ID for one in the cloud"
                .into(),
        );
    }
    let server = setting("ALTA_SERVER_ID")?.parse()?;
    let bot = Bot::builder().read_env().connect().await?;
    let console = bot.open_console(server).await?;
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
                let text = format!("Welcome, {}!", event.data.user.username);
                (event.data.user, text)
            }
            Some(event) = moves.next_event() => match event.data.new_chunk.strip_prefix("Cave Layer ") {
                Some(layer) => (event.data.player, format!("You are on layer {layer}")),
                None => continue,
            },
            else => break Ok(()),
        };
        // A name may hold what no argument can.
        let text = Argument::replacing(text, '\'');
        if let Err(error) = console.command(player::message(player, text)).await {
            eprintln!("{error}");
        }
    }
}
