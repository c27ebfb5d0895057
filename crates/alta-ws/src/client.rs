use crate::config::Config;
use crate::driver::{self, Driver};
use crate::error::{Error, ErrorKind, Sent};
use crate::events::Subscribable;
use crate::frame::{Content, Request, Response};
use crate::shared::{Reply, Shared};
use crate::socket::{Call, Input};
use crate::status::Status;
use crate::subscription::{Subscribe, read};
use crate::topic::Topic;
use alta_auth::BotTokens;
use alta_model::Redactor;
use alta_socket::{TaskGuard, later};
use http::Method;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument as _;

/// Calls on their way to the task. Few, since the waiting room is the machine's bounded queue.
const CALLS: usize = 64;

/// The main socket: account and group events, for as long as the program wants them.
///
/// It connects by itself, comes back by itself, and moves to a new socket before the service cuts the old one; streams
/// and handles stay valid. Clones are handles to the same connection. It closes when the last handle is dropped (streams
/// don't hold it open), or by [`close`](Self::close).
///
/// ```no_run
/// use alta_ws::{Client, Config, GroupId, GroupServerStatus, StaticToken};
///
/// # async fn run() -> Result<(), alta_ws::Error> {
/// let client = Client::open_with(StaticToken::new("eyJ…"), Config::default())?;
/// let mut statuses = client.subscribe(GroupServerStatus(GroupId::new(2_000_000_031))).await?;
/// while let Some(event) = statuses.next().await {
///     match event {
///         Ok(event) => println!("{} has {} players", event.data.name, event.data.online_players.len()),
///         Err(missed) => println!("{missed}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    calls: mpsc::Sender<driver::Call>,
    task: TaskGuard,
}

impl Client {
    /// Opens a client with the default configuration; see [`open_with`](Self::open_with).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if the environment names a proxy that cannot be used.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn open(tokens: impl Into<BotTokens>) -> Result<Self, Error> {
        Self::open_with(tokens, Config::default())
    }

    /// Opens a client: begins to connect in the background and returns at once. Subscriptions and requests may follow immediately; they
    /// wait until the client is [`ready`](Self::ready).
    ///
    /// The tokens are a bot's; a user's do not compile. [`BotTokens::new`] takes any [`TokenSource`](crate::TokenSource).
    ///
    /// ```compile_fail,E0277
    /// # use alta_auth::{StaticToken, UserTokens};
    /// # use alta_ws::{Client, Config};
    /// # fn open(tokens: UserTokens) {
    /// Client::open_with(tokens, Config::default());
    /// # }
    /// ```
    ///
    /// It lives on the runtime that it is made on, and is closed with it. Its requests and streams may be awaited anywhere, on
    /// another runtime or on none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if the configuration cannot be used.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn open_with(tokens: impl Into<BotTokens>, config: Config) -> Result<Self, Error> {
        config.check()?;
        let headers = config.headers()?;
        let dialer = config.effective_dialer()?;
        let shared = Arc::new(Shared::new(config));
        let (calls, inbox) = mpsc::channel(CALLS);
        // Of the highest level, so that no line below it loses the name of its host.
        let span = tracing::error_span!("main_socket", host = %shared.config.host());
        let task = TaskGuard::spawn(|shutdown| {
            let driver = Driver::new(
                Arc::clone(&shared),
                Arc::new(tokens.into()),
                dialer,
                headers,
                inbox,
                shutdown,
            );
            alta_socket::run(Box::new(driver)).instrument(span)
        });
        Ok(Self {
            inner: Arc::new(Inner {
                shared,
                calls,
                task,
            }),
        })
    }

    /// Waits until the socket is open.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthorized`] if the account is refused, [`ErrorKind::Closed`] if the client is closed before.
    /// Until then it keeps trying; wrap it in a timeout to give up earlier.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    #[doc(alias = "wait_for_ws")]
    pub async fn ready(&self) -> Result<(), Error> {
        let mut conditions = self.inner.shared.condition.watch();
        let found = conditions
            .wait_for(|condition| condition.state.is_connected() || condition.state.is_closed())
            .await;
        match found {
            Some(condition) if condition.state.is_connected() => Ok(()),
            _ => Err(self.inner.shared.why_closed("waiting to be ready")),
        }
    }

    /// Subscribes to events: to a kind this crate knows, for a group or a user, or to any [`Topic`]; to several in one
    /// stream by a list of them. Await the result to get the stream when the server has confirmed it. Several streams
    /// of the same topic share one subscription on the server.
    ///
    /// # Errors
    ///
    /// When awaited: [`ErrorKind::Refused`] if the server refuses a topic for good (404 for what doesn't exist or
    /// isn't yours), [`ErrorKind::Unauthorized`], [`ErrorKind::Closed`]. Other failures are retried.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the stream.
    #[doc(alias = "main_sub")]
    pub fn subscribe<S: Subscribable>(&self, topics: S) -> Subscribe<S::Content> {
        let queue = self.config().queue;
        Subscribe::new(self.clone(), topics.topics(), queue, read::<S>)
    }

    /// Every event that arrives, for whichever stream it was subscribed to. It subscribes to nothing by itself.
    pub fn subscribe_to_everything(&self) -> Subscribe<Value> {
        let queue = self.config().queue;
        Subscribe::new(self.clone(), Vec::new(), queue, read::<Topic>).everything()
    }

    /// Sends a request of the protocol as it is, and waits for its reply: `GET`, `POST` or `DELETE`, a path without a
    /// leading slash, and a content, which is JSON text. The token is added. With several sockets it goes to the first.
    ///
    /// The client does not know of subscriptions that are made in this way: they end with the connection.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if the status of the reply is not one of success, [`ErrorKind::Gateway`],
    /// [`ErrorKind::TimedOut`] and [`ErrorKind::Disconnected`] with whether it may have run, [`ErrorKind::NoToken`],
    /// [`ErrorKind::Closed`]. [`Error::sent`] tells whether it may have run. It is never sent twice, but once more after its
    /// token was refused (401).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before the request was handed to the socket means that it is never sent. Later, its reply
    /// is thrown away.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        content: Option<&str>,
    ) -> Result<Response, Error> {
        let mut request = Request::new(method, path.trim_start_matches('/'));
        request.content = content.map(|text| Content::Text(text.into()));
        let doing = request.doing();
        let after = self.config().request_timeout;
        let deadline = later(tokio::time::Instant::now().into_std(), after);
        // Held for as long as the caller waits: the frame of a caller that has gone is not sent.
        let alive = Arc::new(());
        let (reply, receiver) = oneshot::channel();
        let shared = &self.inner.shared;
        let closed = |sent| shared.why_closed(doing.clone()).of_request(sent);
        let reserving = self.inner.calls.reserve();
        let place = shared.timers.timeout_at(deadline, reserving).await;
        match place {
            Some(Ok(place)) => place.send(driver::Call::Input(Input::Call(Call {
                request,
                deadline,
                owner: Arc::downgrade(&alive),
                reply,
                renewed: false,
            }))),
            Some(Err(_)) => return Err(closed(Sent::NotSent)),
            None => {
                let sent = Sent::NotSent;
                return Err(Error::new(ErrorKind::TimedOut { after, sent }, doing));
            }
        }
        let result = self.inner.task.reply(receiver).await;
        result.ok_or_else(|| closed(shared.unfinished()))?
    }

    /// Moves to new sockets now, instead of when the old ones reach their age. Events go on meanwhile.
    ///
    /// # Errors
    ///
    /// Why a socket could not be moved; it is tried again, or everything is subscribed anew, without further ado.
    /// [`Error::sent`] tells whether the server was asked to.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; the migration goes on.
    pub async fn migrate_now(&self) -> Result<(), Error> {
        self.ask(Input::Migrate).await
    }

    /// The state now, with the counts.
    pub fn status(&self) -> Status {
        alta_socket::status(&*self.inner.shared)
    }

    /// The states as a stream, each with the totals counted so far; it begins with the present one, tells of each migration
    /// too, and ends when the client is closed for good.
    pub fn statuses(&self) -> Statuses {
        Statuses::new(Arc::clone(&self.inner.shared))
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.inner.shared.config
    }

    /// Closes the socket for every handle: open requests end, streams end, the connection is closed, and all of it has
    /// happened when this returns.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; the closing goes on.
    pub async fn close(&self) {
        self.inner.task.close().await;
    }

    /// Knows the tokens that this client has sent: for texts of the service that a program shows.
    pub fn redactor(&self) -> &Redactor {
        &self.inner.shared.redactor
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// Hands a call to the task and waits for its end.
    pub(crate) async fn ask(&self, call: impl FnOnce(Reply<()>) -> Input) -> Result<(), Error> {
        let (reply, receiver) = oneshot::channel();
        let shared = &self.inner.shared;
        let closed = |sent| shared.why_closed("using the client").of_request(sent);
        let sending = self
            .inner
            .calls
            .send(driver::Call::Input(call(reply)))
            .await;
        sending.map_err(|_| closed(Sent::NotSent))?;
        let result = self.inner.task.reply(receiver).await;
        result.ok_or_else(|| closed(shared.unfinished()))?
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.config().host())
            .field("state", &self.inner.shared.condition.get().state)
            .finish_non_exhaustive()
    }
}

/// The states of the main socket as a stream; see [`Client::statuses`].
pub type Statuses = alta_socket::Statuses<Shared>;
