//! One bot on all servers of a group, those that are down now included: it greets cave explorers everywhere.
//!
//! `GROUP_ID` names the group, with `ALTA_CLIENT_ID` and `ALTA_CLIENT_SECRET`. Without any, it runs in a simulated town.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use pytale::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (settings, town) = common::settings().await?;
    let group = match (std::env::var("GROUP_ID"), &town) {
        (Ok(id), _) => id.parse()?,
        (Err(_), Some(town)) => GroupId::new(town.group().try_into()?),
        (Err(error), None) => return Err(format!("GROUP_ID: {error}").into()),
    };
    let bot = settings.connect().await?;
    for server in bot.rest().groups().get(group).await?.servers {
        bot.create_console(server.id).await?;
        println!("following {} ({})", server.name, server.id);
    }
    let moves = bot
        .subscribe::<PlayerMovedChunk>()
        .callback(|bot, event| async move {
            let (
                PlayerMovedChunk {
                    player, new_chunk, ..
                },
                Some(server),
            ) = (event.data, event.server)
            else {
                return Ok(());
            };
            let Some(layer) = new_chunk.strip_prefix("Cave Layer ") else {
                return Ok(());
            };
            println!(
                "{}: {} is on cave layer {layer}",
                event.console, player.username
            );
            let text = format!("You are on cave layer {layer}");
            bot.send_command_console(server, player::message(player, text))
                .await
        });
    moves.await?;
    bot.run().await?;
    Ok(())
}
