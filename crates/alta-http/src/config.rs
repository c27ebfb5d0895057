use std::time::Duration;

/// The numbers of the default layers.
///
/// ```
/// use std::time::Duration;
///
/// let config = alta_http::Config::default()
///     .attempts(5)
///     .attempt_timeout(Duration::from_secs(30));
/// assert_eq!(config.max_in_flight, 5);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How often a request that is safe to repeat is sent, the first time included; at least once.
    pub attempts: u32,
    /// How long one attempt may take, from connecting to the last byte of the body.
    pub attempt_timeout: Duration,
    /// How long connecting (name, TCP and TLS) may take. Below [`attempt_timeout`](Self::attempt_timeout), so that a host
    /// that does not answer is known as such: what was not sent may be repeated, whatever it is. Only the default
    /// transport looks at it.
    pub connect_timeout: Duration,
    /// How long a call may take as a whole, with the wait for its turn, all its attempts and the pauses between them.
    pub call_timeout: Duration,
    /// How many requests may be under way at once. Logins have as many places of their own.
    pub max_in_flight: usize,
    /// How many bytes the body of an answer may have.
    pub body_limit: usize,
    /// The upper bound of the first pause; it doubles from one pause to the next. The pause is drawn evenly between
    /// nothing and the bound.
    pub backoff_first: Duration,
    /// No pause of our own is longer than this.
    pub backoff_cap: Duration,
    /// The longest pause that a server may ask for (`Retry-After`); if it asks for more, its answer is handed on.
    pub max_retry_after: Duration,
    /// Whether to ask for compressed answers, as is done by default. The limit on bodies counts what comes out. Only the
    /// default transport looks at it.
    #[cfg(feature = "gzip")]
    pub gzip: bool,
    /// The proxies to go through: the environment's if none is given ([`Proxy::from_env`](crate::Proxy::from_env)). Only the
    /// default transport looks at it.
    #[cfg(feature = "hyper")]
    pub proxy: Option<crate::Proxy>,
    /// How names are looked up: by the system if it is not said. Only the default transport looks at it.
    #[cfg(feature = "hyper")]
    pub resolver: Option<crate::Resolver>,
}

impl Config {
    /// As many as the game's own client makes.
    pub const ATTEMPTS: u32 = 3;
    /// Twice att-client's: the slowest calls wait for a game server.
    pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
    /// Half of an attempt.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    /// Three attempts that run out of time and their longest pauses; whoever waits longer wants to know.
    pub const CALL_TIMEOUT: Duration = Duration::from_secs(60);
    /// att-client's number; it warns that more than ten make the services unstable.
    pub const MAX_IN_FLIGHT: usize = 5;
    /// 16 MiB: a page of a thousand groups with roles and servers is below 2 MiB.
    pub const BODY_LIMIT: usize = 16 << 20;
    /// Long enough for a gateway to find another machine.
    pub const BACKOFF_FIRST: Duration = Duration::from_millis(500);
    /// The game's own client waits no longer than 4 s.
    pub const BACKOFF_CAP: Duration = Duration::from_secs(5);
    /// Whoever must wait longer should know instead.
    pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

    /// Sets [`attempts`](Self::attempts).
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets [`attempt_timeout`](Self::attempt_timeout).
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Sets [`connect_timeout`](Self::connect_timeout).
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets [`call_timeout`](Self::call_timeout).
    #[must_use]
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// Sets [`max_in_flight`](Self::max_in_flight).
    #[must_use]
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests;
        self
    }

    /// Sets [`body_limit`](Self::body_limit).
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Sets [`backoff_first`](Self::backoff_first) and [`backoff_cap`](Self::backoff_cap).
    #[must_use]
    pub fn backoff(mut self, first: Duration, cap: Duration) -> Self {
        self.backoff_first = first;
        self.backoff_cap = cap;
        self
    }

    /// Sets [`max_retry_after`](Self::max_retry_after).
    #[must_use]
    pub fn max_retry_after(mut self, pause: Duration) -> Self {
        self.max_retry_after = pause;
        self
    }

    /// Sets [`gzip`](Self::gzip).
    #[cfg(feature = "gzip")]
    #[must_use]
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.gzip = gzip;
        self
    }

    /// Sets [`proxy`](Self::proxy). [`Proxy::none`](crate::Proxy::none) is for none, whatever the environment says.
    #[cfg(feature = "hyper")]
    #[must_use]
    pub fn proxy(mut self, proxy: crate::Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Sets [`resolver`](Self::resolver).
    #[cfg(feature = "hyper")]
    #[must_use]
    pub fn resolver(mut self, resolver: crate::Resolver) -> Self {
        self.resolver = Some(resolver);
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            attempts: Self::ATTEMPTS,
            attempt_timeout: Self::ATTEMPT_TIMEOUT,
            connect_timeout: Self::CONNECT_TIMEOUT,
            call_timeout: Self::CALL_TIMEOUT,
            max_in_flight: Self::MAX_IN_FLIGHT,
            body_limit: Self::BODY_LIMIT,
            backoff_first: Self::BACKOFF_FIRST,
            backoff_cap: Self::BACKOFF_CAP,
            max_retry_after: Self::MAX_RETRY_AFTER,
            #[cfg(feature = "gzip")]
            gzip: true,
            #[cfg(feature = "hyper")]
            proxy: None,
            #[cfg(feature = "hyper")]
            resolver: None,
        }
    }
}
