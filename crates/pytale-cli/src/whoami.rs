//! `tale whoami`: the account of the cloud.

use crate::account::{Account, of_token, print_json};
use crate::context::Context;
use crate::failure::Failure;
use clap::Args;
use pytale::auth::{Token, TokenSource as _};
use pytale::model::escaped;
use pytale::rest::Client;
use serde_json::json;

#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  tale whoami
  tale whoami --profile bot --json")]
pub(crate) struct WhoamiOptions {
    /// Print the account as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: &WhoamiOptions, context: &Context) -> Result<(), Failure> {
    let account = context.account()?;
    let rest = account.log_in().await?;
    let me = Me::of(&rest).await?;
    if options.json {
        let value = json!({
            "kind": me.kind,
            "id": me.id(),
            "username": me.name(),
            "scopes": me.scopes(),
            "profile": account.profile(),
            "cloud": account.cloud(),
        });
        return print_json(context, &value);
    }
    context.output.line(format_args!("{}", me.described()));
    context.output.line(format_args!("{}", of(&account)));
    if !me.scopes().is_empty() {
        let scopes = me.scopes().join(" ");
        context
            .output
            .line(format_args!("scopes: {}", escaped(scopes)));
    }
    Ok(())
}

/// The cloud and the profile of an account in one line.
pub(crate) fn of(account: &Account) -> String {
    let cloud = escaped(account.cloud()).to_string();
    match account.profile() {
        Some(profile) => format!("profile {profile}, cloud {cloud}"),
        None => format!("cloud {cloud}"),
    }
}

/// The account of a client, from its token.
pub(crate) struct Me {
    kind: &'static str,
    token: Token,
}

impl Me {
    pub(crate) async fn of(rest: &Client) -> Result<Self, Failure> {
        let identities = rest.identities();
        let (kind, token) = match (&identities.bot, &identities.user) {
            (Some(bot), _) => ("bot", bot.token().await),
            (None, Some(user)) => ("player", user.token().await),
            (None, None) => ("nobody", Ok(Token::new(""))),
        };
        let token = token.map_err(|error| of_token(&error))?;
        Ok(Self { kind, token })
    }

    pub(crate) fn described(&self) -> String {
        let name = escaped(self.name().unwrap_or("without a name")).to_string();
        match self.id() {
            Some(id) => format!("{} {name} ({id})", self.kind),
            None => format!("{} {name}", self.kind),
        }
    }

    fn id(&self) -> Option<i64> {
        self.token.user_id().map(pytale::model::UserId::get)
    }

    fn name(&self) -> Option<&str> {
        self.token.claims()?.username()
    }

    fn scopes(&self) -> Vec<&str> {
        self.token
            .claims()
            .map(pytale::auth::Claims::scopes)
            .unwrap_or_default()
    }
}
