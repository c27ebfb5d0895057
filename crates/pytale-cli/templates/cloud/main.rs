//! Runs the bot on the servers of its groups, until Ctrl-C.

use pytale::bot::Invites;
use pytale::prelude::*;
use std::io::{self, IsTerminal as _};
use std::path::Path;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The log shows when consoles connect, and why they do not.
    let is_terminal = io::stdout().is_terminal();
    tracing_subscriber::fmt().with_ansi(is_terminal).init();
    let file = Path::new("bot.env");
    let settings = if file.exists() {
        Bot::builder().read_file(file)
    } else {
        Bot::builder().read_env()
    };
    let bot = settings
        .managed()
        // `Invites::listed` accepts only the invitations of some groups.
        .accept_invites(Invites::All)
        .handlers({{crate}}::handlers()?)
        .start()
        .await?;
    bot.run().await?;
    Ok(())
}
