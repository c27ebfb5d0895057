//! `tale login`: checks the account, and stores its secret.

use crate::account::{read_typed, store};
use crate::context::Context;
use crate::failure::Failure;
use crate::whoami::{self, Me};
use clap::Args;

#[derive(Debug, Args)]
#[command(
    after_long_help = "The account is that of the profile, or else of ALTA_CLIENT_ID and ALTA_CLIENT_SECRET. The secret is never an \
argument, because other users of the machine can list the arguments of programs.

Examples:
  tale login
  tale login --profile bot --store
  pass show bot | tale login --profile bot --store"
)]
pub(crate) struct LoginOptions {
    /// Read the secret from the terminal, where it is not shown, or from standard input; and store it, if the cloud accepts it,
    /// in the file of the profile, which only its owner can read.
    #[arg(long)]
    store: bool,
}

pub(crate) async fn run(options: &LoginOptions, context: &Context) -> Result<(), Failure> {
    let account = context.account()?;
    let line = |line: &str| context.output.line(format_args!("{line}"));
    if !options.store {
        let me = Me::of(&account.log_in().await?).await?;
        line(&format!("logged in as {}", me.described()));
        line(&whoami::of(&account));
        return Ok(());
    }
    let secrets = account.secrets()?;
    let path = secrets.store()?;
    let secret = read_typed(secrets.what())?;
    let me = Me::of(&account.log_in_with(Some(secret.clone())).await?).await?;
    line(&format!("logged in as {}", me.described()));
    store(&secret, &path)?;
    line(&format!(
        "the {} is stored in {}",
        secrets.what(),
        path.display()
    ));
    Ok(())
}
