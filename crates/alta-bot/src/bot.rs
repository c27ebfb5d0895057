use crate::callbacks::Callbacks;
use crate::error::{Error, ErrorKind};
use crate::lists::Registry;
use crate::main_events::MainSubs;
use crate::open_consoles::OpenConsoles;
use crate::view::Latest;
use alta_auth::{Token, TokenSource};
use alta_model::UserId;
use alta_socket::Publisher;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};

/// A bot that is logged in: its clients and its open consoles. Clones are handles to the same bot.
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
    /// The id that the program has set.
    user_id: Option<UserId>,
    pub(crate) consoles: Arc<OpenConsoles>,
    pub(crate) main_subs: MainSubs,
    pub(crate) callbacks: Callbacks,
    /// The followed lists.
    pub(crate) lists: Registry,
    /// The latest view.
    pub(crate) view: Latest,
    /// True if a close was requested.
    pub(crate) closing: Publisher<bool>,
    /// True if it is managed.
    pub(crate) is_managed: AtomicBool,
}

impl Bot {
    pub(crate) fn new(
        rest: alta_rest::Client,
        socket: Option<alta_ws::Client>,
        account: Option<Token>,
        user_id: Option<UserId>,
        consoles: OpenConsoles,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                rest,
                socket,
                account,
                user_id,
                consoles: Arc::new(consoles),
                main_subs: MainSubs::default(),
                callbacks: Callbacks::default(),
                lists: Registry::default(),
                view: Latest::default(),
                closing: Publisher::new(false),
                is_managed: AtomicBool::new(false),
            }),
        }
    }

    /// The bot's user id: the key of every `me-…` subscription. It comes from the bot's token, or from
    /// [`Builder::user_id`](crate::Builder::user_id) if the token has none. `None` without a bot's credentials.
    pub fn user_id(&self) -> Option<UserId> {
        self.inner
            .account
            .as_ref()?
            .user_id()
            .or(self.inner.user_id)
    }

    /// The bot's user id, for operations that need it.
    pub(crate) fn own_id(&self, doing: &'static str) -> Result<UserId, Error> {
        // Without a bot's credentials, the missing websocket is the better error.
        self.socket()?;
        self.user_id().ok_or_else(|| {
            let problem = "the bot's token contains no user id, and `user_id` set none";
            let problems = vec![problem.to_owned()];
            Error::new(ErrorKind::Config { problems }, doing)
        })
    }

    /// The bot's name, from its token.
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
    /// [`ErrorKind::NoAccount`] without a bot's credentials: the main websocket accepts no others.
    #[doc(alias = "main_sub")]
    pub fn socket(&self) -> Result<&alta_ws::Client, Error> {
        self.inner.socket.as_ref().ok_or_else(|| {
            let needs = "a bot's credentials";
            Error::new(ErrorKind::NoAccount { needs }, "using the main websocket")
        })
    }

    /// Waits until the bot is [closed](Self::close) by another handle, or its account is refused: the last line of a program
    /// that only uses callbacks. The bot works from [`connect`](crate::Builder::connect) on, whether this is called or not.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Socket`] if the main websocket was refused; then the bot is not closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn run(&self) -> Result<(), Error> {
        let mut closing = self.inner.closing.watch();
        let refused = async {
            match &self.inner.socket {
                Some(socket) => {
                    socket
                        .statuses()
                        .wait_for(|now| now.state.is_closed())
                        .await
                }
                None => std::future::pending().await,
            }
        };
        let closing = closing.wait_for(|closing| *closing);
        tokio::select! {
            biased;
            _ = closing => {}
            _ = refused => {
                // Closing the bot closes its websocket too.
                if !self.inner.closing.get() {
                    return self.wait_for_ws().await;
                }
            }
        }
        self.close().await;
        Ok(())
    }

    /// Waits until each account of the bot has a valid token. Returns at once, unless a token has expired and could not be
    /// renewed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Login`] if the account is refused, or if the login fails.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn wait_for_ready(&self) -> Result<(), Error> {
        let identities = self.rest().identities();
        let bot = identities.bot.as_ref().map(TokenSource::token);
        let user = identities.user.as_ref().map(TokenSource::token);
        for token in [bot, user].into_iter().flatten() {
            token.await.map_err(|error| {
                Error::new(ErrorKind::Login, "getting a token").caused_by(error)
            })?;
        }
        Ok(())
    }

    /// Waits until the main websocket is connected. Returns at once, unless the connection is lost.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoAccount`] without a bot's credentials, [`ErrorKind::Socket`] if it was refused or is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn wait_for_ws(&self) -> Result<(), Error> {
        let ready = self.socket()?.ready().await;
        let doing = "waiting for the main websocket";
        ready.map_err(|error| Error::new(ErrorKind::Socket, doing).caused_by(error))
    }

    /// Closes the bot for every handle: its consoles, its main websocket and its callbacks. When this returns, all of them have
    /// ended. In a callback it does not return, since it ends that callback too.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; call it again to wait for the rest.
    pub async fn close(&self) {
        let inner = &self.inner;
        inner.closing.set(true);
        inner.consoles.close().await;
        if let Some(socket) = &inner.socket {
            socket.close().await;
        }
        // Last, since this future may run in a callback.
        inner.callbacks.close().await;
    }
}

/// A reference to a bot that does not keep it open.
pub(crate) struct WeakBot(Weak<Inner>);

impl WeakBot {
    pub(crate) fn upgrade(&self) -> Option<Bot> {
        self.0.upgrade().map(|inner| Bot { inner })
    }
}

impl Bot {
    /// Runs a task that ends with the bot.
    pub(crate) fn spawn<F>(&self, task: impl FnOnce(WeakBot) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let task = task(WeakBot(Arc::downgrade(&self.inner)));
        self.inner.callbacks.spawn(task);
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
