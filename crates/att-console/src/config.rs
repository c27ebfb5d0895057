use alta_model::ServerId;
use alta_socket::{BackoffPolicy, Dial, Observer, Proxy, QueueConfig, TcpDialer};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What a console can be told about times, limits and the way it dials. All of it has a default.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// How errors and logs call the server. By its id, by default, or else by its address.
    pub label: Option<String>,
    /// The server's id, put on every event. None for a self-hosted server, which has none.
    pub server: Option<ServerId>,
    /// How long a command may take from the call to its answer, waiting included. 30 s, as in tavernpy.
    pub request_timeout: Duration,
    /// Whether a command waits while the console is not ready. It does, by default.
    pub when_not_ready: WhenNotReady,
    /// How many commands may be pending at once, queued and sent: 1,024. A long command counts once more for each 8 KiB, so
    /// that memory is bounded. Further callers wait, and their timeouts run.
    pub pending: usize,
    /// How many commands may be sent and unanswered at once. 1,024; no limit of the server is known. Subscriptions, which
    /// the console sends by itself, do not count.
    pub max_in_flight: usize,
    /// A ping goes out this often, and the link is given up if nothing at all was heard by the next. 30 s (tavernpy).
    pub ping: Duration,
    /// How long the server may take to answer the token. 10 s (tavernpy).
    pub login_timeout: Duration,
    /// How often a fixed token may stay without an answer before the console gives up. 3: a self-hosted server says
    /// nothing to a wrong token, but also nothing while it loads.
    pub silent_logins: u32,
    /// How long dialing may take. 10 s.
    pub connect_timeout: Duration,
    /// How long nothing at all may be written while something waits to be: then the connection is given up. 30 s: by then
    /// no command is waited for any more.
    pub write_timeout: Duration,
    /// When subscriptions are asked for again after login, since a server that just started may lose them (tavernpy), and how
    /// long after it was first made a request for one is made again if no answer came. After 8, 20 and 40 s.
    pub ask_again: Vec<Duration>,
    /// How long a subscription is kept when its last stream is dropped, in case another comes. 2 s.
    pub linger: Duration,
    /// Nothing answered for so long, with a command open all that time, makes the state [`Stalled`](crate::State::Stalled).
    /// 10 s.
    pub stalled_after: Duration,
    /// The largest frame accepted; a larger one ends the connection. 64 MiB: `spawn list` and inventories are large.
    pub max_frame: usize,
    /// The delays between attempts to connect: up to 1 s at first, up to 60 s in the end, with full jitter.
    pub backoff: BackoffPolicy,
    /// The queue of every stream that does not choose its own. 65,536 events or 8 MiB, whichever is reached first; the oldest
    /// dropped first.
    pub queue: QueueConfig,
    /// How connections are made. By TCP if none is given; for `wss` a [`TcpDialer`] with TLS is put here.
    pub dialer: Option<Arc<dyn Dial>>,
    /// The proxies to go through, if no dialer is given: the environment's if none is given either
    /// ([`Proxy::from_env`]), none at all with [`Proxy::none`]. A dialer has its own
    /// ([`TcpDialer::with_proxy`]); with both, the console closes at once.
    pub proxy: Option<Proxy>,
    /// Sees every text frame that is sent and received, without its secrets, for debugging. None by default.
    pub observer: Option<Observer>,
}

/// What becomes of a command while the console is not ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenNotReady {
    /// It waits in a bounded queue while its timeout runs, and is sent when the console is ready.
    #[default]
    Wait,
    /// It fails at once with [`ErrorKind::NotReady`](crate::ErrorKind::NotReady).
    Fail,
}

/// tavernpy's; long enough for a server that is busy saving.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A bot that polls a full server has dozens open; more than this is a leak that should be felt.
const PENDING: usize = 1_024;

/// No limit of the server is known.
const MAX_IN_FLIGHT: usize = 1_024;

/// tavernpy's; a dead link is found within a minute.
const PING: Duration = Duration::from_secs(30);

/// tavernpy's: silence for so long is the refusal of a self-hosted server.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(10);

/// A server that loads is silent, too, once or twice.
const SILENT_LOGINS: u32 = 3;

/// tavernpy's.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// As long as a command may take.
const WRITE_TIMEOUT: Duration = REQUEST_TIMEOUT;

/// tavernpy's, found by trying: a server that just started may lose or delay subscriptions.
const ASK_AGAIN: [Duration; 3] = [
    Duration::from_secs(8),
    Duration::from_secs(20),
    Duration::from_secs(40),
];

/// Longer than a bot takes to replace one stream by another.
const LINGER: Duration = Duration::from_secs(2);

/// Far above any answer of a working server, far below the command timeout.
const STALLED_AFTER: Duration = Duration::from_secs(10);

/// tavernpy's: `spawn list`, `help modules` and inventories of everyone are large.
const MAX_FRAME: usize = 64 * 1024 * 1024;

impl Default for Config {
    fn default() -> Self {
        Self {
            label: None,
            server: None,
            request_timeout: REQUEST_TIMEOUT,
            when_not_ready: WhenNotReady::Wait,
            pending: PENDING,
            max_in_flight: MAX_IN_FLIGHT,
            ping: PING,
            login_timeout: LOGIN_TIMEOUT,
            silent_logins: SILENT_LOGINS,
            connect_timeout: CONNECT_TIMEOUT,
            write_timeout: WRITE_TIMEOUT,
            ask_again: ASK_AGAIN.to_vec(),
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
    /// With this name in errors and logs.
    label: impl Into<String> => Some(label.into());
    /// With this server's id on every event.
    server: ServerId => Some(server);
    /// With another time allowed for commands.
    request_timeout: Duration => request_timeout;
    /// With another rule for commands while the console is not ready.
    when_not_ready: WhenNotReady => when_not_ready;
    /// With another bound on open commands; at least one.
    pending: usize => pending.max(1);
    /// With another bound on unanswered commands; at least one.
    max_in_flight: usize => max_in_flight.max(1);
    /// With another ping interval.
    ping: Duration => ping;
    /// With another time allowed for the answer to the token.
    login_timeout: Duration => login_timeout;
    /// With another number of silent logins before a fixed token counts as wrong; at least one.
    silent_logins: u32 => silent_logins.max(1);
    /// With another time allowed for dialing.
    connect_timeout: Duration => connect_timeout;
    /// With another time that writing may stand still.
    write_timeout: Duration => write_timeout;
    /// With other times at which subscriptions are asked for again after login.
    ask_again: Vec<Duration> => ask_again;
    /// With another linger of subscriptions that nobody reads any more.
    linger: Duration => linger;
    /// With another time until a silent server counts as stalled.
    stalled_after: Duration => stalled_after;
    /// With another limit on the size of frames.
    max_frame: usize => max_frame;
    /// With other delays between attempts.
    backoff: BackoffPolicy => backoff;
    /// With another default queue for streams.
    queue: QueueConfig => queue;
    /// With another way of making connections.
    dialer: Arc<dyn Dial> => Some(dialer);
    /// With this proxy, or [`Proxy::none`], whatever the environment says.
    proxy: Proxy => Some(proxy);
    /// With an observer of all text frames.
    observer: Observer => Some(observer);
}

impl Config {
    /// How connections are made: by the dialer that was given, else by TCP.
    ///
    /// # Errors
    ///
    /// What is wrong, if both a dialer and a proxy were given.
    pub fn the_dialer(&self) -> Result<Arc<dyn Dial>, String> {
        match (&self.dialer, &self.proxy) {
            (None, None) => Ok(Arc::new(TcpDialer::plain())),
            (None, Some(proxy)) => Ok(Arc::new(TcpDialer::plain().with_proxy(proxy.clone()))),
            (Some(dialer), None) => Ok(Arc::clone(dialer)),
            (Some(_), Some(_)) => Err(
                "a dialer and a proxy were given; the proxy belongs into the dialer (TcpDialer::with_proxy)"
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
            .field("ping", &self.ping)
            .field("backoff", &self.backoff)
            .finish_non_exhaustive()
    }
}
