use super::caller::{Caller, Who};
use crate::handler_fn::HandlerError;
use crate::players::Players;
use alta_model::{UserId, chain, escaped};
use att_console::commands::player;
use att_console::{Argument, Command, Console, Run, WhenNotReady};
use std::sync::Arc;
use std::time::Duration;
use tracing::{info, warn};

/// A message in the game is shortened to this many characters.
const LONGEST_MESSAGE: usize = 500;

/// A later reply would be useless.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// A call of a bot command.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) console: Console,
    pub(super) caller: Caller,
    pub(super) line: Arc<str>,
}

/// The outcome of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Replied {
    /// The server accepted the message to the player, or the caller's function returned without an error.
    Sent,
    /// The reply is only in the log of this program: its caller cannot be reached.
    Logged,
    /// It did not reach the caller, for this reason. The log has both.
    Lost(String),
}

impl Call {
    /// The console that the call belongs to.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Runs a command of the server; see [`Console::command`].
    pub fn command<T>(&self, command: impl Into<Command<T>>) -> Run<'_, T> {
        self.console.command(command)
    }

    /// The caller.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The whole line.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Replies to the caller: by [`Caller::replying`] or [`Builder::on_console_reply`](super::Builder::on_console_reply); else
    /// with a message in the game to a player, also to the player of a console's user; else to the log. A failure is logged,
    /// too.
    ///
    /// Nothing secret is sent: the tokens of the console are replaced.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the reply may have been sent.
    pub async fn reply(&self, text: impl AsRef<str>) -> Replied {
        let text = self.console.redactor().redact(text.as_ref()).into_owned();
        let sent = match (self.caller.sink(), self.caller.who()) {
            (Some(sink), _) => sink(text.clone()).await,
            (None, Who::Player(user)) => self.message(user.id, &text).await,
            (None, Who::Console(Some(user))) if self.is_online(user.id) => {
                self.message(user.id, &text).await
            }
            (None, who) => {
                info!(console = %self.console.label(), to = %who, reply = %escaped(&text), "a bot command replies");
                return Replied::Logged;
            }
        };
        match sent {
            Ok(()) => Replied::Sent,
            Err(error) => {
                let because = chain(&*error).to_string();
                warn!(
                    console = %self.console.label(), to = %self.caller.who(), reply = %escaped(&text), because,
                    "the reply of a bot command is lost"
                );
                Replied::Lost(because)
            }
        }
    }

    fn is_online(&self, user: UserId) -> bool {
        let online = Players::of(&self.console).online();
        online.by_id(user).is_some()
    }

    async fn message(&self, player: UserId, text: &str) -> Result<(), HandlerError> {
        let text = text.replace('\n', " / ");
        let text = match text.char_indices().nth(LONGEST_MESSAGE) {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
            None => text,
        };
        let message = player::message(player, Argument::typographic(text));
        let sent = self.command(message).timeout(MESSAGE_TIMEOUT);
        Ok(sent.when_not_ready(WhenNotReady::Fail).await?)
    }
}
