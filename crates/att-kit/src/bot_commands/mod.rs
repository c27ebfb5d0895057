//! Bot commands: commands that the program offers, with typed arguments and permissions. Players and users of a console call
//! them; the program runs them.
//!
//! ```no_run
//! use att_console::{Console, UserId, commands::player};
//! use att_kit::bot_commands::{Allowed, BotCommands, arg};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let commands = BotCommands::builder()
//!     .command("heal", |command| {
//!         command
//!             .about("Gives a player health")
//!             .arg(arg::player("player"))
//!             .arg(arg::number("amount").range(0.0..=100.0).default(10.0))
//!             .allow(Allowed::console())
//!             .allow(Allowed::ids([UserId::new(1_200_000_001)]))
//!             .run(|call, (player, amount)| async move {
//!                 call.command(player::set_stat(&player, "health", amount)).await?;
//!                 Ok(format!("{} has {amount} health", player.username))
//!             })
//!     })
//!     .build()?;
//! commands.run(Console::local()?).await?;
//! # Ok(())
//! # }
//! ```
//!
//! | source | caller | replies |
//! | --- | --- | --- |
//! | a line at a console that is no command of the server (`CommandExecuted`) | [`Who::Console`]: the event does not name the user, but see [`Builder::users_from_log`] | to [`Builder::on_console_reply`]; else to the user's player, if that is online; else to the log |
//! | a report with the tablet ([`Builder::on_report`]) | [`Who::Player`] | to the player, in the game |
//! | anything else ([`BotCommands::dispatch`]) | a [`Caller`] of the program | to [`Caller::replying`] |
//!
//! A line is split into words as the server does ([`command_words`](alta_model::console::command_words)): `"Elder Toad"` and
//! `'a"b'` are one word each. A word that begins with a dash is a value like any other.
//!
//! # Loops
//!
//! Commands that this console has sent are never dispatched, and neither are lines that the server has run. Another bot can
//! still reply to a reply with a command line; so the calls from a console are bounded ([`CallLimits`]).

mod allowed;
pub mod arg;
mod call;
mod caller;
mod commands;
mod console_users;
mod cursor;
mod declaration;
mod dispatch;
mod help;
mod invalid;
mod limiter;
mod parameter;
mod resolve;
mod sources;
#[cfg(test)]
mod tests;

pub use allowed::{Allowed, Verdict};
pub use call::{Call, Replied};
pub use caller::{Caller, Who};
pub use commands::{BotCommands, Builder};
pub use declaration::{Append, Declaration, Declared, IntoReply};
pub use dispatch::Dispatched;
pub use invalid::Invalid;
pub use limiter::CallLimits;
pub use parameter::Parameter;
