use super::io::OpenFailure;
use crate::error::Error;
use alta_auth::Token;

/// The record of a token that the server refused at the upgrade; one such refusal is tolerated.
#[derive(Debug, Default)]
pub(super) struct Authorization {
    refusal: Option<Error>,
    /// The refused token, until another one is used.
    pub(super) refused: Option<Token>,
}

/// The consequence of a failure to open a link.
pub(super) enum Failed {
    /// Open another link at once.
    Again,
    /// Open another link later.
    Later(Error),
    /// No link can be opened any more.
    Final(Error),
}

impl Authorization {
    /// The server accepted a token.
    pub(super) fn accepted(&mut self) {
        *self = Self::default();
    }

    pub(super) fn failed(&mut self, failure: OpenFailure) -> Failed {
        match failure {
            OpenFailure::Unauthorized(error, token) if self.refusal.is_none() => {
                self.refusal = Some(error);
                self.refused = Some(token);
                Failed::Again
            }
            OpenFailure::Unauthorized(error, _) => Failed::Final(error),
            // The token had to be renewed, and that failed: the server's refusal is the cause.
            OpenFailure::Final(error) => Failed::Final(self.refusal.take().unwrap_or(error)),
            OpenFailure::NoToken(error) => Failed::Later(error),
            OpenFailure::Transient(error) => {
                // The next token differs from the refused one.
                *self = Self::default();
                Failed::Later(error)
            }
        }
    }
}
