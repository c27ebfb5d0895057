//! Watches the account's side: accepts invitations, and tells of servers that come and go, of members and of bans.
//!
//! Without `ALTA_CLIENT_ID` and `ALTA_CLIENT_SECRET` in the environment it runs in a simulated town.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod common;

use pytale::bot::{Invites, Rules};
use pytale::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (settings, _town) = common::settings().await?;
    // No console: no group is looked after.
    let rules = Rules::default().invites(Invites::All).only([]);
    let bot = settings
        .managed()
        .rules(rules)
        .on_invite(|_, invitation| async move { println!("invited to {}", invitation.group.name) })
        .on_server_online(|_, server| async move { println!("{} is up", server.name) })
        .on_server_offline(|_, server| async move { println!("{} is down", server.name) })
        .on_group_joined(|bot, group| watch_bans(bot, group.id()))
        .start()
        .await?;
    for group in bot.view()?.groups() {
        println!("member of {}", group.group.name);
        tokio::spawn(watch_bans(bot.bot()?.clone(), group.id()));
    }
    let mut changes = bot.view()?.changes();
    while let Some(change) = changes.next().await {
        println!("{change:?}");
    }
    Ok(())
}

async fn watch_bans(bot: Bot, group: GroupId) -> Result<(), pytale::Error> {
    let banned = bot.main_sub(&format!("subscription/group-ban-create/{group}"));
    banned
        .callback(|_, event| async move { println!("banned: {}", event.data["username"]) })
        .await
}
