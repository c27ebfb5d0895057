use crate::wire::reply::Reply;
use alta_model::error_type::ErrorDetails;
use alta_model::{chain, escaped};
use alta_socket::NotConnected;
pub use alta_socket::{Closed, Sent};
use std::error::Error as StdError;
use std::time::Duration;

/// The number of characters of a server's message in an error.
pub(crate) const SHOWN: usize = 500;

alta_model::error_type! {
    /// Error of a console operation. The program matches on [`kind`](Self::kind). The message names the operation and contains
    /// the server's message. [`reply`](Self::reply) has the server's whole reply, if there is one.
    ///
    /// `source()` is the cause: of the lost connection, of the closed console, or of the invalid argument or result. The message
    /// contains it, too.
    pub struct Error(ErrorKind, Details);
}

/// The server's reply, if there was one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    reply: Option<Reply>,
}

impl ErrorDetails<ErrorKind> for Details {}

/// The kind of an [`Error`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server refused the command, or ran it and it failed.
    #[error("the server replied: {}", escaped(.message).at_most(SHOWN))]
    Server {
        /// The .NET type of the exception, such as `System.Exception`; empty if the reply has none.
        class: String,
        /// The server's message.
        message: String,
    },
    /// The server does not have this command. While it loads its world, it lacks commands that it has later.
    #[error("the server has no such command{}", suggested(.suggestions))]
    CommandNotFound {
        /// The commands that the server suggests.
        suggestions: Vec<String>,
    },
    /// The command had the target [`Target::Everyone`](crate::Target::Everyone), and the server found no player. Some servers
    /// reply with success instead.
    #[error("no player is online: {message}")]
    NobodyOnline {
        /// The server's message.
        message: String,
    },
    /// The server has no event of this name.
    #[error("the server has no event of that name{}", suggested(.suggestions))]
    EventNotFound {
        /// The most similar known names.
        suggestions: Vec<String>,
    },
    /// The server did not reply before the timeout.
    #[error("no reply within {after:?}; {sent}")]
    TimedOut {
        /// The timeout.
        after: Duration,
        /// Says whether the command may have run.
        sent: Sent,
    },
    /// The connection was lost before the reply.
    #[error("the connection was lost ({because}); {sent}")]
    Disconnected {
        /// The cause of the loss.
        #[source]
        because: NotConnected,
        /// Says whether the command may have run.
        sent: Sent,
    },
    /// The console is not ready, and the rule of the command is [`WhenNotReady::Fail`](crate::WhenNotReady::Fail). The command was
    /// not sent.
    #[error("the console is not ready")]
    NotReady,
    /// The console is closed, by the program or by the server's refusal. The command was not sent.
    #[error("the console is closed: {because}")]
    Closed {
        /// The cause.
        #[source]
        because: Closed,
    },
    /// An argument contains characters that no known escape can write. The command was not sent.
    #[error("{}", escaped(.0))]
    Argument(String),
    /// The command ran, but its result does not have the requested type.
    #[error("the result could not be read: {}", escaped(.reason))]
    Decode {
        /// The expected type and the position.
        reason: String,
    },
    /// A string is not the address of a console. The message shows a valid address.
    #[error("{}", escaped(.0))]
    Address(String),
    /// This machine has no folder for the token file of a server.
    #[error(
        "neither APPDATA nor a Wine prefix has a folder for TavernLib; use TokenFile::new with the path of the file"
    )]
    NoTokenFile,
    /// The console was not ready before the timeout. It keeps trying.
    #[error("the console was not ready within {after:?}{}", .because.as_ref().map(|because| format!(" ({because})")).unwrap_or_default())]
    NotReadyWithin {
        /// The timeout.
        after: Duration,
        /// The error of the last attempt, if one failed meanwhile.
        #[source]
        because: Option<NotConnected>,
    },
    /// The access to the console has no file server.
    #[error("the address of the file server is unknown")]
    NoFileServer,
    /// The queue of the stream was full, so the stream ended ([`Overflow::End`](crate::Overflow::End)). A new subscription starts
    /// with the next event.
    #[error("the stream has ended: its queue was full")]
    Overflowed,
    /// No event, or none that matches, was received before the timeout.
    #[error("no event within {0:?}")]
    NoEvent(Duration),
}

fn suggested(names: &[String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        let names = names.join(", ");
        format!("; did you mean {}?", escaped(names).at_most(SHOWN))
    }
}

impl Error {
    /// Adds the server's reply.
    pub(crate) fn with_reply(mut self, reply: Reply) -> Self {
        self.0.fields_mut().details.reply = Some(reply);
        self
    }

    /// The server's reply to the failed command, or the reply whose result could not be read.
    pub fn reply(&self) -> Option<&Reply> {
        self.0.fields().details.reply.as_ref()
    }

    /// Says whether the command may have run on the server. `None` if the server replied.
    pub fn sent(&self) -> Option<Sent> {
        match self.kind() {
            ErrorKind::TimedOut { sent, .. } | ErrorKind::Disconnected { sent, .. } => Some(*sent),
            ErrorKind::NotReady | ErrorKind::Closed { .. } | ErrorKind::Argument(_) => {
                Some(Sent::NotSent)
            }
            _ => None,
        }
    }
}

/// An error and its sources in one line.
pub(crate) fn with_sources(error: &dyn StdError) -> String {
    chain(error).to_string()
}
