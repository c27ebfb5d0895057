//! `tale bans`: the banned players of a group.

use crate::account::{listing, print};
use crate::context::Context;
use crate::failure::Failure;
use crate::groups;
use crate::members::day;
use crate::render::Format;
use clap::Args;

#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  tale bans Thornwood
  tale bans 2000011 --json | jq '.[].user_id'")]
pub(crate) struct BansOptions {
    /// The id or the name of a group of the account.
    group: String,
    #[command(flatten)]
    format: Format,
}

pub(crate) async fn run(options: &BansOptions, context: &Context) -> Result<(), Failure> {
    let rest = context.account()?.log_in().await?;
    let groups = groups::joined(&rest).await?;
    let group = groups::named(&options.group, &groups)?.group.id;
    let bans = listing("listing the bans", rest.bans().list(group), None).await?;
    print(
        context,
        options.format,
        &bans,
        ["id", "name", "since"],
        |banned| {
            [
                banned.user_id.to_string(),
                banned.username.clone(),
                day(banned.created_at),
            ]
        },
    )
}
