use crate::handler_fn::{HandlerError, Outcome};
use alta_model::{User, escaped};
use futures_core::future::BoxFuture;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

/// Receives the replies to a caller.
pub(super) type Sink =
    Arc<dyn Fn(String) -> BoxFuture<'static, Result<(), HandlerError>> + Send + Sync>;

/// The caller of a bot command.
#[derive(Clone)]
pub struct Caller {
    who: Who,
    sink: Option<Sink>,
}

/// The identity of a caller, as far as the source of the call gives it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Who {
    /// A user of a console of the server, with the right to run every command of the server: with the account, if it is
    /// known ([`Builder::users_from_log`](super::Builder::users_from_log)).
    Console(Option<User>),
    /// A player, by an event of the server.
    Player(User),
    /// Another caller, by the name that the program gave, such as an account of a chat.
    Other(String),
}

impl Caller {
    /// A user of a console, or the program itself.
    pub fn console() -> Self {
        Self::new(Who::Console(None))
    }

    /// A player. Replies are messages in the game.
    pub fn player(user: User) -> Self {
        Self::new(Who::Player(user))
    }

    /// Another caller, by a name that distinguishes it from all others, such as `discord 80351110224678912`.
    pub fn named(name: impl Into<String>) -> Self {
        Self::new(Who::Other(name.into()))
    }

    pub(super) fn new(who: Who) -> Self {
        Self { who, sink: None }
    }

    /// Sends replies to this function.
    #[must_use]
    pub fn replying<Fut>(mut self, reply: impl Fn(String) -> Fut + Send + Sync + 'static) -> Self
    where
        Fut: Future<Output: Outcome> + Send + 'static,
    {
        self.sink = Some(Arc::new(move |text| {
            let sent = reply(text);
            Box::pin(async move { sent.await.result() })
        }));
        self
    }

    /// The caller.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// The account of the player or of the user of a console, if it is known.
    pub fn user(&self) -> Option<&User> {
        match &self.who {
            Who::Player(user) => Some(user),
            Who::Console(user) => user.as_ref(),
            Who::Other(_) => None,
        }
    }

    pub(super) fn set_sink(&mut self, sink: Option<Sink>) {
        self.sink = sink;
    }

    pub(super) fn sink(&self) -> Option<&Sink> {
        self.sink.as_ref()
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Console(None) => f.write_str("the console"),
            Self::Player(user) | Self::Console(Some(user)) => {
                write!(f, "{} ({})", escaped(&user.username), user.id)
            }
            Self::Other(name) => write!(f, "{}", escaped(name)),
        }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Caller({})", self.who)
    }
}
