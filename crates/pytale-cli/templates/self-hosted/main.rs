//! Runs the bot on a self-hosted server, until Ctrl-C.

use pytale::kit::Consoles;
use pytale::prelude::*;
use std::env;
use std::io::{self, IsTerminal as _};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The log shows when the console connects, and why it does not.
    let is_terminal = io::stdout().is_terminal();
    tracing_subscriber::fmt().with_ansi(is_terminal).init();
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let address = Console::parse_address(&setting("CONSOLE_URL", "127.0.0.1"))?;
    let token_file = setting("TAVERN_TOKEN_FILE", "console_token.txt");

    // Each console that is opened here gets the same handlers.
    let consoles = Consoles::new();
    consoles.open("server", TokenFile::new(address, token_file));
    Runner::new(consoles, {{crate}}::handlers()?).run().await?;
    Ok(())
}
