use std::fmt;

use alta_auth::Token;
use bytes::Bytes;
use http::Method;
use serde::Serialize;

use crate::{Account, path};

/// A request to the REST API, as a value: [`Client::send`](crate::Client::send) sends it.
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
    /// Why it cannot be sent.
    invalid: Option<String>,
}

impl Request {
    /// A request to a path below the API's base (`groups/joined`). In the path, what cannot stand in an address is
    /// encoded; the query is no part of it. By default it is made in either account's name.
    pub fn new(method: Method, path: &str) -> Self {
        Self::to(method, Ok(path::whole(path)))
    }

    /// The same from the path's segments, each of which is encoded, slashes included, so that a name stays one segment.
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
            Err(error) => self.invalid = Some(format!("the body cannot be written: {error}")),
        }
        self
    }

    /// Chooses in whose name it is made.
    pub fn account(mut self, account: Account) -> Self {
        self.account = account;
        self
    }

    /// Says that a bot needs one of these scopes for it, [`Scope`](alta_auth::Scope)s as they are spelt on the wire. If its
    /// token tells what was granted and none of them is there, the request is not sent.
    pub fn any_scope(mut self, scopes: &'static [&'static str]) -> Self {
        self.scopes = scopes;
        self
    }

    /// The scopes of which the token lacks every one, if it tells what it has.
    pub(crate) fn missing_scopes(&self, token: &Token) -> Option<&'static [&'static str]> {
        let granted = token.claims()?.scopes();
        let lacks = !granted.is_empty()
            && !self.scopes.is_empty()
            && !self.scopes.iter().any(|scope| granted.contains(scope));
        lacks.then_some(self.scopes)
    }

    pub(crate) fn in_whose_name(&self) -> Account {
        self.account
    }

    pub(crate) fn invalid(&self) -> Option<&str> {
        self.invalid.as_deref()
    }

    /// Sets a pair of the query, in place of one of that name.
    pub(crate) fn set_query(&mut self, name: &str, value: String) {
        self.query.retain(|(other, _)| other != name);
        self.query.push((name.to_owned(), value));
    }

    pub(crate) fn has_query(&self, name: &str) -> bool {
        self.query.iter().any(|(other, _)| other == name)
    }

    /// The request below this base, without a token.
    /// The body, if it may hold a secret: a password's hash or a code, which the service may repeat.
    pub(crate) fn secrets(&self) -> Option<&str> {
        std::str::from_utf8(self.body.as_ref()?).ok()
    }

    pub(crate) fn build(&self, base: &str) -> Result<http::Request<Bytes>, http::Error> {
        http::Request::builder()
            .method(&self.method)
            .uri(format!("{base}/{}{}", self.path, path::query(&self.query)))
            .body(self.body.clone().unwrap_or_default())
    }
}

/// Method and path. The query may hold a token.
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
