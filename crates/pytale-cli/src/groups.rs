//! `tale groups`: the groups of the account.

use crate::account::{Named, find, listing, print};
use crate::context::Context;
use crate::failure::Failure;
use crate::render::Format;
use clap::Args;
use pytale::model::JoinedGroup;
use pytale::rest::Client;

#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  tale groups
  tale groups --json | jq '.[].group.name'")]
pub(crate) struct GroupsOptions {
    #[command(flatten)]
    format: Format,
}

pub(crate) async fn run(options: &GroupsOptions, context: &Context) -> Result<(), Failure> {
    let rest = context.account()?.log_in().await?;
    let groups = joined(&rest).await?;
    let headings = ["id", "name", "role", "members", "servers"];
    print(context, options.format, &groups, headings, |joined| {
        let group = &joined.group;
        let role = joined.member.role_id.and_then(|id| group.role(id));
        [
            group.id.to_string(),
            group.name.clone(),
            role.map_or_else(|| "-".to_owned(), |role| role.name.clone()),
            group
                .member_count
                .map_or_else(|| "-".to_owned(), |count| count.to_string()),
            group.servers.len().to_string(),
        ]
    })
}

/// The groups of the account.
pub(crate) async fn joined(rest: &Client) -> Result<Vec<JoinedGroup>, Failure> {
    listing("listing the groups", rest.groups().joined(), None).await
}

/// The group with this id or name.
pub(crate) fn named<'g>(
    typed: &str,
    groups: &'g [JoinedGroup],
) -> Result<&'g JoinedGroup, Failure> {
    find("group", typed, groups, |joined| Named {
        id: joined.group.id.get(),
        name: &joined.group.name,
    })
}
