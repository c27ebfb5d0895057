//! One bot on all servers of a group, including servers that start or are added later: it sends players in caves their depth.
//!
//! `GROUP_ID` names the group, with `ALTA_CLIENT_ID` and `ALTA_CLIENT_SECRET`. Without these variables it runs in a simulated town.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use pytale::bot::Rules;
use pytale::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (settings, town) = common::settings().await?;
    let group = match (std::env::var("GROUP_ID"), &town) {
        (Ok(id), _) => id.parse()?,
        (Err(_), Some(town)) => GroupId::new(town.group().try_into()?),
        (Err(error), None) => return Err(format!("GROUP_ID: {error}").into()),
    };
    let bot = settings
        .managed()
        .rules(Rules::default().only([group]))
        .handlers(handlers())
        .start()
        .await?;
    for server in bot.view().servers().filter(|server| server.group == group) {
        println!("following {} ({})", server.name, server.id);
    }
    bot.run().await?;
    Ok(())
}

fn handlers() -> Handlers {
    Handlers::new()
        .on_session(|console| async move { println!("{}: connected", console.label()) })
        .on::<PlayerMovedChunk>(|console, event| async move {
            let Some(layer) = event.data.new_cave_layer() else {
                return Ok(());
            };
            let (town, who) = (console.label(), &event.data.player.username);
            println!("{town}: {who} is on cave layer {layer}");
            let text = format!("You are on cave layer {layer}");
            let message = player::message(&event.data.player, text);
            console.command(message).await
        })
}
