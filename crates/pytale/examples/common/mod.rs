//! Connects an example to the service that the environment names or, without settings, to a simulated town.

use alta_sim::{Scenario, Sim};
use pytale::bot::{BotCredentials, Builder, Endpoints};
use pytale::prelude::*;
use std::error::Error;
use std::io::IsTerminal as _;

/// Logs to standard error, so that the states of connections are visible.
pub(crate) fn log() {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

/// The settings of a bot from the environment, such as `ALTA_CLIENT_ID` (see `Builder::read_env`). If there are none, starts a
/// simulated town, which ends when the returned `Sim` is dropped.
pub(crate) async fn settings() -> Result<(Builder, Option<Sim>), Box<dyn Error>> {
    let is_set = |(name, _): (std::ffi::OsString, _)| name.to_string_lossy().starts_with("ALTA_");
    if std::env::vars_os().any(is_set) {
        log();
        return Ok((Bot::builder().read_env(), None));
    }
    eprintln!("no ALTA_… variable is set, so this runs in a simulated town");
    let town = Sim::builder()
        .scenario(Scenario::Town)
        .pace(Duration::from_millis(50));
    let town = town.start().await?;
    town.add_server(town.group(), "Emberfall")?;
    town.invite_bot(town.add_group("Hollowmere"))?;
    let account = town.bot();
    let endpoints = Endpoints::new(
        town.token_url().parse()?,
        town.rest_url().parse()?,
        town.socket_url().parse()?,
    );
    let account = BotCredentials::new(account.client_id, account.client_secret);
    Ok((Bot::builder().bot(account).endpoints(endpoints), Some(town)))
}
