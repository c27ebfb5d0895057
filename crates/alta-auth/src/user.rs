use crate::exchange::{exchange, required};
use crate::{API_KEY, Endpoints, Error, ErrorKind, Grant, Login, Password};
use alta_http::{HttpClient, Repeatable, Urgent};
use alta_model::{Secret, UnusableSecret};
use bytes::Bytes;
use futures_core::future::BoxFuture;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, Request};
use serde_json::{Map, Value, json};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// The credentials of a user.
///
/// ```
/// use alta_auth::{Password, UserCredentials};
///
/// let by_name = UserCredentials::new("Ashwick", Password::plain("hunter2"));
/// let by_email = UserCredentials::with_email("ashwick@example.org", Password::plain("hunter2"));
/// ```
#[derive(Clone, Debug)]
pub struct UserCredentials {
    account: Account,
    password: Password,
}

#[derive(Clone, Debug)]
enum Account {
    Username(String),
    Email(String),
}

impl UserCredentials {
    /// Checks that they can be sent; see [`Secret::check`].
    ///
    /// # Errors
    ///
    /// Fails if the password contains a control character. The error shows no part of it.
    pub fn check(&self) -> Result<(), UnusableSecret> {
        self.password.check()
    }

    /// The account with this user name.
    #[doc(alias = "user_name")]
    pub fn new(username: impl Into<String>, password: Password) -> Self {
        Self {
            account: Account::Username(username.into()),
            password,
        }
    }

    /// The account with this e-mail address (alta-jsapi, Alta .NET client).
    pub fn with_email(email: impl Into<String>, password: Password) -> Self {
        Self {
            account: Account::Email(email.into()),
            password,
        }
    }
}

/// Logs a user in, and later renews the session with its refresh token. If that is refused, it logs in again.
pub struct UserLogin {
    http: HttpClient,
    endpoints: Endpoints,
    credentials: UserCredentials,
    refresh_token: Mutex<Option<Secret>>,
}

impl UserLogin {
    /// Logs in at [`Endpoints::rest_url`].
    pub fn new(http: HttpClient, credentials: UserCredentials, endpoints: &Endpoints) -> Self {
        Self {
            http,
            endpoints: endpoints.clone(),
            credentials,
            refresh_token: Mutex::new(None),
        }
    }

    async fn first(&self) -> Result<Grant, Error> {
        const DOING: &str = "logging in as a user";

        let invalid = |error| Error::new(ErrorKind::InvalidInput, DOING).caused_by(error);
        self.credentials.check().map_err(invalid)?;
        let hash = self.credentials.password.expose_hash();
        let (path, body) = match &self.credentials.account {
            Account::Username(name) => {
                ("sessions", json!({"username": name, "password_hash": hash}))
            }
            Account::Email(email) => (
                "sessions/email",
                json!({"email": email, "password_hash": hash}),
            ),
        };
        let mut request = self.request(Method::POST, path, &body, DOING)?;
        // A second login changes nothing more at the service.
        request.extensions_mut().insert(Repeatable);
        let fields = exchange(&self.http, request, DOING, &[hash]).await?;
        self.grant(&fields, DOING)
    }

    async fn refresh(&self, token: &Secret) -> Result<Grant, Error> {
        const DOING: &str = "renewing a user's session";

        let mut request = self.request(Method::PUT, "sessions", &json!({}), DOING)?;
        let mut header = HeaderValue::try_from(format!("Bearer {}", token.expose()))
            .map_err(|source| Error::new(ErrorKind::UnexpectedResponse, DOING).caused_by(source))?;
        header.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, header);
        let fields = exchange(&self.http, request, DOING, &[token.expose()]).await?;
        self.grant(&fields, DOING)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        doing: &'static str,
    ) -> Result<Request<Bytes>, Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(self.endpoints.rest(path))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, crate::USER_AGENT)
            .header("x-api-key", API_KEY)
            .body(Bytes::from(body.to_string()))
            .map_err(|source| Error::new(ErrorKind::InvalidInput, doing).caused_by(source))?;
        request.extensions_mut().insert(Urgent);
        Ok(request)
    }

    /// Reads the access token, and keeps the new refresh token if there is one.
    fn grant(&self, fields: &Map<String, Value>, doing: &'static str) -> Result<Grant, Error> {
        let token = required(fields, "access_token", doing)?;
        if let Ok(refresh_token) = required(fields, "refresh_token", doing) {
            self.set_refresh_token(Some(Secret::new(refresh_token)));
        }
        Ok(Grant::new(token))
    }

    fn refresh_token(&self) -> Option<Secret> {
        self.refresh_token
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set_refresh_token(&self, token: Option<Secret>) {
        *self
            .refresh_token
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = token;
    }
}

impl Login for UserLogin {
    fn log_in(&self) -> BoxFuture<'_, Result<Grant, Error>> {
        Box::pin(async move {
            if let Some(token) = self.refresh_token() {
                match self.refresh(&token).await {
                    Err(error) if !error.is_transient() => {
                        tracing::debug!(?error, "renewing the session failed, logging in again");
                        self.set_refresh_token(None);
                    }
                    renewed => return renewed,
                }
            }
            self.first().await
        })
    }
}

impl fmt::Debug for UserLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserLogin")
            .field("endpoints", &self.endpoints)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
