//! Sends a command and acts on its outcome: a reply, the error of the server, a timeout or a lost connection. The last two
//! say whether the command may have run.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use att_console::commands::player;
use att_console::{Console, ErrorKind, Sent};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", kick(&Console::local()?, "Ashwick").await);
    Ok(())
}

/// Kicks a player, and says how that ended.
pub(crate) async fn kick(console: &Console, name: &str) -> String {
    let Err(error) = console.command(player::kick(name)).await else {
        return "kicked".to_owned();
    };
    match (error.kind(), error.sent()) {
        (ErrorKind::Server { message, .. }, _) => format!("the server refused: {message}"),
        (_, Some(Sent::NotSent)) => format!("not sent, so try again: {error}"),
        (_, Some(Sent::MayHaveRun)) => format!("perhaps kicked: {error}"),
        _ => error.to_string(),
    }
}
