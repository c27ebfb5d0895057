use crate::{Account, path};
use alta_auth::Token;
use bytes::Bytes;
use http::Method;
use http::uri::{self, PathAndQuery, Uri};
use serde::Serialize;
use std::fmt;

/// A request to the REST API, which [`Client::send`](crate::Client::send) sends.
///
/// ```
/// use alta_rest::{Account, Request};
/// use http::Method;
///
/// let request = Request::new(Method::GET, "shop/account/items")
///     .query("limit", 20)
///     .account(Account::User);
/// ```
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Bytes>,
    account: Account,
    scopes: &'static [&'static str],
    /// The reason for which it cannot be sent.
    invalid: Option<String>,
}

impl Request {
    /// A request to a path below the API's base (`groups/joined`), without a query. Characters that an address cannot contain
    /// are encoded. By default either account is used.
    pub fn new(method: Method, path: &str) -> Self {
        Self::to(method, Ok(path::whole(path)))
    }

    /// The same from the segments of the path. Each is encoded, with its slashes, so that a name stays one segment.
    ///
    /// ```
    /// # use alta_rest::Request;
    /// # use http::Method;
    /// let request = Request::from_segments(Method::GET, &[&"servers", &"name", &"a/b c"]);
    /// assert_eq!(format!("{request:?}"), "GET servers/name/a%2Fb%20c");
    /// ```
    pub fn from_segments(method: Method, segments: &[&dyn fmt::Display]) -> Self {
        Self::to(method, path::join(segments))
    }

    fn to(method: Method, path: Result<String, String>) -> Self {
        let (path, invalid) = match path {
            Ok(path) => (path, None),
            Err(problem) => (String::new(), Some(problem)),
        };
        Self {
            method,
            path,
            query: Vec::new(),
            body: None,
            account: Account::Either,
            scopes: &[],
            invalid,
        }
    }

    /// Adds a pair to the query.
    pub fn query(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Adds a pair to the query, unless there is no value.
    pub fn query_opt(self, name: impl Into<String>, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Sets the body.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => self.body = Some(body.into()),
            Err(error) => self.invalid = Some(format!("serializing the body failed: {error}")),
        }
        self
    }

    /// Sets the account.
    pub fn account(mut self, account: Account) -> Self {
        self.account = account;
        self
    }

    /// Requires one of these scopes of a bot, [`Scope`](alta_auth::Scope)s as spelled on the wire. If the token states its
    /// scopes and none of these is among them, the request is not sent.
    pub fn any_scope(mut self, scopes: &'static [&'static str]) -> Self {
        self.scopes = scopes;
        self
    }

    /// The required scopes, if the token states its scopes and has none of them.
    pub(crate) fn missing_scopes(&self, token: &Token) -> Option<&'static [&'static str]> {
        let granted = token.claims()?.scopes();
        let lacks = !granted.is_empty()
            && !self.scopes.is_empty()
            && !self.scopes.iter().any(|scope| granted.contains(scope));
        lacks.then_some(self.scopes)
    }

    pub(crate) fn account_needed(&self) -> Account {
        self.account
    }

    pub(crate) fn invalid(&self) -> Option<&str> {
        self.invalid.as_deref()
    }

    /// Sets a pair of the query, and replaces a pair of that name.
    pub(crate) fn set_query(&mut self, name: &str, value: String) {
        self.query.retain(|(other, _)| other != name);
        self.query.push((name.to_owned(), value));
    }

    pub(crate) fn has_query(&self, name: &str) -> bool {
        self.query.iter().any(|(other, _)| other == name)
    }

    /// The body, which may contain a secret that the service repeats: a password's hash or a code.
    pub(crate) fn secrets(&self) -> Option<&str> {
        std::str::from_utf8(self.body.as_ref()?).ok()
    }

    /// The HTTP request below this base address, without headers.
    pub(crate) fn build(&self, base: &Uri) -> Result<http::Request<Bytes>, http::Error> {
        let above = base.path().trim_end_matches('/');
        let query = path::query(&self.query);
        let path = [above, "/", &self.path, &query].concat();
        let mut parts = uri::Parts::default();
        parts.scheme = base.scheme().cloned();
        parts.authority = base.authority().cloned();
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(Bytes::from(path))?);
        let mut request = http::Request::new(self.body.clone().unwrap_or_default());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = Uri::from_parts(parts)?;
        Ok(request)
    }
}

/// Method and path, without the query, which may contain a token.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
