use std::time::Duration;

/// The configuration of the default layers and the default transport.
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
    /// The maximum number of attempts of a request that is safe to repeat, including the first one; at least one is
    /// made.
    pub attempts: u32,
    /// The timeout of one attempt, from connecting to the last byte of the body.
    pub attempt_timeout: Duration,
    /// The timeout of connecting (name, TCP and TLS). It is below [`attempt_timeout`](Self::attempt_timeout), so that an
    /// unreachable host is recognized as such: a request that was not sent is safe to repeat. Only the default transport
    /// reads it.
    pub connect_timeout: Duration,
    /// The timeout of a whole call, with its time in the queue, all its attempts and the pauses between them.
    pub call_timeout: Duration,
    /// The maximum number of requests in flight. Logins have the same number of permits of their own.
    pub max_in_flight: usize,
    /// The maximum size of a response's body, in bytes.
    pub body_limit: usize,
    /// The upper bound of the first pause; it doubles from one pause to the next. The pause is random, between zero and the
    /// bound.
    pub backoff_first: Duration,
    /// The upper bound of all pauses that the server did not request.
    pub backoff_cap: Duration,
    /// The longest pause that a server can request (`Retry-After`); if it requests a longer one, its response is
    /// returned.
    pub max_retry_after: Duration,
    /// True (the default) to request compressed responses. The limit on bodies counts decompressed bytes. Only the
    /// default transport reads it.
    #[cfg(feature = "gzip")]
    pub gzip: bool,
    /// The proxies; those of the environment if not set ([`Proxy::from_env`](crate::Proxy::from_env)). Only the default
    /// transport reads it.
    #[cfg(feature = "hyper")]
    pub proxy: Option<crate::Proxy>,
    /// The resolver of host names; the system's if not set. Only the default transport reads it.
    #[cfg(feature = "hyper")]
    pub resolver: Option<crate::Resolver>,
}

impl Config {
    /// The number of attempts of the game's own client.
    pub const ATTEMPTS: u32 = 3;
    /// Twice att-client's timeout: the slowest calls wait for a game server.
    pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
    /// Half of an attempt.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
    /// Enough for three attempts that time out and their longest pauses.
    pub const CALL_TIMEOUT: Duration = Duration::from_secs(60);
    /// att-client's number; it warns that more than ten make the services unstable.
    pub const MAX_IN_FLIGHT: usize = 5;
    /// 16 MiB: a page of a thousand groups with roles and servers is below 2 MiB.
    pub const BODY_LIMIT: usize = 16 << 20;
    /// Long enough for a gateway to find another machine.
    pub const BACKOFF_FIRST: Duration = Duration::from_millis(500);
    /// The game's own client waits no longer than 4 s.
    pub const BACKOFF_CAP: Duration = Duration::from_secs(5);
    /// A longer pause is left to the caller.
    pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

    /// Sets [`attempts`](Self#structfield.attempts).
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets [`attempt_timeout`](Self#structfield.attempt_timeout).
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Sets [`connect_timeout`](Self#structfield.connect_timeout).
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets [`call_timeout`](Self#structfield.call_timeout).
    #[must_use]
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// Sets [`max_in_flight`](Self#structfield.max_in_flight).
    #[must_use]
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests;
        self
    }

    /// Sets [`body_limit`](Self#structfield.body_limit).
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Sets [`backoff_first`](Self#structfield.backoff_first) and [`backoff_cap`](Self::backoff_cap).
    #[must_use]
    pub fn backoff(mut self, first: Duration, cap: Duration) -> Self {
        self.backoff_first = first;
        self.backoff_cap = cap;
        self
    }

    /// Sets [`max_retry_after`](Self#structfield.max_retry_after).
    #[must_use]
    pub fn max_retry_after(mut self, pause: Duration) -> Self {
        self.max_retry_after = pause;
        self
    }

    /// Sets [`gzip`](Self#structfield.gzip).
    #[cfg(feature = "gzip")]
    #[must_use]
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.gzip = gzip;
        self
    }

    /// Sets [`proxy`](Self#structfield.proxy). With [`Proxy::none`](crate::Proxy::none), the proxies of the environment are ignored.
    #[cfg(feature = "hyper")]
    #[must_use]
    pub fn proxy(mut self, proxy: crate::Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Sets [`resolver`](Self#structfield.resolver).
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
