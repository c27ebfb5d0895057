use crate::{Endpoint, Error, ErrorKind, Identities, Request, ResponseBody, decode};
use alta_auth::{API_KEY, Token, TokenSource, USER_AGENT};
use alta_http::{Deadline, HttpClient};
use alta_model::{ErrorCode, Redactor};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT as USER_AGENT_HEADER};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri};
use std::fmt;
use std::sync::Arc;
use url::Url;

/// The usual number of headers of a request, those of the transport included.
const HEADERS: usize = 8;

const API_KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// A client of the REST API. Cheap to clone; the clones share everything.
///
/// The calls are methods of its groups, [`groups`](Self::groups) and so on.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    http: HttpClient,
    base: Url,
    /// The same, if an HTTP request can name it.
    address: Option<Uri>,
    identities: Identities,
    /// The headers of every request.
    headers: HeaderMap,
    checks_scopes: bool,
    /// Has every token that was sent, because a server can repeat an old one.
    redactor: Redactor,
}

impl Client {
    /// Alta's own API (py-tale README). It is switched off; re-implementations have their own addresses.
    pub const BASE_URL: &'static str = alta_auth::Endpoints::REST_URL;

    /// A client of the API at this base address, such as `https://webapi.townshiptale.com/api`, with these tokens. Query and
    /// fragment of the address are ignored. Its user name and password are sent as `Authorization: Basic` with calls that carry
    /// no token, because the header holds only one of the two.
    pub fn new(http: HttpClient, mut base_url: Url, identities: Identities) -> Self {
        base_url.set_query(None);
        base_url.set_fragment(None);
        let json = HeaderValue::from_static("application/json");
        // Its clones have space for the others, too.
        let mut headers = HeaderMap::with_capacity(HEADERS);
        headers.insert(ACCEPT, json.clone());
        // Sent without a body, too, as all clients do.
        headers.insert(CONTENT_TYPE, json);
        headers.insert(USER_AGENT_HEADER, HeaderValue::from_static(USER_AGENT));
        headers.insert(API_KEY_HEADER, HeaderValue::from_static(API_KEY));
        Self {
            inner: Arc::new(Inner {
                http,
                address: base_url.as_str().parse().ok(),
                base: base_url,
                identities,
                headers,
                checks_scopes: true,
                redactor: Redactor::new(),
            }),
        }
    }

    /// The same client with this `User-Agent` instead of the library's.
    #[must_use]
    pub fn with_user_agent(self, user_agent: HeaderValue) -> Self {
        self.with(|inner| drop(inner.headers.insert(USER_AGENT_HEADER, user_agent)))
    }

    /// The same client with another `x-api-key`, for services with their own key.
    #[must_use]
    pub fn with_api_key(self, api_key: HeaderValue) -> Self {
        self.with(|inner| drop(inner.headers.insert(API_KEY_HEADER, api_key)))
    }

    /// The same client without the check of the bot's scopes. The library derives the scope of a call from the names of the
    /// scopes, because the service does not document them.
    #[must_use]
    pub fn without_scope_checks(self) -> Self {
        self.with(|inner| inner.checks_scopes = false)
    }

    /// The same client with only the bot's tokens.
    #[must_use]
    pub fn as_bot(&self) -> Self {
        self.clone().with(|inner| inner.identities.user = None)
    }

    /// The same client with only the user's tokens: its groups, invitations and so on are the user's.
    #[must_use]
    pub fn as_user(&self) -> Self {
        self.clone().with(|inner| inner.identities.bot = None)
    }

    fn with(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        change(&mut inner);
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The tokens with which it makes calls.
    pub fn identities(&self) -> &Identities {
        &self.inner.identities
    }

    /// Its HTTP client, for other downloads; these requests carry no token unless you add one.
    pub fn http(&self) -> &HttpClient {
        &self.inner.http
    }

    /// Makes a typed call. The methods of the groups do the same in fewer words.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the exchange; the service may still act on the request.
    pub async fn request<E: Endpoint>(&self, endpoint: &E) -> Result<E::Response, Error> {
        let request = endpoint.request();
        let mut response = self.send(&request).await?;
        match E::BODY {
            ResponseBody::Json => {}
            ResponseBody::Text => decode::quote(response.body_mut()),
            ResponseBody::Ignored => *response.body_mut() = Bytes::new(),
        }
        decode::read(&request, &response, &self.inner.redactor)
    }

    /// Sends any request and returns the response if its status is a success. If the token is refused, the request is sent
    /// once more with a new token.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`].
    ///
    /// # Cancel safety
    ///
    /// As for [`request`](Self::request).
    pub async fn send(&self, request: &Request) -> Result<Response<Bytes>, Error> {
        if let Some(problem) = request.invalid() {
            return Err(Error::of(ErrorKind::InvalidRequest, request).with_explanation(problem));
        }
        // It covers a login, the exchange, another login and another exchange.
        let deadline = Deadline::after(self.inner.http.call_timeout());
        let source = self.tokens(request)?;
        let token = match source {
            Some(source) => {
                let token = in_time(deadline, source.token()).await;
                Some(token.map_err(|error| no_token(request, error))?)
            }
            None => None,
        };
        if let Some(token) = &token
            && self.inner.checks_scopes
            && let Some(scopes) = request.missing_scopes(token)
        {
            let scopes = scopes.join(" or ");
            return Err(Error::of(ErrorKind::MissingScope, request)
                .with_explanation(format!("the token lacks {scopes}")));
        }
        let mut result = self.attempt(request, token.as_ref(), deadline).await;
        if let (Some(source), Some(stale), Err(error)) = (source, &token, &result)
            && wants_new_token(error)
        {
            tracing::debug!(%request, "the token was refused, renewing it");
            match in_time(deadline, source.renew(stale)).await {
                Ok(new) => {
                    result = self.attempt(request, Some(&new), deadline).await;
                }
                Err(error) if error.is_transient() => {
                    return Err(Error::of(ErrorKind::Login, request).caused_by(error));
                }
                Err(error) => result = result.map_err(|refused| refused.caused_by(error)),
            }
        }
        result
    }

    /// The redactor with the secrets of this client and its clones, for strings of the service that a program shows.
    pub fn redactor(&self) -> &Redactor {
        &self.inner.redactor
    }

    fn tokens(&self, request: &Request) -> Result<Option<&dyn TokenSource>, Error> {
        self.inner
            .identities
            .tokens(request.account_needed())
            .map_err(|missing| {
                Error::of(ErrorKind::NoAccount, request)
                    .with_explanation(format!("the call needs {missing}, and the client has none"))
            })
    }

    async fn attempt(
        &self,
        request: &Request,
        token: Option<&Token>,
        deadline: Deadline,
    ) -> Result<Response<Bytes>, Error> {
        let invalid =
            |source: http::Error| Error::of(ErrorKind::InvalidRequest, request).caused_by(source);
        let Inner {
            http,
            base,
            address,
            headers,
            redactor,
            ..
        } = &*self.inner;
        let refused =
            |why: &str| Error::of(ErrorKind::InvalidRequest, request).with_explanation(why);
        let address = address.as_ref();
        let address = address.ok_or_else(|| refused("the base address is not one of HTTP"))?;
        let mut message = request.build(address).map_err(invalid)?;
        if base.password().is_some() {
            redactor.learn_address(base.as_str());
        }
        if let Some(key) = headers.get(API_KEY_HEADER)
            && key != API_KEY
            && let Ok(key) = key.to_str()
        {
            redactor.learn(key);
        }
        if let Some(sent) = request.secrets() {
            redactor.learn_fields(sent);
        }
        message.headers_mut().clone_from(headers);
        if let Some(token) = token {
            redactor.learn(token.expose());
            let bearer = token.bearer().ok_or_else(|| {
                refused("the token contains characters that a header cannot contain")
            })?;
            message.headers_mut().insert(AUTHORIZATION, bearer);
        }
        let response = http
            .send_until(deadline, message)
            .await
            .map_err(|error| failure(request, error))?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(decode::refusal(request, &response, &self.inner.redactor))
        }
    }
}

/// The error of a call without a token: the login failed, or the given token cannot be sent.
fn no_token(request: &Request, error: alta_auth::Error) -> Error {
    let kind = match error.kind() {
        alta_auth::ErrorKind::InvalidInput => ErrorKind::InvalidRequest,
        _ => ErrorKind::Login,
    };
    Error::of(kind, request).caused_by(error)
}

/// Waits for a token until the deadline.
async fn in_time(
    deadline: Deadline,
    token: impl Future<Output = Result<Token, alta_auth::Error>>,
) -> Result<Token, alta_auth::Error> {
    deadline.bound(token).await.unwrap_or_else(|| {
        let kind = alta_auth::ErrorKind::TimedOut;
        Err(alta_auth::Error::new(kind, "waiting for a token"))
    })
}

fn failure(request: &Request, error: alta_http::Error) -> Error {
    let kind = match error.kind() {
        alta_http::ErrorKind::NotSent | alta_http::ErrorKind::Tls => ErrorKind::NotSent,
        alta_http::ErrorKind::InvalidInput => ErrorKind::InvalidRequest,
        alta_http::ErrorKind::TimedOut => ErrorKind::TimedOut,
        alta_http::ErrorKind::TooLarge => ErrorKind::TooLarge,
        _ => ErrorKind::Transport,
    };
    Error::of(kind, request).caused_by(error)
}

/// The service has not executed a request whose token it refused, so another attempt is safe with any method.
fn wants_new_token(error: &Error) -> bool {
    error.status() == Some(StatusCode::UNAUTHORIZED)
        || error.error_code() == Some(&ErrorCode::ExpiredToken)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field(
                "base_url",
                &self.inner.redactor.redact(self.inner.base.as_str()),
            )
            .field("identities", &self.inner.identities)
            .finish_non_exhaustive()
    }
}
