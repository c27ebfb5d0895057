//! Accepts invitations, and prints starts and stops of servers, changes of members, and bans. Opens no console.
//!
//! Without `ALTA_CLIENT_ID` and `ALTA_CLIENT_SECRET` in the environment it runs in a simulated town.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use pytale::bot::{Invites, Known, Rules, ServerUpdate};
use pytale::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (settings, _town) = common::settings().await?;
    let rules = Rules::default().invites(Invites::All).consoles(false);
    let bot = settings
        .managed()
        .rules(rules)
        .on_invite(|_, invitation| async move { println!("invited to {}", invitation.group.name) })
        .on_group_joined(|bot, group| watch(bot, group.id()))
        .on_server_online(|_, server| async move { print_server(&server, "is up") })
        .on_server_offline(|_, server| async move { print_server(&server, "is down") })
        .start()
        .await?;
    for group in bot.view().groups() {
        println!("member of {}", group.name());
        watch(bot.bot().clone(), group.id()).await?;
    }
    bot.run().await?;
    Ok(())
}

fn print_server(server: &ServerUpdate, what: &str) {
    match server.known {
        Known::Now => println!("{} {what}", server.name),
        Known::AfterGap => println!("{} {what}; it changed during an outage", server.name),
        _ => println!("{} {what} at the start", server.name),
    }
}

async fn watch(bot: Bot, group: GroupId) -> Result<(), pytale::Error> {
    for event in ["member-create", "member-delete", "ban-create", "ban-delete"] {
        let path = format!("subscription/group-{event}/{group}");
        let subscription = bot.main_sub(&path).callback(move |_, event| async move {
            println!("{}: {}", event.topic.event(), event.data["username"]);
        });
        subscription.await?;
    }
    Ok(())
}
