//! `tale members`: the members of a group.

use crate::account::{listing, print};
use crate::context::Context;
use crate::failure::Failure;
use crate::groups;
use crate::render::Format;
use clap::Args;

#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  tale members Thornwood
  tale members 2000011 --json | jq length")]
pub(crate) struct MembersOptions {
    /// The id or the name of a group of the account.
    group: String,
    #[command(flatten)]
    format: Format,
}

pub(crate) async fn run(options: &MembersOptions, context: &Context) -> Result<(), Failure> {
    let rest = context.account()?.log_in().await?;
    let groups = groups::joined(&rest).await?;
    let group = &groups::named(&options.group, &groups)?.group;
    let total = group
        .member_count
        .and_then(|count| usize::try_from(count).ok());
    let pages = rest.members().list(group.id);
    let members = listing("listing the members", pages, total).await?;
    let headings = ["id", "name", "role", "bot", "since"];
    print(context, options.format, &members, headings, |member| {
        let role = member.role_id.map_or_else(
            || "-".to_owned(),
            |id| {
                let role = group.role(id);
                role.map_or_else(|| id.to_string(), |role| role.name.clone())
            },
        );
        [
            member.user_id.to_string(),
            member.username.clone(),
            role,
            if member.bot { "yes" } else { "no" }.to_owned(),
            day(member.created_at),
        ]
    })
}

/// The day of a time.
pub(crate) fn day(time: Option<pytale::model::Timestamp>) -> String {
    time.map_or_else(
        || "-".to_owned(),
        |time| time.to_string().chars().take(10).collect(),
    )
}
