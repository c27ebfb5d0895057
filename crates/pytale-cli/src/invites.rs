//! `tale invites`: the invitations to the account.

use crate::account::{Named, find, listing, of_rest, print, print_json};
use crate::context::Context;
use crate::failure::Failure;
use crate::members::day;
use crate::render::Format;
use clap::{Args, Subcommand};
use pytale::model::escaped;

#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_long_help = "Examples:
  tale invites
  tale invites accept Thornwood
  tale invites reject 2000011"
)]
pub(crate) struct InvitesOptions {
    /// Print the invitations, or the membership after a decision, as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    decision: Option<Decision>,
}

#[derive(Debug, Subcommand)]
enum Decision {
    /// Accept an invitation.
    Accept {
        /// The id or the name of the group.
        group: String,
    },
    /// Reject an invitation.
    Reject {
        /// The id or the name of the group.
        group: String,
    },
}

pub(crate) async fn run(options: &InvitesOptions, context: &Context) -> Result<(), Failure> {
    let rest = context.account()?.log_in().await?;
    let invites = rest.invites().list();
    let invites = listing("listing the invitations", invites, None).await?;
    let (typed, accept) = match &options.decision {
        None => {
            let headings = ["id", "name", "members", "invited", "description"];
            let format = Format {
                json: options.json,
                csv: false,
            };
            return print(context, format, &invites, headings, |group| {
                [
                    group.id.to_string(),
                    group.name.clone(),
                    group
                        .member_count
                        .map_or_else(|| "-".to_owned(), |count| count.to_string()),
                    day(group.invited_at),
                    group.description.clone(),
                ]
            });
        }
        Some(Decision::Accept { group }) => (group, true),
        Some(Decision::Reject { group }) => (group, false),
    };
    let group = find("invitation", typed, &invites, |group| Named {
        id: group.id.get(),
        name: &group.name,
    })?;
    let (decided, doing, past) = if accept {
        (
            rest.invites().accept(group.id).await,
            "accepting",
            "accepted",
        )
    } else {
        (
            rest.invites().reject(group.id).await,
            "rejecting",
            "rejected",
        )
    };
    let name = escaped(&group.name);
    let member = decided.map_err(|error| {
        of_rest(
            &format!("{doing} the invitation to {name} ({})", group.id),
            &error,
        )
    })?;
    if options.json {
        return print_json(context, &member);
    }
    context.output.line(format_args!(
        "{past} the invitation to {name} ({})",
        group.id
    ));
    Ok(())
}
