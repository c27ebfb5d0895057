use crate::bot::Bot;
use crate::debug::{self, Channel, Traffic, Watcher};
use crate::endpoints::Endpoints;
use crate::error::{Error, ErrorKind};
use crate::open_consoles::OpenConsoles;
use alta_auth::{
    BotCredentials, BotLogin, BotTokens, Login, Token, TokenCache, TokenSource, UserCredentials,
    UserLogin,
};
use alta_http::HttpClient;
use alta_model::UserId;
use alta_rest::Identities;
use alta_ws::Proxy;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// The configuration of a [`Bot`]. [`connect`](Self::connect) makes the bot.
#[must_use = "a builder does nothing until `connect`"]
#[derive(Default)]
pub struct Builder {
    pub(crate) bot: Option<BotCredentials>,
    pub(crate) user: Option<UserCredentials>,
    pub(crate) user_id: Option<UserId>,
    pub(crate) endpoints: Endpoints,
    http: Option<HttpClient>,
    proxy: Option<Proxy>,
    socket: alta_ws::Config,
    console: att_console::Config,
    watcher: Option<Watcher>,
    /// Errors of the configuration. They prevent the connect.
    problems: Vec<String>,
    /// Doubtful settings that work.
    pub(crate) warnings: Vec<String>,
}

/// The tokens of the bot's account, and the first of them.
type BotAccount = (TokenCache<BotLogin>, Token);

impl Bot {
    /// A configuration with all defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Sets the bot's account. The main websocket requires it.
    #[doc(alias = "config")]
    pub fn bot(mut self, credentials: BotCredentials) -> Self {
        self.bot = Some(credentials);
        self
    }

    /// Sets a player's account, for calls that the service refuses to bots. It can be used beside the bot's account.
    #[doc(alias = "config")]
    pub fn user(mut self, credentials: UserCredentials) -> Self {
        self.user = Some(credentials);
        self
    }

    /// Sets the user id of the bot's account, for services whose tokens do not contain it. If the token contains another id,
    /// [`connect`](Self::connect) fails.
    #[doc(alias = "config")]
    pub fn user_id(mut self, id: UserId) -> Self {
        self.user_id = Some(id);
        self
    }

    /// Sets the addresses of the service. By default those of Alta's cloud.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Sets the HTTP stack for login, REST and downloads. By default hyper with rustls, if a feature for it is on.
    pub fn http(mut self, http: HttpClient) -> Self {
        self.http = Some(http);
        self
    }

    /// Sets the proxy of login, REST, the main websocket and the consoles; [`Proxy::none`] for no proxy. It overrides the
    /// environment. Together with an HTTP stack or a dialer of the program it is an error, since these have their own proxy.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Sets the configuration of the main websocket. The address is that of the [`endpoints`](Self::endpoints).
    pub fn socket_config(mut self, config: alta_ws::Config) -> Self {
        self.socket = config;
        self
    }

    /// The time between pings of the main websocket.
    pub(crate) fn ping(&self) -> Duration {
        self.socket.ping_interval
    }

    /// Sets the configuration of all consoles.
    pub fn console_config(mut self, config: att_console::Config) -> Self {
        self.console = config;
        self
    }

    /// Prints everything that login, REST and the sockets send and receive to standard error, without secrets, in colors on a
    /// terminal. For debugging only: printing delays the bot.
    #[doc(alias = "config")]
    pub fn debug(mut self, on: bool) -> Self {
        self.watcher = on.then(debug::printer);
        self
    }

    /// Calls this function with everything that login, REST and the sockets send and receive, without secrets, instead of
    /// printing it. The function is called between reads and writes, and delays both.
    pub fn on_traffic(mut self, watch: impl Fn(&Traffic) + Send + Sync + 'static) -> Self {
        self.watcher = Some(Arc::new(watch));
        self
    }

    /// Logs in and connects the main websocket. If the login cannot be reached, it fails at once. If the websocket cannot be
    /// reached, it tries again without end: wrap the future in a timeout to give up.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] with all problems of the configuration, [`ErrorKind::Login`] if the credentials are refused or the
    /// login cannot be reached, [`ErrorKind::Socket`] if the main websocket is refused.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connections that it has opened.
    #[doc(alias = "run")]
    #[doc(alias = "wait_for_ready")]
    #[doc(alias = "wait_for_ws")]
    pub async fn connect(mut self) -> Result<Bot, Error> {
        let (rest, bot) = self.log_in("connecting a bot").await?;
        let (socket, account) = match bot {
            Some((tokens, token)) => {
                let config = self.socket.url(self.endpoints.socket_url);
                (
                    Some(open_socket(Arc::new(tokens), config).await?),
                    Some(token),
                )
            }
            None => (None, None),
        };
        Ok(Bot::new(
            rest,
            socket,
            account,
            self.user_id,
            OpenConsoles::new(self.console, self.watcher),
        ))
    }

    /// Logs in and returns the client of the REST API, without a main websocket: for a program that makes a few calls and ends.
    /// If the login cannot be reached, it fails at once. [`CloudAccess`](crate::CloudAccess) opens a console with this client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] with all problems of the configuration, [`ErrorKind::Login`] if the credentials are refused or the
    /// login cannot be reached.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connections that it has opened.
    pub async fn rest(mut self) -> Result<alta_rest::Client, Error> {
        let (rest, _) = self.log_in("logging in").await?;
        Ok(rest)
    }

    /// Logs each account in. The tokens of the bot are also those of the main websocket.
    async fn log_in(
        &mut self,
        doing: &'static str,
    ) -> Result<(alta_rest::Client, Option<BotAccount>), Error> {
        let http = self.checked(doing)?;
        let http = self.observed(http);
        let addresses = &self.endpoints;
        let endpoints =
            alta_auth::Endpoints::new(addresses.token_url.clone(), addresses.rest_url.clone());

        let mut identities = Identities::default();
        let mut bot = None;
        if let Some(credentials) = self.bot.take() {
            let login = BotLogin::new(http.clone(), credentials, &endpoints);
            let (tokens, token) = log_in(login, doing).await?;
            check_user_id(&token, self.user_id, doing)?;
            identities = identities.with_bot(tokens.clone());
            bot = Some((tokens, token));
        }
        if let Some(credentials) = self.user.take() {
            let login = UserLogin::new(http.clone(), credentials, &endpoints);
            let (tokens, _) = log_in(login, doing).await?;
            identities = identities.with_user(tokens);
        }
        let rest = alta_rest::Client::new(http, addresses.rest_url.clone(), identities);
        Ok((rest, bot))
    }

    /// Checks the configuration, and returns the HTTP stack.
    fn checked(&mut self, doing: &'static str) -> Result<HttpClient, Error> {
        self.check();
        let http = match self.http.take() {
            Some(http) => Ok(http),
            None => default_http(self.proxy.as_ref()),
        };
        let (problem, source) = match http {
            Ok(http) if self.problems.is_empty() => return Ok(http),
            Ok(_) => (None, None),
            Err((problem, source)) => (Some(problem), source),
        };
        self.problems.extend(problem);
        let error = not_configured(std::mem::take(&mut self.problems), doing);
        Err(match source {
            Some(source) => error.caused_by(source),
            None => error,
        })
    }

    /// Adds the observer of the program, if there is one, to HTTP and to the main websocket.
    fn observed(&mut self, http: HttpClient) -> HttpClient {
        let Some(watcher) = &self.watcher else {
            return http;
        };
        self.socket.observer = Some(debug::observer(watcher, Channel::MainSocket));
        debug::observe_http(http, debug::observer(watcher, Channel::Http))
    }

    pub(crate) fn problem(&mut self, problem: String) {
        self.problems.push(problem);
    }

    #[cfg(all(test, unix))]
    pub(crate) fn problems(&self) -> &[String] {
        &self.problems
    }

    pub(crate) fn warning(&mut self, warning: String) {
        tracing::warn!("{warning}");
        self.warnings.push(warning);
    }

    /// Adds the problems of a managed bot.
    pub(crate) fn for_managing(mut self, problems: Vec<String>) -> Self {
        self.problems.extend(problems);
        if self.bot.is_none() && self.user.is_some() {
            let problem =
                "a managed bot needs a bot's credentials; a user's credentials are not enough";
            self.problem(problem.to_owned());
        }
        self
    }

    /// Finds the problems of the configuration, before anything is sent.
    fn check(&mut self) {
        if self.bot.is_none() && self.user.is_none() && self.problems.is_empty() {
            self.problem(
                "no credentials were set, neither of a bot (in the environment, ALTA_CLIENT_ID and ALTA_CLIENT_SECRET) \
                 nor of a user"
                    .to_owned(),
            );
        }
        if let Some(bot) = &self.bot {
            if bot.client_id().trim().is_empty() {
                self.problems
                    .push("the bot's client id is empty".to_owned());
            }
            if bot.scopes().is_empty() {
                self.problems.push("the bot requests no scope".to_owned());
            }
        }
        let unusable = [
            self.bot.as_ref().map(BotCredentials::check),
            self.user.as_ref().map(UserCredentials::check),
        ];
        for error in unusable.into_iter().flatten().filter_map(Result::err) {
            self.problem(error.to_string());
        }
        if self.user_id.is_some() && self.bot.is_none() {
            self.problem("a bot's user id was set, but no bot's credentials".to_owned());
        }
        self.check_proxy();
        let endpoints = self.endpoints.clone();
        let addresses = [
            ("token", &endpoints.token_url, ["http", "https"]),
            ("REST", &endpoints.rest_url, ["http", "https"]),
            ("main websocket", &endpoints.socket_url, ["ws", "wss"]),
        ];
        for (what, url, [plain, secure]) in addresses {
            if ![plain, secure].contains(&url.scheme()) {
                // The address is not in the message: it may be a secret in the wrong place.
                self.problem(format!(
                    "the {what} address begins neither with {plain}:// nor with {secure}://"
                ));
            } else if url.scheme() == plain && !is_local(url) {
                self.warning(format!(
                    "the {what} address is not encrypted: others on the network can read the credentials"
                ));
            }
        }
    }
}

impl Builder {
    /// Passes the proxy to the sockets, and finds the parts that cannot use it.
    fn check_proxy(&mut self) {
        let Some(proxy) = self.proxy.clone() else {
            if self.http.is_some() || self.socket.proxy.is_some() {
                return;
            }
            if let Err(error) = Proxy::from_env() {
                self.problem(error.to_string());
            }
            return;
        };
        let own = [
            ("an HTTP stack", self.http.is_some()),
            (
                "a dialer of the main websocket",
                self.socket.dialer.is_some(),
            ),
            ("a dialer of the consoles", self.console.dialer.is_some()),
        ];
        for (what, _) in own.into_iter().filter(|(_, is_own)| *is_own) {
            self.problem(format!(
                "a proxy and {what} were set; configure the proxy in the latter"
            ));
        }
        self.socket.proxy.get_or_insert_with(|| proxy.clone());
        self.console.proxy.get_or_insert(proxy);
    }
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// The id in the token is right; another id in the settings means that they belong to another account.
fn check_user_id(token: &Token, given: Option<UserId>, doing: &'static str) -> Result<(), Error> {
    match (token.user_id(), given) {
        (Some(actual), Some(given)) if actual != given => {
            let problem = format!(
                "the user id {given} was set, but these credentials belong to user {actual}"
            );
            Err(not_configured(vec![problem], doing))
        }
        _ => Ok(()),
    }
}

/// Logs in once, so that wrong credentials are an error now.
async fn log_in<L: Login>(login: L, doing: &'static str) -> Result<(TokenCache<L>, Token), Error> {
    let tokens = TokenCache::new(login);
    let token = tokens.token().await;
    let token = token.map_err(|error| Error::new(ErrorKind::Login, doing).caused_by(error))?;
    Ok((tokens, token))
}

async fn open_socket(
    tokens: Arc<dyn TokenSource>,
    config: alta_ws::Config,
) -> Result<alta_ws::Client, Error> {
    let failed =
        |error| Error::new(ErrorKind::Socket, "connecting the main websocket").caused_by(error);
    let socket = alta_ws::Client::open_with(BotTokens::new(tokens), config).map_err(failed)?;
    socket.ready().await.map_err(failed)?;
    Ok(socket)
}

/// The problem that prevents an HTTP client, and its source.
type NoHttp = (String, Option<alta_http::Error>);

#[cfg(any(feature = "hyper", feature = "platform-roots"))]
fn default_http(proxy: Option<&Proxy>) -> Result<HttpClient, NoHttp> {
    let mut config = alta_http::Config::default();
    if let Some(proxy) = proxy {
        config = config.proxy(proxy.clone());
    }
    #[cfg(feature = "hyper")]
    let http = HttpClient::web_roots(&config);
    #[cfg(not(feature = "hyper"))]
    let http = HttpClient::platform_roots(&config);
    http.map_err(|error| {
        (
            "the default HTTP transport could not be made".to_owned(),
            Some(error),
        )
    })
}

#[cfg(not(any(feature = "hyper", feature = "platform-roots")))]
fn default_http(_: Option<&Proxy>) -> Result<HttpClient, NoHttp> {
    let problem = "no HTTP stack was set, and the features `hyper` and `platform-roots` are off";
    Err((problem.to_owned(), None))
}

fn not_configured(problems: Vec<String>, doing: &'static str) -> Error {
    Error::new(ErrorKind::Config { problems }, doing)
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("bot", &self.bot)
            .field("user", &self.user)
            .field("endpoints", &self.endpoints)
            .field("problems", &self.problems)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_used_by_all_parts_and_is_an_error_beside_parts_with_their_own() {
        let proxy = || Proxy::all("http://proxy.example:3128", "").unwrap();
        let credentials = || BotCredentials::new("client_1", "c2Vj");
        let mut builder = Builder::default().bot(credentials()).proxy(proxy());
        builder.check();
        assert!(builder.problems.is_empty(), "{:?}", builder.problems);
        assert!(builder.socket.proxy.is_some() && builder.console.proxy.is_some());

        let service = tower::service_fn(|_: http::Request<bytes::Bytes>| async {
            Ok::<_, std::convert::Infallible>(http::Response::new(String::new()))
        });
        let dialer = || Arc::new(alta_ws::TcpDialer::plain());
        let mut builder = Builder::default()
            .bot(credentials())
            .http(HttpClient::new(service))
            .socket_config(alta_ws::Config::default().dialer(dialer()))
            .console_config(att_console::Config::default().dialer(dialer()))
            .proxy(proxy());
        builder.check();
        assert_eq!(builder.problems.len(), 3, "{:?}", builder.problems);
    }

    #[test]
    fn an_address_without_encryption_is_a_warning_unless_it_is_local() {
        let address = |scheme: &str, host| format!("{scheme}://{host}:1/").parse().unwrap();
        for (scheme, host, warned) in [
            ("", "127.0.0.1", 0),
            ("", "[::1]", 0),
            ("", "localhost", 0),
            ("", "192.0.2.1", 3),
            ("", "example.invalid", 3),
            ("s", "192.0.2.1", 0),
        ] {
            let (http, ws) = (format!("http{scheme}"), format!("ws{scheme}"));
            let endpoints = Endpoints::new(
                address(&http, host),
                address(&http, host),
                address(&ws, host),
            );
            let credentials = BotCredentials::new("client_1", "c2Vj".to_owned());
            let mut builder = Builder::default().bot(credentials).endpoints(endpoints);
            builder.check();
            assert!(builder.problems.is_empty(), "{:?}", builder.problems);
            let warnings = &builder.warnings;
            assert_eq!(warnings.len(), warned, "{host}: {warnings:?}");
            assert!(
                warnings
                    .iter()
                    .all(|warning| warning.contains("not encrypted"))
            );
        }
    }
}
