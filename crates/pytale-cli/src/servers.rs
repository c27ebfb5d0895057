//! `tale servers`: the servers of the account's groups.

use crate::account::{listing, print};
use crate::context::Context;
use crate::failure::Failure;
use crate::groups;
use crate::render::Format;
use clap::Args;
use pytale::model::{JoinedGroup, Server};

#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  tale servers
  tale servers Thornwood
  tale servers --json | jq '.[] | select(.is_online) | .name'")]
pub(crate) struct ServersOptions {
    /// The id or the name of a group; all groups without it.
    group: Option<String>,
    #[command(flatten)]
    format: Format,
}

pub(crate) async fn run(options: &ServersOptions, context: &Context) -> Result<(), Failure> {
    let rest = context.account()?.log_in().await?;
    let groups = groups::joined(&rest).await?;
    let group = match &options.group {
        Some(typed) => Some(groups::named(typed, &groups)?.group.id),
        None => None,
    };
    let mut servers = listing("listing the servers", rest.servers().joined(), None).await?;
    servers.retain(|server| group.is_none() || server.group_id == group);
    let headings = ["id", "name", "state", "players", "group"];
    print(context, options.format, &servers, headings, |server| {
        [
            server.id.to_string(),
            server.name.clone(),
            if server.is_up() { "up" } else { "down" }.to_owned(),
            players(server),
            group_name(server, &groups),
        ]
    })
}

/// The number of players, and the limit if there is one.
fn players(server: &Server) -> String {
    let count = server
        .player_count
        .and_then(|count| usize::try_from(count).ok())
        .unwrap_or(server.online_players.len());
    match server.player_limit {
        Some(limit) if limit > 0 => format!("{count}/{limit}"),
        _ => count.to_string(),
    }
}

fn group_name(server: &Server, groups: &[JoinedGroup]) -> String {
    let Some(id) = server.group_id else {
        return "-".to_owned();
    };
    let joined = groups.iter().find(|joined| joined.group.id == id);
    joined.map_or_else(|| id.to_string(), |joined| joined.group.name.clone())
}
