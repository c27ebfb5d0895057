//! Where an example lives: in the world that the environment names, or in a simulated town.

use alta_sim::{Scenario, Sim};
use pytale::bot::Builder;
use pytale::bot::{BotCredentials, Endpoints};
use pytale::prelude::*;
use std::error::Error;
use std::io::IsTerminal as _;

/// Says on standard error how connections fare: a bot that waits for its server says nothing else.
pub(crate) fn log() {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

/// A bot's settings: those of the environment, `ALTA_CLIENT_ID` and so on (see `Builder::read_env`), or, if there are
/// none, those of a town that lives as long as what is returned beside them.
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
