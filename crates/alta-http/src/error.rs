use alta_model::escaped;
use http::{Method, Request, Uri};
use std::time::Duration;
use std::{error, fmt, io};
use tower::timeout::error::Elapsed;

/// Any error, as tower services return it.
pub type BoxError = Box<dyn error::Error + Send + Sync>;

alta_model::error_type! {
    /// An HTTP exchange failed. A response of any status is not an error.
    pub struct Error(ErrorKind, ());
}

/// The progress of the exchange, for a program to match on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request was not sent: no connection could be made, or it waited in the queue until its deadline.
    #[error("the request could not be sent")]
    NotSent,
    /// The exchange broke off. The server may have acted on the request.
    #[error("the exchange broke off")]
    Transport,
    /// No complete response came in time. The server may have acted on the request.
    #[error("no response in time")]
    TimedOut,
    /// The body of the response exceeds the limit. The server has acted on the request.
    #[error("the body of the response is too large")]
    TooLarge,
    /// TLS could not be set up.
    #[error("TLS could not be set up")]
    Tls,
    /// The request or the configuration is invalid. Nothing was sent.
    #[error("invalid input")]
    InvalidInput,
}

impl Error {
    /// Classifies the error of a service: one of ours is kept, [`NotSent`] and the error of tower's timeout are recognized, and
    /// any other counts as an exchange that broke off.
    pub(crate) fn sort(error: impl Into<BoxError>) -> Self {
        let error = match error.into().downcast::<Self>() {
            Ok(ours) => return *ours,
            Err(other) => other,
        };
        let kind = if chain(&*error).any(<dyn error::Error>::is::<NotSent>) {
            ErrorKind::NotSent
        } else if chain(&*error).any(<dyn error::Error>::is::<Elapsed>) {
            ErrorKind::TimedOut
        } else {
            ErrorKind::Transport
        };
        Self::from(kind).caused_by(error)
    }

    /// The error of an exchange that was ended after this time.
    pub(crate) fn timed_out(after: Duration) -> Self {
        Self::from(ErrorKind::TimedOut).caused_by(format!("waited for {after:?}"))
    }

    /// Names the request, unless the error names an operation already.
    pub(crate) fn of(self, target: &Target) -> Self {
        if self.doing().is_empty() {
            self.while_doing(target.to_string())
        } else {
            self
        }
    }

    /// Returns whether the server may have received the request and acted on it.
    pub fn may_have_arrived(&self) -> bool {
        !matches!(
            self.kind(),
            ErrorKind::NotSent | ErrorKind::Tls | ErrorKind::InvalidInput
        )
    }
}

/// The error of a layer or a transport: [`HttpClient::send`](crate::HttpClient::send) adds the request to its message.
impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, "")
    }
}

/// Marks the error of a request that was not sent, so that [`Retry`](crate::Retry) repeats it with any method.
///
/// A transport returns it as its error, or anywhere in the chain of its error's sources.
#[derive(Debug)]
pub struct NotSent {
    source: BoxError,
}

impl NotSent {
    /// The marker, with its cause.
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self {
            source: source.into(),
        }
    }
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was not sent")
    }
}

impl error::Error for NotSent {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&*self.source)
    }
}

/// Method and address of a request, without the query, which may contain a token.
#[derive(Clone)]
pub(crate) struct Target {
    method: Method,
    uri: Uri,
}

impl Target {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.method)?;
        if let Some(scheme) = self.uri.scheme_str() {
            write!(f, "{scheme}://")?;
        }
        if let Some(host) = self.uri.host() {
            f.write_str(host)?;
        }
        if let Some(port) = self.uri.port_u16() {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", escaped(self.uri.path()))
    }
}

/// An error and its sources.
pub(crate) fn chain<'a>(
    error: &'a (dyn error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn error::Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        // The source of an I/O error is the source of its inner error; this includes the inner error itself.
        match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inside) => Some(inside as &(dyn error::Error + 'static)),
            None => error.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn the_marker_is_found_anywhere_in_the_chain() {
        let nested = io::Error::other(NotSent::new("no route"));
        let error = Error::sort(nested);
        assert_eq!(*error.kind(), ErrorKind::NotSent);
        assert!(!error.may_have_arrived());

        let error = Error::sort("reset");
        assert_eq!(*error.kind(), ErrorKind::Transport);
        assert!(error.may_have_arrived());
    }

    #[test]
    fn the_message_names_the_request_without_its_query() {
        let request = Request::get("https://user:pass@example.org:8080/api/check?token=eyJ")
            .body(())
            .unwrap();
        let error = Error::from(ErrorKind::TimedOut)
            .caused_by("slow")
            .of(&Target::of(&request));
        assert_eq!(
            error.to_string(),
            "GET https://example.org:8080/api/check: no response in time"
        );
        assert_eq!(error.source().unwrap().to_string(), "slow");
    }
}
