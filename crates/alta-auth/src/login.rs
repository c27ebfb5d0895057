use crate::{Error, Token};
use futures_core::future::BoxFuture;
use std::time::Duration;

/// Obtains new tokens for a [`TokenCache`](crate::TokenCache). Object safe.
pub trait Login: Send + Sync + 'static {
    /// Obtains a new token. The cache makes one call at a time.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) if the credentials are wrong; transient kinds if another attempt
    /// may succeed.
    fn log_in(&self) -> BoxFuture<'_, Result<Grant, Error>>;
}

impl<L: Login + ?Sized> Login for Box<L> {
    fn log_in(&self) -> BoxFuture<'_, Result<Grant, Error>> {
        (**self).log_in()
    }
}

/// The result of a login.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Grant {
    /// The token.
    pub token: Token,
    /// Its lifetime from now on, if the service states it; users' tokens state it only in their claims.
    pub expires_in: Option<Duration>,
}

impl Grant {
    /// A token whose lifetime is only in its claims.
    pub fn new(token: impl Into<Token>) -> Self {
        Self {
            token: token.into(),
            expires_in: None,
        }
    }

    /// Sets its lifetime from now on.
    #[must_use]
    pub fn expires_in(mut self, life: Duration) -> Self {
        self.expires_in = Some(life);
        self
    }
}
