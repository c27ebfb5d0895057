use crate::error::{Error, ErrorKind};
use alta_auth::API_KEY;
use alta_model::{Redactor, Secret};
use alta_socket::{BackoffPolicy, Dial, Observer, Proxy, QueueConfig, TcpDialer};
use http::{HeaderMap, HeaderValue, header};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Alta's own address (py-tale, att-client, Townsharp). The service is switched off; private services have other
/// addresses.
const URL: &str = "wss://websocket.townshiptale.com";

/// The configuration of a [`Client`](crate::Client). The documentation of each field gives its default and the reason
/// for it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The address of the main websocket. `wss://websocket.townshiptale.com` by default: Alta's own, which is switched
    /// off.
    pub url: Url,
    /// The `x-api-key` header of the upgrade request; `None` omits the header. [`alta_auth::API_KEY`] by default, which
    /// every known client but Townsharp sends: it is public and the same as for REST.
    pub api_key: Option<String>,
    /// The `User-Agent` header of the upgrade request. `pytale/` and the version by default: some proxies refuse an
    /// empty one.
    pub user_agent: String,
    /// The dialer for connections. By default it uses TCP, and TLS if the crate is built with root certificates.
    pub dialer: Option<Arc<dyn Dial>>,
    /// The proxies to use, if there is no [`dialer`](Self#structfield.dialer). By default, the proxies of the
    /// environment ([`Proxy::from_env`]); [`Proxy::none`] uses none. A dialer has its own proxy
    /// ([`TcpDialer::with_proxy`]): a configuration with both a dialer and a proxy is an error.
    pub proxy: Option<Proxy>,
    /// The interval of websocket pings. A connection that receives nothing during one interval is closed. 20 s by
    /// default: a dead connection is found within 40 s, before a server counts as offline, 45 s after its last
    /// heartbeat. The gateway closes a connection after 10 min without a frame (Townsharp).
    pub ping_interval: Duration,
    /// The timeout of a request. 30 s by default: the gateway's own limit (Townsharp). A request to subscribe or
    /// unsubscribe that times out is sent again after the [`backoff`](Self#structfield.backoff): to repeat it is
    /// harmless.
    pub request_timeout: Duration,
    /// The timeout of opening a connection: dialing, TLS and the handshake together. 10 s by default.
    pub connect_timeout: Duration,
    /// The longest time in which the network accepts no byte while frames wait to be written; then the connection is
    /// closed. 30 s by default: by then every request has timed out.
    pub write_timeout: Duration,
    /// The maximum number of requests in flight on one socket. 5 by default: more than 10 destabilize the service
    /// (att-client).
    pub max_in_flight: usize,
    /// If true, many subscriptions to one event are made in one request, of up to 100 each, one such request at a time;
    /// each subscription waits 10 ms for others. False by default: batches failed on the service, and in the end
    /// neither Townsharp nor att-client used them. Subscriptions that fail in a batch are made one by one.
    pub batch: bool,
    /// The largest accepted frame, in bytes. 1 MiB by default: the gateway's limit is 128 KiB; private services can
    /// differ.
    pub max_frame: usize,
    /// The age of a connection at which its subscriptions move to a new one. 110 min by default: the service ends
    /// connections after 120 min (att-client, Townsharp, js-tale).
    pub migrate_after: Duration,
    /// The longest random time by which a migration begins earlier; at most half of
    /// [`migrate_after`](Self#structfield.migrate_after). 5 min by default, so that many sockets do not migrate at the
    /// same time.
    pub migrate_spread: Duration,
    /// The time for which the old connection is still read after a migration. 10 s by default (att-client, js-tale).
    pub handover: Duration,
    /// The maximum number of subscriptions on one socket; for more subscriptions, more sockets are opened. 500 by
    /// default: with more, migrations become unreliable (att-client, Townsharp).
    pub subscriptions_per_socket: usize,
    /// The time for which a subscription is kept after its last stream was dropped. 2 s by default: a bot that drops
    /// one stream and opens another of the same topic then sends no request.
    pub linger: Duration,
    /// The limits of each stream's queue, unless the stream has its own. 65,536 events or 8 MiB by default, whichever
    /// comes first.
    pub queue: QueueConfig,
    /// The pauses between attempts to connect, and before a failed request is repeated. Random between 0 and a limit by
    /// default; the limit grows from 1 s to 60 s.
    pub backoff: BackoffPolicy,
    /// Called with every text frame that is sent or received, without secrets, for debugging. None by default.
    pub observer: Option<Observer>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            #[allow(clippy::expect_used, reason = "a constant, read by a test")]
            url: Url::parse(URL).expect("the default address is an address"),
            api_key: Some(API_KEY.to_owned()),
            user_agent: concat!("pytale/", env!("CARGO_PKG_VERSION")).to_owned(),
            dialer: None,
            proxy: None,
            ping_interval: Duration::from_secs(20),
            request_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            max_in_flight: 5,
            batch: false,
            max_frame: 1 << 20,
            migrate_after: Duration::from_secs(110 * 60),
            migrate_spread: Duration::from_secs(5 * 60),
            handover: Duration::from_secs(10),
            subscriptions_per_socket: 500,
            linger: Duration::from_secs(2),
            queue: QueueConfig::default(),
            backoff: BackoffPolicy::default(),
            observer: None,
        }
    }
}

macro_rules! setters {
    ($($field:ident: $ty:ty),* $(,)?) => {
        impl Config {
            $(
                #[doc = concat!("With another [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
                #[must_use]
                pub fn $field(mut self, $field: $ty) -> Self {
                    self.$field = $field;
                    self
                }
            )*
        }
    };
}

setters! {
    url: Url,
    ping_interval: Duration,
    request_timeout: Duration,
    connect_timeout: Duration,
    write_timeout: Duration,
    max_in_flight: usize,
    batch: bool,
    max_frame: usize,
    migrate_after: Duration,
    migrate_spread: Duration,
    handover: Duration,
    subscriptions_per_socket: usize,
    linger: Duration,
    queue: QueueConfig,
    backoff: BackoffPolicy,
}

impl Config {
    /// With another [`api_key`](Self#structfield.api_key).
    #[must_use]
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(Secret::trimmed(&key.into()).to_owned());
        self
    }

    /// With another [`user_agent`](Self#structfield.user_agent).
    #[must_use]
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// With this [`dialer`](Self#structfield.dialer).
    #[must_use]
    pub fn dialer(mut self, dialer: Arc<dyn Dial>) -> Self {
        self.dialer = Some(dialer);
        self
    }

    /// With this [`proxy`](Self#structfield.proxy).
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// With an [`observer`](Self#structfield.observer) of all text frames.
    #[must_use]
    pub fn observer(mut self, observer: Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Host and port, for logs: the whole address could contain a password.
    pub(crate) fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |reason: &str| {
            let reason = reason.to_owned();
            Err(Error::new(ErrorKind::Config { reason }, "connecting"))
        };
        if !matches!(self.url.scheme(), "ws" | "wss") {
            return wrong("the address is neither ws nor wss");
        }
        match (&self.dialer, &self.proxy) {
            (Some(_), Some(_)) => {
                return wrong(
                    "both a dialer and a proxy are set; give the proxy to the dialer (TcpDialer::with_proxy)",
                );
            }
            (None, None) => {
                if let Err(error) = Proxy::from_env() {
                    return wrong(&error.to_string());
                }
            }
            _ => {}
        }
        let durations = [
            ("ping_interval", self.ping_interval),
            ("request_timeout", self.request_timeout),
            ("connect_timeout", self.connect_timeout),
            ("write_timeout", self.write_timeout),
            ("migrate_after", self.migrate_after),
        ];
        for (name, duration) in durations {
            if duration.is_zero() {
                return wrong(&format!("{name} is zero"));
            }
        }
        if self.max_frame == 0 {
            return wrong("max_frame is zero");
        }
        if self.max_in_flight == 0 {
            return wrong("max_in_flight is zero");
        }
        if self.subscriptions_per_socket == 0 {
            return wrong("subscriptions_per_socket is zero");
        }
        Ok(())
    }

    /// The headers of the upgrade request, without the token.
    pub(crate) fn headers(&self) -> Result<HeaderMap, Error> {
        let value = |name: &str, text: &str| {
            HeaderValue::from_str(text).map_err(|error| {
                let reason = format!("the {name} cannot be a header");
                Error::new(ErrorKind::Config { reason }, "connecting").caused_by(error)
            })
        };
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert(header::USER_AGENT, value("user agent", &self.user_agent)?);
        if let Some(key) = &self.api_key {
            headers.insert("x-api-key", value("API key", key)?);
        }
        Ok(headers)
    }

    pub(crate) fn effective_dialer(&self) -> Result<Arc<dyn Dial>, Error> {
        match &self.dialer {
            Some(dialer) => Ok(Arc::clone(dialer)),
            None => Ok(Arc::new(match &self.proxy {
                Some(proxy) => default_dialer()?.with_proxy(proxy.clone()),
                None => default_dialer()?,
            })),
        }
    }
}

#[cfg(any(feature = "webpki-roots", feature = "platform-roots"))]
fn default_dialer() -> Result<TcpDialer, Error> {
    #[cfg(feature = "webpki-roots")]
    let tls = alta_socket::Tls::web_roots();
    #[cfg(not(feature = "webpki-roots"))]
    let tls = alta_socket::Tls::platform_roots();
    tls.map(TcpDialer::with_tls).map_err(|error| {
        let reason = "TLS could not be set up".to_owned();
        Error::new(ErrorKind::Config { reason }, "connecting").caused_by(error)
    })
}

#[cfg(not(any(feature = "webpki-roots", feature = "platform-roots")))]
#[allow(clippy::unnecessary_wraps, reason = "with roots to trust it can fail")]
fn default_dialer() -> Result<TcpDialer, Error> {
    Ok(TcpDialer::plain())
}

/// Shows everything except the dialer; of the address only host and port, and of the API key only its presence.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("host", &self.host())
            .field("api_key", &self.api_key.as_ref().map(|_| Redactor::MARK))
            .field("user_agent", &self.user_agent)
            .field("ping_interval", &self.ping_interval)
            .field("request_timeout", &self.request_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("write_timeout", &self.write_timeout)
            .field("max_in_flight", &self.max_in_flight)
            .field("batch", &self.batch)
            .field("max_frame", &self.max_frame)
            .field("migrate_after", &self.migrate_after)
            .field("migrate_spread", &self.migrate_spread)
            .field("handover", &self.handover)
            .field("subscriptions_per_socket", &self.subscriptions_per_socket)
            .field("linger", &self.linger)
            .field("queue", &self.queue)
            .field("backoff", &self.backoff)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_not_a_websocket_is_an_error_at_once() {
        let config = Config::default().url("https://example.invalid".parse().unwrap());
        let error = config.check().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Config { .. }), "{error}");
        assert!(Config::default().check().is_ok());
    }

    #[test]
    fn a_configuration_that_cannot_work_is_an_error_at_once() {
        let config = Config::default;
        for config in [
            config().max_in_flight(0),
            config().subscriptions_per_socket(0),
            config().max_frame(0),
            config().ping_interval(Duration::ZERO),
            config().request_timeout(Duration::ZERO),
            config().connect_timeout(Duration::ZERO),
            config().write_timeout(Duration::ZERO),
            config().migrate_after(Duration::ZERO),
        ] {
            assert!(config.check().is_err(), "{config:?}");
        }
        let at_once = config()
            .linger(Duration::ZERO)
            .handover(Duration::ZERO)
            .migrate_spread(Duration::ZERO);
        assert!(at_once.check().is_ok());
    }

    #[test]
    fn a_user_agent_that_cannot_be_a_header_is_an_error_not_a_panic() {
        assert!(Config::default().user_agent("a\nb").headers().is_err());
        let headers = Config::default().headers().unwrap();
        assert_eq!(headers["x-api-key"], API_KEY);
        assert!(
            headers["user-agent"]
                .to_str()
                .unwrap()
                .starts_with("pytale/")
        );
    }

    #[test]
    fn debug_does_not_show_the_api_key() {
        let url = "ws://me:very-secret@localhost/?key=very-secret"
            .parse()
            .unwrap();
        let shown = format!("{:?}", Config::default().url(url).api_key("very-secret"));
        assert!(
            !shown.contains("very-secret") && shown.contains("localhost:80"),
            "{shown}"
        );
    }
}
