use crate::builder::Builder;
use crate::consoles::Consoles;
use crate::error::{Error, ErrorKind};
use alta_auth::Token;
use alta_model::UserId;
use std::fmt;
use std::sync::Arc;

/// A bot that is logged in: its clients, and the consoles it has open. Clones are handles to the same bot.
///
/// It closes when the last handle is dropped, or by [`close`](Self::close).
#[doc(alias = "Py_Tale")]
#[derive(Clone)]
pub struct Bot {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) rest: alta_rest::Client,
    socket: Option<alta_ws::Client>,
    account: Option<Token>,
    pub(crate) consoles: Consoles,
}

impl Bot {
    /// Begins to make a bot.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(
        rest: alta_rest::Client,
        socket: Option<alta_ws::Client>,
        account: Option<Token>,
        console: att_console::Config,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                rest,
                socket,
                account,
                consoles: Consoles::new(console),
            }),
        }
    }

    /// The bot's user id, out of its token: the key of every `me-…` subscription. None for a bot that is only a user.
    pub fn user_id(&self) -> Option<UserId> {
        self.inner.account.as_ref()?.user_id()
    }

    /// The bot's name, out of its token.
    pub fn username(&self) -> Option<&str> {
        self.inner.account.as_ref()?.claims()?.username()
    }

    /// The REST API.
    pub fn rest(&self) -> &alta_rest::Client {
        &self.inner.rest
    }

    /// The main websocket.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] for a bot without a bot's credentials: the main websocket takes no others.
    #[doc(alias = "main_sub")]
    pub fn socket(&self) -> Result<&alta_ws::Client, Error> {
        self.inner.socket.as_ref().ok_or_else(|| {
            let needs = "a bot's credentials";
            Error::new(ErrorKind::Unavailable { needs }, "using the main websocket")
        })
    }

    /// Closes the bot for every handle: its consoles, its main websocket. All of it has ended when this returns.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; call it again to wait for the rest.
    pub async fn close(&self) {
        self.inner.consoles.close().await;
        if let Some(socket) = &self.inner.socket {
            socket.close().await;
        }
    }
}

impl fmt::Debug for Bot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bot")
            .field("user_id", &self.user_id())
            .field("username", &self.username())
            .finish_non_exhaustive()
    }
}
