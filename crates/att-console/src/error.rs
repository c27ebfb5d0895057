use crate::wire::reply::Reply;
use alta_model::error_type::ErrorDetails;
use alta_model::{chain, escaped};
use alta_socket::NotConnected;
pub use alta_socket::{Closed, Sent};
use std::error::Error as StdError;
use std::time::Duration;

/// How many characters of a server's words are shown.
pub(crate) const SHOWN: usize = 500;

alta_model::error_type! {
    /// An operation of a console failed. [`kind`](Self::kind) is for the program, the message for people: it names the
    /// operation and what the server said. The server's whole reply, if there was one, is in [`reply`](Self::reply).
    ///
    /// The `source()` is the reason why the connection was lost or the console is closed, or what is wrong with an argument
    /// or a result. The message says it, too.
    pub struct Error(ErrorKind, Details);
}

/// The server's reply, if there was one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    reply: Option<Reply>,
}

impl ErrorDetails<ErrorKind> for Details {}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server ran the command and it failed, or refused to run it.
    #[error("the server answered: {}", escaped(.message).at_most(SHOWN))]
    Server {
        /// The .NET type of the exception, such as `System.Exception`; empty if the server gave none.
        class: String,
        /// What the server said.
        message: String,
    },
    /// The server does not have that command (or, while it loads its world, not yet).
    #[error("the server has no such command{}", suggested(.suggestions))]
    CommandNotFound {
        /// What the server suggests instead.
        suggestions: Vec<String>,
    },
    /// The command was for everyone ([`Target::Everyone`](crate::Target::Everyone)), and the server answered that it found no
    /// player: nobody is on. Not every server takes that for an error; some answer with success.
    #[error("nobody is on the server: {message}")]
    NobodyOnline {
        /// What the server said.
        message: String,
    },
    /// The server has no event of that name.
    #[error("the server has no event of that name{}", suggested(.suggestions))]
    EventNotFound {
        /// The known names nearest to it.
        suggestions: Vec<String>,
    },
    /// No answer came in time.
    #[error("no answer within {after:?}; {sent}")]
    TimedOut {
        /// The time allowed.
        after: Duration,
        /// Whether the command may have run.
        sent: Sent,
    },
    /// The connection was lost before an answer came.
    #[error("the connection was lost ({because}); {sent}")]
    Disconnected {
        /// Why it was lost.
        #[source]
        because: NotConnected,
        /// Whether the command may have run.
        sent: Sent,
    },
    /// The console is not ready, and the command was not to wait for it. It was not sent.
    #[error("the console is not connected")]
    NotReady,
    /// The console is closed for good, by the caller or by the server's refusal. Nothing was sent.
    #[error("the console is closed: {because}")]
    Closed {
        /// Why.
        #[source]
        because: Closed,
    },
    /// An argument cannot be written in a command for certain. Nothing was sent.
    #[error("{}", escaped(.0))]
    Argument(String),
    /// The command ran, but its result is not of the shape that was asked for.
    #[error("the result could not be read: {}", escaped(.reason))]
    Decode {
        /// What was expected and where.
        reason: String,
    },
    /// A text is no address of a console. What is wrong with it, and how one is written.
    #[error("{}", escaped(.0))]
    Address(String),
    /// This machine has no place where a server would write its token file.
    #[error(
        "neither APPDATA nor a Wine prefix leads to a folder of TavernLib; say where it is, by TokenFile::new"
    )]
    NoTokenFile,
    /// The console was not ready in time. It keeps trying.
    #[error("it was not ready within {after:?}{}", .because.as_ref().map(|because| format!(" ({because})")).unwrap_or_default())]
    NotReadyWithin {
        /// The time allowed.
        after: Duration,
        /// Why the last attempt failed, if one did meanwhile.
        #[source]
        because: Option<NotConnected>,
    },
    /// It is not known where the server's files are fetched.
    #[error("no file server is known")]
    NoFileServer,
    /// The stream has ended, since it was read too slowly and was to end then
    /// ([`Overflow::End`](crate::Overflow::End)). Another subscription goes on from now.
    #[error("the stream has ended, since it was read too slowly")]
    Overflowed,
    /// Nothing matched within the time allowed for waiting.
    #[error("nothing came within {0:?}")]
    NothingCame(Duration),
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

    /// The server's reply, if one came: of a command that failed, or whose result could not be read.
    pub fn reply(&self) -> Option<&Reply> {
        self.0.fields().details.reply.as_ref()
    }

    /// Whether the command may have run on the server. `None` where an answer came.
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

/// An error and what caused it, in a line.
pub(crate) fn with_sources(error: &dyn StdError) -> String {
    chain(error).to_string()
}
