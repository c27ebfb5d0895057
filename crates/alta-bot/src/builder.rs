use crate::bot::Bot;
use crate::endpoints::Endpoints;
use crate::error::{Error, ErrorKind};
use alta_auth::{
    BotCredentials, BotLogin, Token, TokenCache, TokenSource, UserCredentials, UserLogin,
};
use alta_http::HttpClient;
use alta_rest::Identities;
use std::fmt;
use std::sync::Arc;

/// How a [`Bot`] is made.
#[must_use = "a builder does nothing until `connect`"]
#[derive(Default)]
pub struct Builder {
    bot: Option<BotCredentials>,
    user: Option<UserCredentials>,
    endpoints: Endpoints,
    http: Option<HttpClient>,
    socket: alta_ws::Config,
    console: att_console::Config,
}

impl Builder {
    /// The bot's own account. The main websocket needs it.
    #[doc(alias = "config")]
    pub fn bot(mut self, credentials: BotCredentials) -> Self {
        self.bot = Some(credentials);
        self
    }

    /// A player's account beside it, for the calls that are refused to bots.
    #[doc(alias = "config")]
    pub fn user(mut self, credentials: UserCredentials) -> Self {
        self.user = Some(credentials);
        self
    }

    /// Other addresses than Alta's own.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Another HTTP stack, for login, REST and downloads alike.
    pub fn http(mut self, http: HttpClient) -> Self {
        self.http = Some(http);
        self
    }

    /// Another configuration of the main websocket. Its address is that of the [`endpoints`](Self::endpoints).
    pub fn socket_config(mut self, config: alta_ws::Config) -> Self {
        self.socket = config;
        self
    }

    /// Another configuration for the consoles that are opened.
    pub fn console_config(mut self, config: att_console::Config) -> Self {
        self.console = config;
        self
    }

    /// Logs in and connects the main websocket.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if there are no credentials or no HTTP stack, [`ErrorKind::Login`] if they are refused or the
    /// login cannot be reached, [`ErrorKind::Socket`] if the main websocket is refused.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was opened.
    #[doc(alias = "run")]
    #[doc(alias = "wait_for_ready")]
    #[doc(alias = "wait_for_ws")]
    pub async fn connect(self) -> Result<Bot, Error> {
        let http = match self.http {
            Some(http) => http,
            None => default_http()?,
        };
        if self.bot.is_none() && self.user.is_none() {
            return Err(not_configured(
                "neither a bot's nor a user's credentials were given",
            ));
        }
        let endpoints =
            alta_auth::Endpoints::new(self.endpoints.token_url, self.endpoints.rest_url.clone());

        let mut identities = Identities::default();
        let mut bot = None;
        if let Some(credentials) = self.bot {
            let login = BotLogin::new(http.clone(), credentials, &endpoints);
            let tokens: Arc<dyn TokenSource> = Arc::new(TokenCache::new(login));
            let token = first_token(&*tokens, "logging in as the bot").await?;
            identities = identities.with_bot(Arc::clone(&tokens));
            bot = Some((tokens, token));
        }
        if let Some(credentials) = self.user {
            let login = UserLogin::new(http.clone(), credentials, &endpoints);
            let tokens: Arc<dyn TokenSource> = Arc::new(TokenCache::new(login));
            first_token(&*tokens, "logging in as the user").await?;
            identities = identities.with_user(tokens);
        }

        let rest = alta_rest::Client::new(http, self.endpoints.rest_url, identities);
        let (socket, account) = match bot {
            None => (None, None),
            Some((tokens, token)) => {
                let config = self.socket.url(self.endpoints.socket_url);
                let failed = |error| {
                    let doing = "connecting the main websocket";
                    Error::new(ErrorKind::Socket, doing).because(error)
                };
                let socket = alta_ws::Client::connect(tokens, config).map_err(failed)?;
                socket.ready().await.map_err(failed)?;
                (Some(socket), Some(token))
            }
        };
        Ok(Bot::new(rest, socket, account, self.console))
    }
}

async fn first_token(tokens: &dyn TokenSource, doing: &'static str) -> Result<Token, Error> {
    tokens
        .token()
        .await
        .map_err(|error| Error::new(ErrorKind::Login, doing).because(error))
}

#[cfg(feature = "hyper")]
fn default_http() -> Result<HttpClient, Error> {
    HttpClient::web_roots(&alta_http::Config::default())
        .map_err(|error| not_configured("the default HTTP transport cannot be made").because(error))
}

#[cfg(not(feature = "hyper"))]
fn default_http() -> Result<HttpClient, Error> {
    Err(not_configured(
        "no HTTP stack was given, and the feature `hyper` is off",
    ))
}

fn not_configured(problem: &str) -> Error {
    let problems = vec![problem.to_owned()];
    Error::new(ErrorKind::Config { problems }, "connecting a bot")
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("bot", &self.bot)
            .field("user", &self.user)
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}
