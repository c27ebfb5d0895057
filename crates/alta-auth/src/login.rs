use std::time::Duration;

use futures_core::future::BoxFuture;

use crate::{Error, Token};

/// A way to get a new token: what [`TokenCache`](crate::TokenCache) calls when one is due. Object safe.
pub trait Login: Send + Sync + 'static {
    /// Gets a new token. The cache asks once at a time.
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

/// What a login gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Grant {
    /// The token.
    pub token: Token,
    /// How long it holds from now on, if the service says so; users' tokens say it only in their claims.
    pub expires_in: Option<Duration>,
}

impl Grant {
    /// A token of which nothing but its own claims tells how long it holds.
    pub fn new(token: impl Into<Token>) -> Self {
        Self {
            token: token.into(),
            expires_in: None,
        }
    }

    /// Says how long it holds from now on.
    #[must_use]
    pub fn expires_in(mut self, life: Duration) -> Self {
        self.expires_in = Some(life);
        self
    }
}
