use crate::access::normalize::normalized;
use crate::access::token_file::TokenFile;
use crate::access::{Access, ConsoleAccess, address};
use crate::commands::command::Command;
use crate::config::Config;
use crate::driver::Driver;
use crate::error::{Error, ErrorKind};
use crate::handle::calls::Calls;
use crate::handle::download;
use crate::handle::run::Run;
use crate::handle::subscription::{Subscribe, by_name, by_shape};
use crate::label::Label;
use crate::shared::Shared;
use crate::wire::any_event::AnyEvent;
use crate::wire::event_name::EventName;
use alta_model::console::event::ConsoleEvent;
use alta_model::console::result::FileDownload;
use alta_model::{Redactor, ServerId};
use alta_socket::{Read, TaskGuard};
use serde_json::Value;
use std::any::Any;
use std::fmt;
use std::sync::{Arc, PoisonError};
use tracing::Instrument as _;
use url::Url;

/// A console of one game server: sends commands and receives events.
///
/// It connects by itself, and connects again after a loss; handles and streams stay valid when the server restarts. A clone is
/// another handle to the same connection. The console closes when its last handle is dropped (streams do not keep it open), or
/// by [`close`](Self::close).
///
/// ```no_run
/// use att_console::{Console, TokenFile, commands::player, event::PlayerJoined};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let console = Console::open(TokenFile::local()?);
/// let mut joins = console.subscribe::<PlayerJoined>().await?;
/// while let Some(event) = joins.next_event().await {
///     // While the server restarts, a command fails; the bot keeps running.
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
    pub(super) calls: Arc<Calls>,
}

impl Console {
    /// Opens a console with the default configuration; see [`open_with`](Self::open_with).
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with timers and I/O (`enable_all`).
    pub fn open(access: impl Access) -> Self {
        Self::open_with(access, Config::default())
    }

    /// Opens a console: starts to connect in the background and returns at once. Commands and subscriptions can follow
    /// immediately; they wait until the console is [`ready`](Self::ready).
    ///
    /// The console runs on the present runtime and closes when that runtime ends
    /// ([`Closed::RuntimeEnded`](crate::Closed::RuntimeEnded)). Its commands and streams can be awaited anywhere: on this
    /// runtime, on another, or on none.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with timers and I/O (`enable_all`).
    pub fn open_with(access: impl Access, config: Config) -> Self {
        let by_server = || config.server.map(|server| format!("server {server}"));
        let label = config.label.clone().or_else(by_server);
        let label = label.or_else(|| access.name());
        let label = Label::new(label.unwrap_or_else(|| "the console".to_owned()));
        let url = access.address().and_then(|url| normalized(&url));
        let shared = Arc::new(Shared::new(config, label, url));
        // At the level `error`, so that the lines of every level have the name of their console.
        let span = tracing::error_span!(
            "console",
            name = %shared.label,
            server = shared.config.server.map(ServerId::get),
        );
        let calls = Calls::new(Arc::clone(&shared), |inbox| {
            TaskGuard::spawn(|shutdown| {
                let driver =
                    span.in_scope(|| Driver::new(shared, Arc::new(access), inbox, shutdown));
                alta_socket::run(Box::new(driver)).instrument(span)
            })
        });
        Self {
            calls: Arc::new(calls),
        }
    }

    /// Opens the console of a self-hosted server (TavernLib) on this machine: at `ws://127.0.0.1:1760`, with the
    /// `console_token.txt` at its default path.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoTokenFile`] if this machine has no such path; see [`TokenFile::local`].
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with timers and I/O (`enable_all`).
    pub fn local() -> Result<Self, Error> {
        Ok(Self::open(TokenFile::local()?))
    }

    /// Runs a command and waits for its reply. A command ends exactly once: with the server's reply or error, with a timeout,
    /// or with the loss of the connection. It is never sent twice.
    ///
    /// The command is a string, which is sent unchanged, or a [`Command`] with its arguments as values;
    /// [`commands`](crate::commands) has the usual commands with typed results. Nothing is sent before the returned [`Run`] is
    /// awaited.
    ///
    /// # Errors
    ///
    /// When awaited: see [`ErrorKind`]; [`Error::sent`] says whether the command may have run.
    ///
    /// # Cancel safety
    ///
    /// A command whose future is dropped before the command is written to the socket is never sent. Afterwards it runs, and its
    /// reply is dropped.
    #[doc(alias = "send_command_console")]
    pub fn command<T>(&self, command: impl Into<Command<T>>) -> Run<'_, T> {
        Run::new(&self.calls, command.into())
    }

    /// Subscribes to one kind of event, in its own type. Await the result: it returns the stream when the server has confirmed
    /// the subscription. All streams of an event share one subscription on the server.
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

    /// Subscribes to events by name, in one stream that keeps their order. Names match in any case. Use this for the events of
    /// mods.
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

    /// Subscribes to several kinds of event, in one stream that keeps their order. Each event has its own type.
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
    /// When awaited: the errors of [`subscribe_to`](Self::subscribe_to).
    pub fn subscribe_to_any<N: Into<EventName>>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> Subscribe<AnyEvent> {
        let names = names.into_iter().map(Into::into).collect();
        self.subscribe_by(names, by_name)
    }

    /// Subscribes to all events of an unmodified server, including the log events. The stream yields every event that the console
    /// receives, including the events of the console's own commands ([`Event::is_own`](crate::Event::is_own)), and including the
    /// events of mods while another stream has subscribed to them
    /// ([`websocket::subscriptions`](crate::commands::websocket::subscriptions) lists all events of a server).
    pub fn subscribe_to_everything(&self) -> Subscribe<Value> {
        let names = EventName::known().collect();
        self.subscribe_by(names, by_shape).everything()
    }

    fn subscribe_by<T>(&self, names: Vec<EventName>, read: Read<Shared, T>) -> Subscribe<T> {
        Subscribe::new(Arc::clone(&self.calls), names, self.config().queue, read)
    }

    /// The name of this console in events, errors and logs.
    pub fn label(&self) -> Arc<str> {
        self.calls.shared.label.get()
    }

    /// The redactor that knows the tokens of this console. Use it before you show strings of the server.
    pub fn redactor(&self) -> &Redactor {
        &self.calls.shared.redactor
    }

    /// Changes the [`label`](Self::label) of all handles, for example after the server was renamed. Events that are read from
    /// now on have the new label.
    pub fn set_label(&self, label: impl Into<Arc<str>>) {
        let label = label.into();
        if let Some(before) = self.calls.shared.label.replace(Arc::clone(&label)) {
            tracing::info!(
                console = &*label,
                before = &*before,
                "the console has a new name"
            );
        }
    }

    /// The server's id, if the configuration has one.
    pub fn server(&self) -> Option<ServerId> {
        self.config().server
    }

    /// Parses the address of a console, such as `ws://192.0.2.7:1760`. Without a scheme, `ws` is used; without a scheme and
    /// a port, port 1760: `192.0.2.7`, `town.example` and `::1` are addresses, too. With a scheme and without a port, the port
    /// is that of the scheme (80 for `ws`, 443 for `wss`).
    ///
    /// Unlike `Url::parse`, its error shows the input, and an address that is valid.
    ///
    /// ```
    /// use att_console::Console;
    ///
    /// assert_eq!(Console::parse_address("192.0.2.7")?.as_str(), "ws://192.0.2.7:1760/");
    /// assert_eq!(Console::parse_address("town.example:80")?.as_str(), "ws://town.example/");
    /// assert_eq!(
    ///     Console::parse_address("wss://town.example/console")?.as_str(),
    ///     "wss://town.example/console"
    /// );
    /// assert_eq!(
    ///     Console::parse_address("1760").unwrap_err().to_string(),
    ///     r#"parsing "1760" as a console's address: it is a number, not a host; did you mean ws://127.0.0.1:1760?"#
    /// );
    /// # Ok::<(), att_console::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Address`].
    pub fn parse_address(address: &str) -> Result<Url, Error> {
        address::parse(address)
    }

    /// Normalizes the address of a console: the result has a port, no user and no password, and names this machine
    /// `127.0.0.1`. Two addresses with the same normal form lead to the same server. `None` if a console cannot have this URL.
    ///
    /// ```
    /// use att_console::Console;
    ///
    /// let normal = |url: &str| Console::normalize_url(&url.parse().unwrap());
    /// assert_eq!(normal("ws://localhost:1760"), normal("ws://[::1]:1760/"));
    /// ```
    pub fn normalize_url(url: &Url) -> Option<Url> {
        normalized(url)
    }

    /// The address of the console in its [normal form](Self::normalize_url), if it is known before access is requested.
    pub fn url(&self) -> Option<&Url> {
        self.calls.shared.url.as_ref()
    }

    /// Returns whether both are handles to the same connection.
    pub fn same_console(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.calls, &other.calls)
    }

    /// Returns the value of this type that all handles of the console share. The first call makes it; it is dropped with the
    /// last handle. It can contain a [`WeakConsole`](crate::WeakConsole); with a `Console` in it, the console would never close.
    ///
    /// For libraries that keep their own state of a console, once for all parts of a program.
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
        self.calls.extensions.get_or_insert_with(make)
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.calls.shared.config
    }

    /// The access that the latest connection used: the address, the token and the file server.
    pub fn access(&self) -> Option<ConsoleAccess> {
        let access = &self.calls.shared.access;
        access
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Builds the request for a file that a command returned, for any HTTP client. Its authorization header is marked
    /// sensitive; the name of the file is the last segment of the path.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoFileServer`] if the access has no file server, or if the console was never connected.
    pub fn download_request(&self, file: &FileDownload) -> Result<http::Request<()>, Error> {
        let request = self
            .access()
            .and_then(|access| download::request(&access, file));
        request.ok_or_else(|| {
            let doing = format!("downloading {:?} from {}", file.download_url, self.label());
            Error::new(ErrorKind::NoFileServer, doing)
        })
    }

    /// Closes the console for all handles. When this returns, all pending commands and streams have ended, and the connection is
    /// closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; the console closes in any case.
    pub async fn close(&self) {
        self.calls.task.close().await;
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.calls, f)
    }
}
