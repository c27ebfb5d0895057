//! Watches the side of the account: accepts invitations, and follows groups, servers, members and bans. Outages and migrations of
//! the main websocket need no code: what has changed meanwhile is found afterward.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use alta_bot::{Bot, Change, GroupId, Invites, ListChangeKind};
use std::error::Error;
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (lines, mut printed) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Some(line) = printed.recv().await {
            println!("{line}");
        }
    });
    let bot = Bot::builder().read_env().connect().await?;
    run(bot, std::env::var("GROUP_ID")?.parse()?, lines).await
}

type Lines = mpsc::Sender<String>;

pub(crate) async fn run(
    bot: Bot,
    group: GroupId,
    lines: Lines,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let managed = bot.managed().accept_invites(Invites::All).start().await?;
    let mut bans = bot.bans(group).await?.changes();
    let mut changes = managed.view().changes();
    loop {
        let line = tokio::select! {
            Some(change) = changes.next() => match change {
                Ok(Change::GroupJoined(group)) => format!("this bot has joined group {group}"),
                Ok(Change::ServerOnline(_, server)) => format!("server {server} is up"),
                Ok(Change::ServerOffline(_, server)) => format!("server {server} is down"),
                Ok(Change::MemberJoined(_, user)) => format!("user {user} is a member"),
                Ok(Change::MemberLeft(_, user)) => format!("user {user} is no member"),
                Ok(_) => continue,
                Err(missed) => missed.to_string(),
            },
            Some(ban) = bans.next_change() => match ban.kind {
                ListChangeKind::Removed => format!("{} is no longer banned", ban.entry.username),
                _ => format!("{} is banned", ban.entry.username),
            },
            else => return Ok(()),
        };
        lines.send(line).await?;
    }
}
