use crate::config::Config;
use crate::driver::Driver;
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
use alta_socket::{TaskGuard, deadline_after};
use http::Method;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument as _;

/// The capacity of the channel to the task. It is small, since the machine has the bounded queue of waiting requests.
const CALLS: usize = 64;

/// A client of the main websocket: events of an account and its groups.
///
/// It connects and reconnects by itself, and moves to a new connection before the service ends the old one; streams and
/// handles stay valid. Clones are handles to the same client. It closes when the last handle is dropped (streams do not
/// keep it open), or by [`close`](Self::close).
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
    calls: mpsc::Sender<Input>,
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

    /// Opens a client: starts to connect in the background and returns at once. Subscriptions and requests can be made
    /// immediately; they wait until the client is [`ready`](Self::ready).
    ///
    /// The tokens are those of a bot; tokens of a user do not compile. [`BotTokens::new`] accepts any
    /// [`TokenSource`](crate::TokenSource).
    ///
    /// ```compile_fail,E0277
    /// # use alta_auth::{StaticToken, UserTokens};
    /// # use alta_ws::{Client, Config};
    /// # fn open(tokens: UserTokens) {
    /// Client::open_with(tokens, Config::default());
    /// # }
    /// ```
    ///
    /// The client's task runs on the current runtime and ends with it. Requests and streams of the client can be
    /// awaited on another runtime or without one.
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
        // At the highest level, so that no log level removes the host from the lines of this task.
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

    /// Waits until all sockets are connected.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unauthorized`] if the account is refused, [`ErrorKind::Closed`] if the client is closed before it
    /// is ready. Other failures are retried without end; for a shorter wait, use a timeout.
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

    /// Subscribes to events: to an event type of this crate with the id of a group or a user, to any [`Topic`], or to a
    /// list of them in one stream. Await the result: it is the stream, once the server has confirmed the subscription.
    /// Several streams of the same topic share one subscription on the server.
    ///
    /// # Errors
    ///
    /// When awaited: [`ErrorKind::Refused`] if the server refuses a topic permanently (404 for a group that does not
    /// exist or is not the account's), [`ErrorKind::Unauthorized`], [`ErrorKind::Closed`]. Other failures are retried.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the stream.
    #[doc(alias = "main_sub")]
    pub fn subscribe<S: Subscribable>(&self, topics: S) -> Subscribe<S::Content> {
        let queue = self.config().queue;
        Subscribe::new(self.clone(), topics.topics(), queue, read::<S>)
    }

    /// A stream of all events that arrive for any subscription of this client. It makes no subscription itself.
    pub fn subscribe_to_everything(&self) -> Subscribe<Value> {
        let queue = self.config().queue;
        Subscribe::new(self.clone(), Vec::new(), queue, read::<Topic>).everything()
    }

    /// Sends a raw request of the protocol and waits for its reply: `GET`, `POST` or `DELETE`, a path without a leading
    /// slash, and the content, which is JSON. The client adds the token. With several sockets, the first one sends the
    /// request.
    ///
    /// The client does not record subscriptions that are made in this way: they end with the connection.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if the status of the reply is not a success, [`ErrorKind::Gateway`],
    /// [`ErrorKind::TimedOut`], [`ErrorKind::Disconnected`], [`ErrorKind::NoToken`], [`ErrorKind::Closed`].
    /// [`Error::sent`] says whether the request may have run. A request is sent once; only if the server refuses its
    /// token (401) is it sent a second time.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before the request was sent, the request is never sent. If it is dropped later, the
    /// reply is discarded.
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
        let deadline = deadline_after(tokio::time::Instant::now().into_std(), after);
        // Kept until the reply: the frame of a dropped call is not sent.
        let alive = Arc::new(());
        let (reply, receiver) = oneshot::channel();
        let shared = &self.inner.shared;
        let closed = |sent| shared.why_closed(doing.clone()).of_request(sent);
        let reserving = self.inner.calls.reserve();
        let place = shared.timers.timeout_at(deadline, reserving).await;
        match place {
            Some(Ok(place)) => place.send(Input::Call(Call {
                request,
                deadline,
                owner: Arc::downgrade(&alive),
                reply,
                renewed: false,
            })),
            Some(Err(_)) => return Err(closed(Sent::NotSent)),
            None => {
                let sent = Sent::NotSent;
                return Err(Error::new(ErrorKind::TimedOut { after, sent }, doing));
            }
        }
        let result = self.inner.task.reply(receiver).await;
        result.ok_or_else(|| closed(shared.unfinished()))?
    }

    /// Moves to new connections now, before the old ones reach their maximum age. Events continue to arrive meanwhile.
    ///
    /// # Errors
    ///
    /// The reason for which a socket could not be moved. The client then tries again, or makes all subscriptions again,
    /// by itself. [`Error::sent`] says whether the request to migrate was sent.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; the migration continues.
    pub async fn migrate_now(&self) -> Result<(), Error> {
        self.ask(Input::Migrate).await
    }

    /// Connects now, without the rest of the backoff. For a program that knows that the service is up again.
    pub async fn retry_now(&self) {
        // A closed client has nothing to retry.
        let _ = self.inner.calls.send(Input::RetryNow).await;
    }

    /// The present state, with the counts.
    pub fn status(&self) -> Status {
        alta_socket::status(&*self.inner.shared)
    }

    /// A stream of statuses, each with the counts at that time. It begins with the present status, also yields one
    /// after each migration, and ends when the client is closed.
    pub fn statuses(&self) -> Statuses {
        Statuses::new(Arc::clone(&self.inner.shared))
    }

    /// The configuration of this client.
    pub fn config(&self) -> &Config {
        &self.inner.shared.config
    }

    /// Closes the client for every handle. When this returns, pending requests and streams have ended and the
    /// connections are closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; the closing continues.
    pub async fn close(&self) {
        self.inner.task.close().await;
    }

    /// The redactor with all tokens that this client has sent. Use it for messages of the service that a program shows.
    pub fn redactor(&self) -> &Redactor {
        &self.inner.shared.redactor
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// Passes a call to the task and waits for its end.
    pub(crate) async fn ask(&self, call: impl FnOnce(Reply<()>) -> Input) -> Result<(), Error> {
        let (reply, receiver) = oneshot::channel();
        let shared = &self.inner.shared;
        let closed = |sent| shared.why_closed("using the client").of_request(sent);
        let sending = self.inner.calls.send(call(reply)).await;
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

/// A stream of the client's statuses; see [`Client::statuses`].
pub type Statuses = alta_socket::Statuses<Shared>;
