use crate::Request;
use alta_model::error_type::{ErrorDetails, Fields};
use alta_model::{ApiError, ErrorCode};
use bytes::Bytes;
use http::StatusCode;
use std::time::Duration;
use std::{error, fmt};

alta_model::error_type! {
    /// A call failed. [`doing`](Self::doing) is the request: its method and its path below the base, without the query.
    pub struct Error(ErrorKind, Details);
}

/// The content of the response, and an explanation of the client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    status: Option<StatusCode>,
    api: Option<ApiError>,
    body: Bytes,
    explanation: Option<String>,
    retry_after: Option<Duration>,
}

/// The reason of an [`Error`], for a program to match on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request breaks a rule of the service, or has invalid fields (400, 422): for example, an invitation is accepted
    /// twice.
    #[error("rejected")]
    Rejected,
    /// The service refused the token, and then the renewed one if there was one (401).
    #[error("unauthorized")]
    Unauthorized,
    /// The account lacks the permission (403).
    #[error("forbidden")]
    Forbidden,
    /// The object does not exist, or the account cannot see it (404).
    #[error("not found")]
    NotFound,
    /// The address exists, but not for this method (405).
    #[error("method not allowed")]
    MethodNotAllowed,
    /// The request contradicts the current state (409).
    #[error("conflict")]
    Conflict,
    /// Too many requests (429).
    #[error("too many requests")]
    RateLimited,
    /// The service failed (500 and above).
    #[error("the service failed")]
    Server,
    /// The API is not known to send this status, such as a redirect: perhaps the base URL belongs to something else.
    #[error("unexpected status")]
    UnexpectedStatus,
    /// The request was not sent: no connection could be made.
    #[error("the request could not be sent")]
    NotSent,
    /// The exchange broke off. The service may have executed the request.
    #[error("the exchange broke off")]
    Transport,
    /// No complete response came in time. The service may have executed the request.
    #[error("no response in time")]
    TimedOut,
    /// The response, or a list requested with a bound, is larger than allowed.
    #[error("too large")]
    TooLarge,
    /// The response could not be decoded. The service has executed the request.
    #[error("the response could not be decoded")]
    Decode,
    /// The pages of a list form a circle.
    #[error("the pages of the list do not end")]
    EndlessPages,
    /// The client has no token of the kind that the call needs.
    #[error("no account for this call")]
    NoAccount,
    /// The bot's token lacks the scope that the call needs, judged by the names of the scopes; see
    /// [`Client::without_scope_checks`](crate::Client::without_scope_checks). Nothing was sent.
    #[error("a scope is missing")]
    MissingScope,
    /// No token is available; the source is the reason.
    #[error("no token")]
    Login,
    /// The request is invalid, or cannot be sent to its address.
    #[error("invalid request")]
    InvalidRequest,
}

impl Error {
    /// The error of this request.
    pub(crate) fn of(kind: ErrorKind, request: &Request) -> Self {
        Self::new(kind, request.to_string())
    }

    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.0.fields_mut().details.status = Some(status);
        self
    }

    pub(crate) fn with_api(mut self, api: Option<ApiError>) -> Self {
        self.0.fields_mut().details.api = api;
        self
    }

    pub(crate) fn with_body(mut self, body: Bytes) -> Self {
        self.0.fields_mut().details.body = body;
        self
    }

    pub(crate) fn with_explanation(mut self, explanation: impl Into<String>) -> Self {
        self.0.fields_mut().details.explanation = Some(explanation.into());
        self
    }

    pub(crate) fn with_retry_after(mut self, pause: Option<Duration>) -> Self {
        self.0.fields_mut().details.retry_after = pause;
        self
    }

    /// The status of the response, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.details().status
    }

    /// The service's message for people, if it sent one.
    pub fn message(&self) -> Option<&str> {
        self.details().message()
    }

    /// The service's code for programs, if it sent one.
    pub fn error_code(&self) -> Option<&ErrorCode> {
        self.details().error_code()
    }

    /// The body of the response as the API's own error, with the fields that the service rejected, if it is one.
    pub fn api_error(&self) -> Option<&ApiError> {
        self.details().api.as_ref()
    }

    /// The first kilobyte of the response's body, with `<redacted>` in place of secrets.
    pub fn body(&self) -> &Bytes {
        &self.details().body
    }

    /// The pause that the service requested.
    pub fn retry_after(&self) -> Option<Duration> {
        self.details().retry_after
    }

    /// Returns whether the same request can succeed later.
    pub fn is_transient(&self) -> bool {
        match self.kind() {
            ErrorKind::RateLimited
            | ErrorKind::Server
            | ErrorKind::NotSent
            | ErrorKind::Transport
            | ErrorKind::TimedOut => true,
            ErrorKind::Login => error::Error::source(self)
                .and_then(|source| source.downcast_ref::<alta_auth::Error>())
                .is_some_and(alta_auth::Error::is_transient),
            _ => matches!(self.error_code(), Some(ErrorCode::RetryActionLater)),
        }
    }

    /// Returns whether the service may have executed the request although the call failed.
    pub fn may_have_run(&self) -> bool {
        self.kind().may_have_run()
    }

    fn details(&self) -> &Details {
        &self.0.fields().details
    }
}

impl ErrorKind {
    fn may_have_run(self) -> bool {
        matches!(
            self,
            Self::Server | Self::Transport | Self::TimedOut | Self::TooLarge | Self::Decode
        )
    }
}

impl Details {
    fn message(&self) -> Option<&str> {
        let message = &self.api.as_ref()?.message;
        (!message.is_empty()).then_some(message)
    }

    fn error_code(&self) -> Option<&ErrorCode> {
        self.api.as_ref()?.error_code.as_ref()
    }
}

impl ErrorDetails<ErrorKind> for Details {
    fn write(error: &Fields<ErrorKind, Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &error.details;
        if let Some(status) = details.status {
            write!(f, " ({})", status.as_u16())?;
        }
        if let Some(explanation) = &details.explanation {
            write!(f, ": {explanation}")?;
        }
        match (details.message(), details.error_code()) {
            (Some(message), Some(code)) => write!(f, ": {message} ({code})")?,
            (Some(message), None) => write!(f, ": {message}")?,
            (None, Some(code)) => write!(f, ": {code}")?,
            (None, None) => {}
        }
        let rejected = details
            .api
            .iter()
            .filter_map(|api| api.request_model_errors.as_ref())
            .flat_map(|errors| &errors.errors);
        for error in rejected {
            match &error.field {
                Some(field) => write!(f, "; {field}: {}", error.message)?,
                None => write!(f, "; {}", error.message)?,
            }
        }
        if let Some(pause) = details.retry_after {
            write!(f, "; retry after {pause:?}")?;
        }
        let is_read_only = ["GET ", "HEAD ", "OPTIONS "]
            .iter()
            .any(|method| error.doing.starts_with(method));
        if error.kind.may_have_run() && !is_read_only {
            f.write_str("; the service may have executed it")?;
        }
        Ok(())
    }
}
