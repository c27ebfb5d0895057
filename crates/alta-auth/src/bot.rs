use crate::exchange::{exchange, required, seconds};
use crate::{Endpoints, Error, ErrorKind, Grant, Login, Scopes};
use alta_http::{HttpClient, Repeatable, Urgent, without_credentials};
use alta_model::{Secret, UnusableSecret};
use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use std::fmt;
use url::{Url, form_urlencoded};

/// The credentials of a bot.
///
/// ```
/// use alta_auth::BotCredentials;
///
/// let credentials = BotCredentials::new("client_00000000-0000", "c2VjcmV0==".to_owned())
///     .with_scopes("server.view server.console".parse()?);
/// assert!(!format!("{credentials:?}").contains("c2VjcmV0"));
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug)]
pub struct BotCredentials {
    client_id: String,
    client_secret: Secret,
    scopes: Scopes,
}

impl BotCredentials {
    /// The client id (`client_` and hexadecimal groups) and the client secret that Alta issued. White space, line ends and
    /// byte-order marks around either are removed.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<Secret>) -> Self {
        Self {
            client_id: Secret::trimmed(&client_id.into()).to_owned(),
            client_secret: client_secret.into(),
            scopes: Scopes::default(),
        }
    }

    /// Requests these scopes instead of the thirteen that all clients request. The service refuses a login that requests a
    /// scope that the client does not have.
    #[must_use]
    pub fn with_scopes(mut self, scopes: Scopes) -> Self {
        self.scopes = scopes;
        self
    }

    /// Checks that they can be sent; see [`Secret::check`].
    ///
    /// # Errors
    ///
    /// Fails if the client id or the client secret contains a control character. The error shows neither.
    pub fn check(&self) -> Result<(), UnusableSecret> {
        Secret::new(self.client_id.as_str()).check("the bot's client id")?;
        self.client_secret.check("the bot's client secret")
    }

    /// The client id.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The requested scopes.
    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }
}

/// Logs a bot in with OAuth's client credentials grant (py-tale, att-client, Townsharp).
pub struct BotLogin {
    http: HttpClient,
    token_url: Url,
    credentials: BotCredentials,
}

impl BotLogin {
    /// Logs in at [`Endpoints::token_url`].
    pub fn new(http: HttpClient, credentials: BotCredentials, endpoints: &Endpoints) -> Self {
        Self {
            http,
            token_url: endpoints.token_url.clone(),
            credentials,
        }
    }

    fn request(&self) -> Result<Request<Bytes>, Error> {
        let invalid = |error| Error::new(ErrorKind::InvalidInput, DOING).caused_by(error);
        self.credentials.check().map_err(invalid)?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", &self.credentials.scopes.to_string())
            .append_pair("client_id", &self.credentials.client_id)
            .append_pair("client_secret", self.credentials.client_secret.expose())
            .finish();
        let mut request = Request::post(self.token_url.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, crate::USER_AGENT)
            .body(Bytes::from(form))
            .map_err(|source| Error::new(ErrorKind::InvalidInput, DOING).caused_by(source))?;
        // A login changes nothing at the service.
        request.extensions_mut().insert(Repeatable);
        request.extensions_mut().insert(Urgent);
        Ok(request)
    }
}

const DOING: &str = "logging in as a bot";

impl Login for BotLogin {
    fn log_in(&self) -> BoxFuture<'_, Result<Grant, Error>> {
        Box::pin(async move {
            let secret = self.credentials.client_secret.expose();
            let fields = exchange(&self.http, self.request()?, DOING, &[secret]).await?;
            let token = required(&fields, "access_token", DOING)?;
            Ok(Grant {
                token: token.into(),
                expires_in: fields.get("expires_in").and_then(seconds),
            })
        })
    }
}

impl fmt::Debug for BotLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BotLogin")
            .field("token_url", &without_credentials(&self.token_url).as_str())
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
