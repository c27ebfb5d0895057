use std::{error, fmt, time::Duration};

use alta_model::{ApiError, ErrorCode, chain, escaped};
use bytes::Bytes;
use http::StatusCode;

/// Why a call failed.
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    request: String,
    status: Option<StatusCode>,
    api: Option<ApiError>,
    body: Bytes,
    detail: Option<String>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn error::Error + Send + Sync>>,
}

/// What kind of trouble it is, and so what can be done about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request breaks a rule of the service, or its fields are wrong (400, 422); accepting an invitation twice, for
    /// example.
    #[error("rejected")]
    Rejected,
    /// The token was refused, and so was a new one if there was any (401).
    #[error("not authorised")]
    NotAuthorised,
    /// The account may not do that (403).
    #[error("forbidden")]
    Forbidden,
    /// There is no such thing, or it is not the account's to see (404).
    #[error("not found")]
    NotFound,
    /// The service has the address, but not for this verb (405).
    #[error("method not allowed")]
    MethodNotAllowed,
    /// It contradicts what there is (409).
    #[error("conflict")]
    Conflict,
    /// Too many requests (429).
    #[error("too many requests")]
    RateLimited,
    /// The service failed (500 and above).
    #[error("the service failed")]
    Server,
    /// A status that the API is not known to send, a redirect for example: perhaps the base URL is that of something else.
    #[error("unexpected status")]
    UnexpectedStatus,
    /// The request never left this machine: no connection could be made.
    #[error("the request could not be sent")]
    NotSent,
    /// The exchange broke off. The service may have acted.
    #[error("the exchange broke off")]
    Transport,
    /// There was no whole answer in time. The service may have acted.
    #[error("no answer in time")]
    TimedOut,
    /// The answer, or a list asked for with a bound, is larger than allowed.
    #[error("too large")]
    TooLarge,
    /// The answer could not be understood. The service has acted.
    #[error("the answer could not be understood")]
    Decode,
    /// The pages of a list lead in a circle.
    #[error("the pages of the list do not end")]
    EndlessPages,
    /// The client has no token of the kind that the call needs.
    #[error("no account for this call")]
    NoAccount,
    /// The bot's token lacks the scope that the call needs, as far as their names tell; see
    /// [`Client::without_scope_checks`](crate::Client::without_scope_checks). Nothing was sent.
    #[error("a scope is missing")]
    MissingScope,
    /// No token could be had; the source tells why.
    #[error("no token")]
    Login,
    /// The request cannot be sent as it is, or to that address.
    #[error("invalid request")]
    InvalidRequest,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, request: impl fmt::Display) -> Self {
        Self(Box::new(Inner {
            kind,
            request: request.to_string(),
            status: None,
            api: None,
            body: Bytes::new(),
            detail: None,
            retry_after: None,
            source: None,
        }))
    }

    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_api(mut self, api: Option<ApiError>) -> Self {
        self.0.api = api;
        self
    }

    pub(crate) fn with_body(mut self, body: Bytes) -> Self {
        self.0.body = body;
        self
    }

    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    pub(crate) fn with_retry_after(mut self, pause: Option<Duration>) -> Self {
        self.0.retry_after = pause;
        self
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The request: method and path below the base, without the query.
    pub fn request(&self) -> &str {
        &self.0.request
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The service's words for people, if it sent any.
    pub fn message(&self) -> Option<&str> {
        let message = &self.0.api.as_ref()?.message;
        (!message.is_empty()).then_some(message)
    }

    /// The service's word for programs, if it sent one.
    pub fn error_code(&self) -> Option<&ErrorCode> {
        self.0.api.as_ref()?.error_code.as_ref()
    }

    /// The body of the answer as the API's own error, with the fields that it found wrong, if it is one.
    pub fn api_error(&self) -> Option<&ApiError> {
        self.0.api.as_ref()
    }

    /// The first kilobyte of the answer's body, with `<redacted>` for what is secret in it.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// The pause that the service asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        match self.0.kind {
            ErrorKind::RateLimited
            | ErrorKind::Server
            | ErrorKind::NotSent
            | ErrorKind::Transport
            | ErrorKind::TimedOut => true,
            ErrorKind::Login => self
                .0
                .source
                .as_deref()
                .and_then(|source| source.downcast_ref::<alta_auth::Error>())
                .is_some_and(alta_auth::Error::is_transient),
            _ => matches!(self.error_code(), Some(ErrorCode::RetryActionLater)),
        }
    }

    fn changes_something(&self) -> bool {
        let (method, _) = self.0.request.split_once(' ').unwrap_or_default();
        !matches!(method, "GET" | "HEAD" | "OPTIONS")
    }

    /// Whether the service may have acted although the call failed.
    pub fn may_have_run(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Server
                | ErrorKind::Transport
                | ErrorKind::TimedOut
                | ErrorKind::TooLarge
                | ErrorKind::Decode
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&escaped(Message(self)), f)
    }
}

/// What an error says, as the service wrote it.
struct Message<'a>(&'a Error);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Message(error) = self;
        let inner = &*error.0;
        write!(f, "{}: {}", inner.request, inner.kind)?;
        if let Some(status) = inner.status {
            write!(f, " ({})", status.as_u16())?;
        }
        if let Some(detail) = &inner.detail {
            write!(f, ": {detail}")?;
        }
        match (error.message(), error.error_code()) {
            (Some(message), Some(code)) => write!(f, ": {message} ({code})")?,
            (Some(message), None) => write!(f, ": {message}")?,
            (None, Some(code)) => write!(f, ": {code}")?,
            (None, None) => {}
        }
        let wrong = inner
            .api
            .iter()
            .filter_map(|api| api.request_model_errors.as_ref())
            .flat_map(|errors| &errors.errors);
        for error in wrong {
            match &error.field {
                Some(field) => write!(f, "; {field}: {}", error.message)?,
                None => write!(f, "; {}", error.message)?,
            }
        }
        if let Some(pause) = inner.retry_after {
            write!(f, "; not to be tried again for {pause:?}")?;
        }
        if error.may_have_run() && error.changes_something() {
            f.write_str("; it may have been carried out")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    /// The message and its causes in one line: what is seen of an error that `main` returns. `{:#?}` shows the fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return fmt::Debug::fmt(&*self.0, f);
        }
        fmt::Display::fmt(&chain(self), f)
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn error::Error + 'static))
    }
}
