use crate::error::{Error, ErrorKind, Sent};
use crate::frame::Response;
use alta_model::Redactor;

/// The end of a request.
#[derive(Debug)]
pub(super) enum Outcome {
    Reply(Response),
    /// The gateway sent this error, and only this request was in flight.
    Gateway(String),
    TimedOut,
    /// It was not sent, since there was no token.
    Unsent(Error),
}

impl Outcome {
    /// The error of this end, if it is one.
    pub(super) fn into_result(
        self,
        doing: String,
        after: std::time::Duration,
        sent: Sent,
        redactor: &Redactor,
    ) -> Result<Response, Error> {
        Err(match self {
            Outcome::Reply(response) if response.is_success() => return Ok(response),
            Outcome::Reply(response) => {
                Error::refused(response.status, &response.content, redactor, doing)
            }
            Outcome::Gateway(message) => {
                Error::new(ErrorKind::Gateway { message }, doing).of_request(sent)
            }
            Outcome::TimedOut => Error::new(ErrorKind::TimedOut { after, sent }, doing),
            Outcome::Unsent(error) => error.while_doing(doing).of_request(sent),
        })
    }

    pub(super) fn wants_renewal(&self) -> bool {
        matches!(self, Outcome::Reply(response) if response.status == 401)
    }

    /// Returns whether the server certainly did not perform the request.
    pub(super) fn did_nothing(&self) -> bool {
        match self {
            Outcome::Reply(response) => (400..500).contains(&response.status),
            Outcome::Unsent(_) => true,
            Outcome::Gateway(_) | Outcome::TimedOut => false,
        }
    }
}
