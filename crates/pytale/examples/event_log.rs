//! Accepts every invitation, and prints the events of every console that it may use: one of py-tale's examples.
//!
//! Without `ALTA_CLIENT_ID` and `ALTA_CLIENT_SECRET` in the environment it runs in a simulated town.
#![allow(clippy::print_stdout, reason = "an example prints to the terminal")]

mod common;

use pytale::bot::Invites;
use pytale::kit::Handlers;

/// The events to print, in any letter case; `EventName::known` lists all.
const EVENTS: [&str; 5] = [
    "PlayerJoined",
    "PlayerLeft",
    "PlayerKilled",
    "ObjectKilled",
    "TradeDeckUsed",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (settings, _town) = common::settings().await?;
    let handlers = Handlers::new()
        .on_session(|console| async move { println!("{}: connected", console.label()) })
        // In the order of their arrival, with the gaps between them.
        .on_any_in_order(EVENTS, |console, item| async move {
            match item {
                Ok(event) => println!("{}: {} {}", event.console, event.name, event.data),
                Err(missed) => println!("{}: {missed}", console.label()),
            }
        });
    let bot = settings
        .managed()
        .accept_invites(Invites::All)
        .handlers(handlers)
        .on_invite(|_bot, invitation| async move {
            println!("accepted the invitation to {}", invitation.group.name);
        })
        .start()
        .await?;
    bot.run().await?;
    Ok(())
}
