//! `tale cloud`: a private cloud in front of own servers.
//!
//! | module | holds |
//! | --- | --- |
//! | `config` | the configuration file |
//! | `storage` | the state in its database |
//! | `commands`, `accounts` | the subcommands for accounts |
//! | `setup` | the groups, roles and servers of the configuration as state |
//! | `host` | the state, the access to the real consoles, the audit log |
//! | `watch`, `players` | the connection to each real console, from which the state follows |
//! | `allowed` | the commands that a role may run |
//! | `relay` | the connections of clients to consoles |
//! | `audit` | the log of all commands |
//! | `listen`, `tls`, `serve` | the ports, and the run of the service |

mod accounts;
mod allowed;
mod audit;
mod commands;
mod config;
mod host;
mod listen;
mod players;
mod relay;
mod serve;
mod setup;
mod storage;
mod tls;
mod watch;

use crate::context::Context;
use crate::failure::Failure;
use clap::Args;
use commands::Action;
use config::Config;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    after_long_help = "docs/own-servers.md shows a configuration and the lines to change in bots.

Examples:
  tale cloud
  tale cloud --config cloud.toml --behind-proxy
  tale cloud add-bot Ledger_Bot --scopes ws.group,group.info,server.view,server.console
  tale cloud add-bot Greeter --group \"Thornwood Folk\" --role Helper
  tale cloud add-user Ashwick --role Owner
  tale cloud place Greeter --group \"Thornwood Folk\" --role Moderator
  tale cloud list --json
  tale cloud rotate Ledger_Bot
  tale cloud remove Ledger_Bot"
)]
pub(crate) struct CloudOptions {
    /// The configuration of the service. The database is beside it.
    #[arg(long, global = true, value_name = "FILE", default_value = "cloud.toml")]
    config: PathBuf,
    /// Accept connections without TLS on other addresses than the loopback: a proxy in front of the service adds TLS.
    #[arg(long)]
    behind_proxy: bool,
    #[command(subcommand)]
    action: Option<Action>,
}

pub(crate) async fn run(options: &CloudOptions, context: &Context) -> Result<(), Failure> {
    let config = Config::load(&options.config)?;
    match &options.action {
        Some(action) => commands::run(action, &config, context),
        None => serve::run(&config, options.behind_proxy, context).await,
    }
}
