//! Greets the players of several self-hosted servers, and prints joins, leaves and outages. It needs only the feature `kit`: no
//! login, no REST, no main websocket.
//!
//! `CONSOLES` names the servers: `home=ws://127.0.0.1:1760,away=ws://192.0.2.7:1760`. The token of each is in the file
//! `NAME_token.txt` of the current folder.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use pytale::kit::{Consoles, HandlerError};
use pytale::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let consoles = Consoles::new();
    for server in std::env::var("CONSOLES")?.split(',') {
        let (name, url) = server
            .split_once('=')
            .ok_or("CONSOLES: expected NAME=URL")?;
        let file = TokenFile::new(Console::parse_address(url)?, format!("{name}_token.txt"));
        consoles.open(name, file);
    }
    Runner::new(consoles, handlers()).run().await?;
    Ok(())
}

fn handlers() -> Handlers {
    Handlers::new()
        .on::<PlayerJoined>(welcome)
        .on_any_in_order(["PlayerJoined", "PlayerLeft"], |console, item| async move {
            match item {
                Ok(event) => println!("{}: {} {}", event.console, event.name, event.data),
                Err(missed) => println!("{}: {missed}", console.label()),
            }
        })
        .on_state(|console, state| async move { println!("{}: {state:?}", console.label()) })
}

async fn welcome(console: Console, event: Event<PlayerJoined>) -> Result<(), HandlerError> {
    let text = format!("Welcome, {}!", event.data.user.username);
    // A name may contain characters that an argument cannot contain.
    let text = Argument::replacing(text, '\'');
    console
        .command(player::message(event.data.user, text))
        .await?;
    Ok(())
}
