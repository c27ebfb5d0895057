use crate::access::place::normalized;
use crate::access::token_file::TokenFile;
use crate::access::{Access, ConsoleAccess};
use crate::commands::command::Command;
use crate::config::Config;
use crate::driver::{Call, Driver, Outcome, Shared};
use crate::error::{Error, ErrorKind, Sent};
use crate::handle::download;
use crate::handle::extensions::Extensions;
use crate::handle::label::Label;
use crate::handle::run::Run;
use crate::handle::status::{Counters, State, Status};
use crate::handle::subscription::{Subscribe, by_name, by_shape};
use crate::wire::any_event::AnyEvent;
use crate::wire::event_name::EventName;
use crate::wire::frame::Frame;
use alta_model::console::event::ConsoleEvent;
use alta_model::console::result::FileDownload;
use alta_model::{Redactor, ServerId, Timestamp};
use alta_socket::{Counted, Publisher, Read, TaskGuard, Timers, later, wall_time};
use serde_json::Value;
use std::any::Any;
use std::fmt;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tracing::Instrument as _;
use url::Url;

/// Calls on their way to the task beside commands, for each of which there is room.
const CALLS: usize = 64;

/// Each pending command may be of this size, in bytes. A longer one counts as several.
const COMMAND_SIZE: usize = 8 * 1024;

/// A console of one game server: commands out, events in, for as long as the program wants it.
///
/// It connects by itself and comes back by itself; streams and handles stay valid across server restarts. Clones are
/// handles to the same connection. It closes when the last handle is dropped (streams do not hold it open), or by
/// [`close`](Self::close).
///
/// ```no_run
/// use att_console::{Console, TokenFile, commands::player, event::PlayerJoined};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let console = Console::open(TokenFile::local()?);
/// let mut joins = console.subscribe::<PlayerJoined>().await?;
/// while let Some(event) = joins.next_event().await {
///     // A server that restarts fails a command, not the bot.
///     if let Err(error) = console.command(player::message(event.data.user, "Welcome!")).await {
///         eprintln!("{error}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[doc(alias = "create_console")]
#[derive(Clone)]
pub struct Console {
    inner: Arc<Inner>,
}

/// A handle to a console that does not hold it open; see [`Console::downgrade`].
#[derive(Clone)]
pub struct WeakConsole {
    inner: Weak<Inner>,
}

impl WeakConsole {
    /// The console; `None` once its last handle was dropped.
    pub fn upgrade(&self) -> Option<Console> {
        let inner = self.inner.upgrade()?;
        Some(Console { inner })
    }
}

impl fmt::Debug for WeakConsole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = self.upgrade().map(|console| console.label());
        f.debug_struct("WeakConsole")
            .field("label", &label)
            .finish_non_exhaustive()
    }
}

struct Inner {
    shared: Arc<Shared>,
    calls: mpsc::Sender<Call>,
    /// A permit for each pending command of the usual size: further callers wait for one, where their own timeout runs.
    room: Semaphore,
    permits: usize,
    task: TaskGuard,
    extensions: Extensions,
}

impl Drop for Inner {
    /// A program that let its console go by mistake would only see its streams end.
    fn drop(&mut self) {
        if !self.shared.status.get().is_closed() {
            let console = &self.shared.label;
            tracing::info!(%console, "its last handle was dropped, so it closes; streams don't hold it open");
        }
    }
}

/// The states of a console as a stream; see [`Console::statuses`].
pub type Statuses = alta_socket::Statuses<Shared>;

impl Console {
    /// Opens a console with the default configuration; see [`open_with`](Self::open_with).
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, which needs its timers and its I/O (`enable_all`).
    pub fn open(access: impl Access) -> Self {
        Self::open_with(access, Config::default())
    }

    /// Opens a console: begins to connect in the background and returns at once. Commands and subscriptions may follow
    /// immediately; they wait until it is [`ready`](Self::ready).
    ///
    /// It lives on the runtime that it is opened on, and closes with it
    /// ([`Closed::RuntimeEnded`](crate::Closed::RuntimeEnded)). Its commands and streams may be awaited anywhere, on another
    /// runtime or on none.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, which needs its timers and its I/O (`enable_all`).
    pub fn open_with(access: impl Access, config: Config) -> Self {
        let by_server = || config.server.map(|server| format!("server {server}"));
        let label = config.label.clone().or_else(by_server);
        let label = label.or_else(|| access.name());
        let label = Label::new(label.unwrap_or_else(|| "the console".to_owned()));
        let shared = Arc::new(Shared {
            config: Arc::new(config),
            label,
            redactor: Redactor::new(),
            place: access.address().and_then(|url| normalized(&url)),
            hub: alta_socket::Hub::default(),
            timers: Timers::current(),
            status: Publisher::new(State::Connecting { attempt: 1 }),
            counters: Arc::new(Counters::default()),
            counted: Counted::default(),
            access: Mutex::new(None),
        });
        let most = Semaphore::MAX_PERMITS - CALLS;
        let permits = shared.config.pending.clamp(1, most);
        let (calls, inbox) = mpsc::channel(permits + CALLS);
        let room = Semaphore::new(permits);
        // Of the highest level, so that no line below it loses the name of its console.
        let span = tracing::error_span!(
            "console",
            name = %shared.label,
            server = shared.config.server.map(ServerId::get),
        );
        let task = TaskGuard::spawn(|shutdown| {
            let driver = Driver::new(Arc::clone(&shared), Arc::new(access), inbox, shutdown);
            Box::new(driver).run().instrument(span)
        });
        Self {
            inner: Arc::new(Inner {
                shared,
                calls,
                room,
                permits,
                task,
                extensions: Extensions::default(),
            }),
        }
    }

    /// Opens the console of a self-hosted server (TavernLib) on this machine: at `ws://127.0.0.1:1760`, by the
    /// `console_token.txt` in its default place.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoTokenFile`] if this machine has no such place; see [`TokenFile::local`].
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, which needs its timers and its I/O (`enable_all`).
    pub fn local() -> Result<Self, Error> {
        Ok(Self::open(TokenFile::local()?))
    }

    /// Waits until the server has accepted the token and commands can run.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`] if the console is refused or closed before. Until then it keeps trying;
    /// [`ready_within`](Self::ready_within) gives up earlier.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    #[doc(alias = "ensure_open")]
    pub async fn ready(&self) -> Result<(), Error> {
        let mut states = self.inner.shared.status.watch();
        let found = states
            .wait_for(|state| state.is_connected() || state.is_closed())
            .await;
        self.ready_or_closed(found)
    }

    /// Waits as [`ready`](Self::ready) does, for at most this long: a server that boots takes minutes, and one that is down
    /// for good is tried for ever.
    ///
    /// ```no_run
    /// # use att_console::Console;
    /// # use std::time::Duration;
    /// # async fn run(console: Console) -> Result<(), att_console::Error> {
    /// console.ready_within(Duration::from_secs(10)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotReadyWithin`] when the time is over, with what the last attempt failed by; the console keeps trying.
    /// [`ErrorKind::Closed`] if it is refused or closed before.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn ready_within(&self, limit: Duration) -> Result<(), Error> {
        let mut states = self.inner.shared.status.watch();
        let mut trouble = None;
        let ready = states.wait_for(|state| {
            if let State::Recovering { because, .. } = state {
                trouble = Some(because.clone());
            }
            state.is_connected() || state.is_closed()
        });
        let deadline = later(now(), limit);
        match self.inner.shared.timers.timeout_at(deadline, ready).await {
            Some(found) => self.ready_or_closed(found),
            None => Err(self.not_ready(ErrorKind::NotReadyWithin {
                after: limit,
                because: trouble,
            })),
        }
    }

    /// Runs a command and waits for its answer, which ends exactly once: by the server's answer or error, by timeout,
    /// or by disconnection. It is never sent twice.
    ///
    /// Takes a text as it is, or a [`Command`] with its arguments as values; [`commands`](crate::commands) has the
    /// usual ones with typed results. The returned [`Run`] is awaited, after setting its timeout if need be.
    ///
    /// # Errors
    ///
    /// When awaited: see [`ErrorKind`]; [`Error::sent`] tells whether the command may have run.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before the command was handed to the socket means that it is never sent. Later, it runs and
    /// its answer is thrown away.
    #[doc(alias = "send_command_console")]
    pub fn command<T>(&self, command: impl Into<Command<T>>) -> Run<'_, T> {
        let config = self.config();
        Run::new(self, command.into(), config)
    }

    /// Subscribes to a kind of event, in typed form. Await the result to get the stream when the server has confirmed
    /// it. Several streams of the same event share one subscription on the server.
    ///
    /// ```no_run
    /// # use att_console::{Console, event::PlayerMovedChunk};
    /// # async fn run(console: Console) -> Result<(), att_console::Error> {
    /// let into_caves = |moved: &PlayerMovedChunk| moved.new_cave_layer().is_some();
    /// let mut moves = console.subscribe().filter(into_caves).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: [`ErrorKind::EventNotFound`] if the server has no such event, [`ErrorKind::Closed`].
    #[doc(alias = "console_sub")]
    pub fn subscribe<E: ConsoleEvent>(&self) -> Subscribe<E> {
        self.subscribe_by(vec![E::NAME.into()], by_shape)
    }

    /// Subscribes to events by name, the names written in any case, in one stream that keeps their order. Mods' events
    /// are subscribed to this way.
    ///
    /// # Errors
    ///
    /// When awaited: [`ErrorKind::EventNotFound`] with the nearest known names if the server lacks one of them,
    /// [`ErrorKind::Closed`].
    #[doc(alias = "console_sub")]
    pub fn subscribe_to<N: Into<EventName>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Subscribe<Value> {
        let names = names.into_iter().map(Into::into).collect();
        self.subscribe_by(names, by_shape)
    }

    /// Subscribes to several kinds of events, in one stream that keeps their order, each in its own type.
    ///
    /// ```no_run
    /// use att_console::{AnyEvent, Console};
    ///
    /// # async fn run(console: Console) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut events = console.subscribe_to_any(["PlayerJoined", "PlayerLeft"]).await?;
    /// while let Some(event) = events.next_event().await {
    ///     match event.data {
    ///         AnyEvent::PlayerJoined(joined) => println!("+ {}", joined.user.username),
    ///         AnyEvent::PlayerLeft(left) => println!("- {}", left.user.username),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When awaited: as [`subscribe_to`](Self::subscribe_to).
    pub fn subscribe_to_any<N: Into<EventName>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Subscribe<AnyEvent> {
        let names = names.into_iter().map(Into::into).collect();
        self.subscribe_by(names, by_name)
    }

    /// Every event that comes, also of kinds that this library does not know, and of the console's own commands
    /// ([`Event::is_own`](crate::Event::is_own)). Subscribes to all the events of a stock server, log streams included; a mod's events come with them once anybody has subscribed to those
    /// ([`websocket::subscriptions`](crate::commands::websocket::subscriptions) lists what a server has).
    pub fn subscribe_to_everything(&self) -> Subscribe<Value> {
        let names = EventName::known().collect();
        self.subscribe_by(names, by_shape).everything()
    }

    fn subscribe_by<T>(&self, names: Vec<EventName>, read: Read<Shared, T>) -> Subscribe<T> {
        Subscribe::new(self.clone(), names, self.config().queue, read)
    }

    /// What the console is doing now, and what it has counted.
    pub fn status(&self) -> Status {
        self.inner.shared.status()
    }

    /// When the server was last heard on the latest connection that has ended: events since then may be missing. None if no
    /// connection has ended. A stream of another console of the same server can
    /// [resume](Subscribe::resuming) from here.
    pub fn heard_until(&self) -> Option<Timestamp> {
        let heard = *self.inner.shared.counters.heard_until();
        let now = tokio::time::Instant::now().into_std();
        heard.map(|heard| wall_time(heard, now).into())
    }

    /// The console's states as a stream, each with the totals counted so far; it begins with the present one and ends
    /// when the console is closed for good.
    ///
    /// ```no_run
    /// # async fn run(console: att_console::Console) {
    /// // All that was asked is answered.
    /// console.statuses().wait_for(|status| status.waiting == 0 && status.in_flight == 0).await;
    /// # }
    /// ```
    pub fn statuses(&self) -> Statuses {
        Statuses::new(Arc::clone(&self.inner.shared))
    }

    /// Tries to connect now instead of waiting for the backoff: something says that the server is up.
    pub async fn retry_now(&self) {
        // A console that is closed has nothing to retry.
        let _ = self.inner.calls.send(Call::RetryNow).await;
    }

    /// The name of this console in events, errors and logs.
    pub fn label(&self) -> Arc<str> {
        self.inner.shared.label.get()
    }

    /// Knows the tokens that this console has sent: for texts of the server that a program shows.
    pub fn redactor(&self) -> &Redactor {
        &self.inner.shared.redactor
    }

    /// Changes the [`label`](Self::label) for every handle: the server was renamed. Events that are read from now on
    /// carry the new one.
    pub fn set_label(&self, label: impl Into<Arc<str>>) {
        let label = label.into();
        if let Some(before) = self.inner.shared.label.replace(Arc::clone(&label)) {
            tracing::info!(
                console = &*label,
                before = &*before,
                "a console has a new name"
            );
        }
    }

    /// The server's id, if it was given one.
    pub fn server(&self) -> Option<ServerId> {
        self.config().server
    }

    /// One form for every address of a console: with its port, without user and password, this machine always as
    /// `127.0.0.1`. Two addresses with the same place lead to the same server. None for a URL that no console can have.
    ///
    /// ```
    /// use att_console::Console;
    ///
    /// let place = |url: &str| Console::place_of(&url.parse().unwrap());
    /// assert_eq!(place("ws://localhost:1760"), place("ws://[::1]:1760/"));
    /// ```
    pub fn place_of(url: &Url) -> Option<Url> {
        normalized(url)
    }

    /// The [place](Self::place_of) of the console, if it is known before access is asked for.
    pub fn place(&self) -> Option<&Url> {
        self.inner.shared.place.as_ref()
    }

    /// Whether both are handles to the same connection.
    pub fn same_console(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// A handle that does not hold the console open, for a task that works as long as others use the console.
    pub fn downgrade(&self) -> WeakConsole {
        WeakConsole {
            inner: Arc::downgrade(&self.inner),
        }
    }

    /// The value of this type that all handles of the console share. It is made at the first call and dropped with the last
    /// handle, so it may hold a [`WeakConsole`], but no `Console`.
    ///
    /// For a library on top of consoles, where several parts of a program need the same state of one console.
    ///
    /// ```no_run
    /// # use std::sync::atomic::{AtomicU64, Ordering};
    /// #[derive(Default)]
    /// struct Greetings(AtomicU64);
    ///
    /// # fn run(console: att_console::Console) {
    /// let greetings = console.extension(Greetings::default);
    /// greetings.0.fetch_add(1, Ordering::Relaxed);
    /// # }
    /// ```
    pub fn extension<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        self.inner.extensions.get_or_insert_with(make)
    }

    /// The configuration it was opened with.
    pub fn config(&self) -> &Config {
        &self.inner.shared.config
    }

    /// The access of the latest connection: where the console is, and where result files are fetched.
    pub fn access(&self) -> Option<ConsoleAccess> {
        let access = &self.inner.shared.access;
        access
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A ready request for a file that a command returned, for any HTTP client. Its authorization header is marked
    /// sensitive; the file's name is the last segment of the path.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoFileServer`] if the access named no file server, or the console was never connected.
    pub fn download(&self, file: &FileDownload) -> Result<http::Request<()>, Error> {
        let request = self
            .access()
            .and_then(|access| download::request(&access, file));
        request.ok_or_else(|| {
            let doing = format!("asking {} for {:?}", self.label(), file.download_url);
            Error::new(ErrorKind::NoFileServer, doing)
        })
    }

    /// Closes the console for every handle: open commands end, streams end, the connection is closed, and all of it has
    /// happened when this returns.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; the closing goes on.
    pub async fn close(&self) {
        self.inner.task.close().await;
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// Hands a command of this many bytes to the task, waiting for room within its timeout, and waits for its outcome.
    pub(crate) async fn order(
        &self,
        order: impl FnOnce(Outcome) -> Call,
        bytes: usize,
        deadline: Instant,
        after: Duration,
    ) -> Result<Option<Frame>, ErrorKind> {
        let inner = &*self.inner;
        let permits = (1 + bytes / COMMAND_SIZE).min(inner.permits);
        let permits = u32::try_from(permits).unwrap_or(u32::MAX);
        let room = inner.room.try_acquire_many(permits).ok();
        let reserved = room.zip(inner.calls.try_reserve().ok());
        let (room, place) = if let Some(reserved) = reserved {
            reserved
        } else {
            // Boxed, since most commands find room and never wait.
            let waiting = inner.task.unless_ended(async {
                let room = inner.room.acquire_many(permits).await.ok()?;
                Some((room, inner.calls.reserve().await.ok()?))
            });
            let waiting = Box::pin(inner.shared.timers.timeout_at(deadline, waiting));
            let timed_out = ErrorKind::TimedOut {
                after,
                sent: Sent::NotSent,
            };
            let reserved = waiting.await.ok_or(timed_out)?.flatten();
            reserved.ok_or_else(|| inner.shared.closed())?
        };
        let outcome = self.outcome(place, order).await;
        // The caller's until now.
        drop(room);
        outcome.unwrap_or_else(|| Err(inner.shared.never_answered()))
    }

    /// Hands a call to the task and waits for its outcome.
    pub(crate) async fn ask(
        &self,
        call: impl FnOnce(Outcome) -> Call,
    ) -> Result<Result<Option<Frame>, ErrorKind>, ErrorKind> {
        let closed = || self.inner.shared.closed();
        let place = self.inner.calls.reserve().await.map_err(|_| closed())?;
        self.outcome(place, call).await.ok_or_else(closed)
    }

    /// Sends a call and waits for its outcome; none if the task ends without one.
    async fn outcome(
        &self,
        place: mpsc::Permit<'_, Call>,
        call: impl FnOnce(Outcome) -> Call,
    ) -> Option<Result<Option<Frame>, ErrorKind>> {
        let (outcome, answer) = oneshot::channel();
        place.send(call(Outcome(outcome)));
        // The task drops what is in the channel when it ends. A call that comes just then would lie there.
        fence(Ordering::SeqCst);
        if self.inner.calls.is_closed() {
            return Box::pin(self.inner.task.answer(answer)).await;
        }
        answer.await.ok()
    }

    fn ready_or_closed(&self, found: Option<State>) -> Result<(), Error> {
        match found {
            Some(State::Closed { because }) => Err(self.not_ready(ErrorKind::Closed { because })),
            Some(_) => Ok(()),
            None => Err(self.not_ready(self.inner.shared.closed())),
        }
    }

    fn not_ready(&self, kind: ErrorKind) -> Error {
        let doing = format!("waiting for {} to be ready", self.label());
        Error::new(kind, doing)
    }
}

/// On the clock that tasks wait by.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("label", &self.label())
            .field("state", &self.inner.shared.status.get())
            .finish_non_exhaustive()
    }
}
