use alta_model::ServerId;
use alta_socket::{BackoffPolicy, Dial, Observer, Proxy, QueueConfig, TcpDialer};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The configuration of a console: its name, timeouts, limits, and the way it connects. Every option has a default.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The name of the console in errors and logs. By default, the server's id, or else the address.
    pub label: Option<String>,
    /// The server's id, which every event then has. `None` for a self-hosted server, which has no id.
    pub server: Option<ServerId>,
    /// The timeout of a command, from the call to the reply. 30 s, as in tavernpy.
    pub request_timeout: Duration,
    /// The rule for a command while the console is not ready. By default, it waits.
    pub when_not_ready: WhenNotReady,
    /// The largest number of pending commands, queued and sent together. 1,024. A long command counts once more for each 8 KiB,
    /// so that memory is bounded. Further callers wait, and their timeouts run.
    pub max_pending: usize,
    /// The largest number of commands that are sent and have no reply yet. 1,024; no limit of the server is known. The console's
    /// own requests to subscribe do not count.
    pub max_in_flight: usize,
    /// The interval of pings. A connection on which nothing is received between two pings is closed. 30 s, as in tavernpy.
    pub ping_interval: Duration,
    /// The timeout of the reply to the token. 10 s, as in tavernpy.
    pub login_timeout: Duration,
    /// The number of logins without a reply to a fixed token after which the console closes. 3: a self-hosted server does not
    /// reply to a wrong token, nor to any token while it loads.
    pub max_silent_logins: u32,
    /// The timeout of opening a connection. 10 s.
    pub connect_timeout: Duration,
    /// The timeout of writing: a connection that accepts no bytes for so long, although some wait, is closed. 30 s: by then
    /// every waiting command has ended.
    pub write_timeout: Duration,
    /// The times after login at which the console subscribes again to its events, because a server that has just started can
    /// lose subscriptions (tavernpy). 8, 20 and 40 s. Also the delays after which a request to subscribe without a reply is
    /// sent again.
    pub resubscribe_after: Vec<Duration>,
    /// The delay between the drop of an event's last stream and the request to unsubscribe. 2 s: a new stream often follows.
    pub linger: Duration,
    /// The time without any reply, while a command is pending, after which the state is
    /// [`Stalled`](crate::State::Stalled). 10 s.
    pub stalled_after: Duration,
    /// The largest accepted frame, in bytes. A larger one ends the connection. 64 MiB: the replies to `spawn list` and for
    /// inventories are large.
    pub max_frame: usize,
    /// The delays between attempts to connect. At first up to 1 s, later up to 60 s, with full jitter.
    pub backoff: BackoffPolicy,
    /// The queue of each stream that does not set its own: 65,536 events or 8 MiB, whichever is reached first. A full queue drops
    /// the oldest events.
    pub queue: QueueConfig,
    /// The dialer, which opens connections. By default, plain TCP. For `wss`, set a [`TcpDialer`] with TLS.
    pub dialer: Option<Arc<dyn Dial>>,
    /// The proxies, for the default dialer. By default, those of the environment ([`Proxy::from_env`]); [`Proxy::none`] uses
    /// none. A given dialer has its own proxies ([`TcpDialer::with_proxy`]): with both a dialer and a proxy, the console closes
    /// at once.
    pub proxy: Option<Proxy>,
    /// A function that sees every text frame that is sent or received, with secrets redacted. None by default.
    pub observer: Option<Observer>,
}

/// The rule for a command while the console is not ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenNotReady {
    /// The command waits in a bounded queue, while its timeout runs, and is sent when the console is ready.
    #[default]
    Wait,
    /// The command fails at once with [`ErrorKind::NotReady`](crate::ErrorKind::NotReady).
    Fail,
}

/// tavernpy's. Long enough for a server that is saving.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A bot that polls a full server has dozens pending; more than this is a leak, which must become visible.
const MAX_PENDING: usize = 1_024;

/// No limit of the server is known.
const MAX_IN_FLIGHT: usize = 1_024;

/// tavernpy's. A dead connection is found within a minute.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// tavernpy's. A self-hosted server refuses a token by not replying.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(10);

/// While a server loads, it does not reply to one or two logins.
const MAX_SILENT_LOGINS: u32 = 3;

/// tavernpy's.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The timeout of a command.
const WRITE_TIMEOUT: Duration = REQUEST_TIMEOUT;

/// tavernpy's, from experience: a server that has just started can lose or delay subscriptions.
const RESUBSCRIBE_AFTER: [Duration; 3] = [
    Duration::from_secs(8),
    Duration::from_secs(20),
    Duration::from_secs(40),
];

/// Longer than a bot needs to replace one stream by another.
const LINGER: Duration = Duration::from_secs(2);

/// Far above the reply time of a working server, and far below the timeout of a command.
const STALLED_AFTER: Duration = Duration::from_secs(10);

/// tavernpy's. `spawn list`, `help modules` and the inventories of all players have large replies.
const MAX_FRAME: usize = 64 * 1024 * 1024;

impl Default for Config {
    fn default() -> Self {
        Self {
            label: None,
            server: None,
            request_timeout: REQUEST_TIMEOUT,
            when_not_ready: WhenNotReady::Wait,
            max_pending: MAX_PENDING,
            max_in_flight: MAX_IN_FLIGHT,
            ping_interval: PING_INTERVAL,
            login_timeout: LOGIN_TIMEOUT,
            max_silent_logins: MAX_SILENT_LOGINS,
            connect_timeout: CONNECT_TIMEOUT,
            write_timeout: WRITE_TIMEOUT,
            resubscribe_after: RESUBSCRIBE_AFTER.to_vec(),
            linger: LINGER,
            stalled_after: STALLED_AFTER,
            max_frame: MAX_FRAME,
            backoff: BackoffPolicy::default(),
            queue: QueueConfig::default(),
            dialer: None,
            proxy: None,
            observer: None,
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty => $value:expr;)*) => {
        impl Config {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $name: $type) -> Self {
                self.$name = $value;
                self
            })*
        }
    };
}

setters! {
    /// Sets the name of the console in errors and logs.
    label: impl Into<String> => Some(label.into());
    /// Sets the server's id.
    server: ServerId => Some(server);
    /// Sets the timeout of commands.
    request_timeout: Duration => request_timeout;
    /// Sets the rule for commands while the console is not ready.
    when_not_ready: WhenNotReady => when_not_ready;
    /// Sets the largest number of pending commands; at least one.
    max_pending: usize => max_pending.max(1);
    /// Sets the largest number of commands without a reply; at least one.
    max_in_flight: usize => max_in_flight.max(1);
    /// Sets the interval of pings.
    ping_interval: Duration => ping_interval;
    /// Sets the timeout of the reply to the token.
    login_timeout: Duration => login_timeout;
    /// Sets the number of logins without a reply after which a fixed token counts as wrong; at least one.
    max_silent_logins: u32 => max_silent_logins.max(1);
    /// Sets the timeout of opening a connection.
    connect_timeout: Duration => connect_timeout;
    /// Sets the timeout of writing.
    write_timeout: Duration => write_timeout;
    /// Sets the times after login at which the console subscribes again.
    resubscribe_after: Vec<Duration> => resubscribe_after;
    /// Sets the delay between the drop of an event's last stream and the request to unsubscribe.
    linger: Duration => linger;
    /// Sets the time without a reply after which the state is `Stalled`.
    stalled_after: Duration => stalled_after;
    /// Sets the largest accepted frame, in bytes.
    max_frame: usize => max_frame;
    /// Sets the delays between attempts to connect.
    backoff: BackoffPolicy => backoff;
    /// Sets the default queue of streams.
    queue: QueueConfig => queue;
    /// Sets the dialer.
    dialer: Arc<dyn Dial> => Some(dialer);
    /// Sets the proxy, instead of the proxies of the environment.
    proxy: Proxy => Some(proxy);
    /// Sets the frame observer.
    observer: Observer => Some(observer);
}

impl Config {
    /// The given dialer, or else plain TCP. Fails if both a dialer and a proxy are given.
    pub(crate) fn effective_dialer(&self) -> Result<Arc<dyn Dial>, String> {
        match (&self.dialer, &self.proxy) {
            (None, None) => Ok(Arc::new(TcpDialer::plain())),
            (None, Some(proxy)) => Ok(Arc::new(TcpDialer::plain().with_proxy(proxy.clone()))),
            (Some(dialer), None) => Ok(Arc::clone(dialer)),
            (Some(_), Some(_)) => Err(
                "both a dialer and a proxy are given; give the proxy to the dialer (TcpDialer::with_proxy)"
                    .to_owned(),
            ),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("label", &self.label)
            .field("server", &self.server)
            .field("request_timeout", &self.request_timeout)
            .field("ping_interval", &self.ping_interval)
            .field("backoff", &self.backoff)
            .finish_non_exhaustive()
    }
}
