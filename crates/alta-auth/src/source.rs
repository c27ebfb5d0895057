use crate::{Error, ErrorKind, Token};
use futures_core::future::BoxFuture;
use std::sync::Arc;

/// Provides tokens. Object safe: clients hold an `Arc<dyn TokenSource>`.
///
/// A client requests a token at each use and keeps none: the source decides when to renew it.
pub trait TokenSource: Send + Sync + 'static {
    /// Returns a token that is valid now, as far as the source knows; usually one that it already has.
    ///
    /// # Errors
    ///
    /// Fails if no token can be obtained. [`Error::is_transient`] says whether a later attempt may succeed; a refusal is
    /// returned at once and not retried.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: a login for which other callers wait continues.
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>>;

    /// Returns another token than `stale`, which a server has refused. If a newer one has arrived meanwhile, it is returned,
    /// so that a hundred callers with one refused token cause one login.
    ///
    /// # Errors
    ///
    /// As for [`token`](Self::token). A source without another token fails with [`ErrorKind::Refused`].
    ///
    /// # Cancel safety
    ///
    /// As for [`token`](Self::token).
    fn renew<'a>(&'a self, stale: &'a Token) -> BoxFuture<'a, Result<Token, Error>>;
}

impl<S: TokenSource + ?Sized> TokenSource for Arc<S> {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        (**self).token()
    }

    fn renew<'a>(&'a self, stale: &'a Token) -> BoxFuture<'a, Result<Token, Error>> {
        (**self).renew(stale)
    }
}

/// One fixed token, which is never renewed.
#[derive(Clone, Debug)]
pub struct StaticToken(Token);

impl StaticToken {
    /// Returns this token at each use.
    pub fn new(token: impl Into<Token>) -> Self {
        Self(token.into())
    }
}

impl TokenSource for StaticToken {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        let checked = self.0.check("the fixed token");
        Box::pin(async {
            if self.0.is_empty() {
                return Err(Error::new(ErrorKind::InvalidInput, "reading a fixed token")
                    .with_message("the token is empty"));
            }
            checked.map_err(|error| {
                Error::new(ErrorKind::InvalidInput, "reading a fixed token").caused_by(error)
            })?;
            Ok(self.0.clone())
        })
    }

    fn renew<'a>(&'a self, stale: &'a Token) -> BoxFuture<'a, Result<Token, Error>> {
        Box::pin(async move {
            if self.0 != *stale {
                return Ok(self.0.clone());
            }
            Err(Error::new(ErrorKind::Refused, "renewing a fixed token")
                .with_message("there is no other token"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fixed_token_is_returned_and_cannot_be_renewed() {
        let source: Arc<dyn TokenSource> = Arc::new(StaticToken::new("abc"));
        let token = source.token().await.unwrap();
        assert_eq!(token.expose(), "abc");
        let error = source.renew(&token).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Refused);
        assert!(!error.is_transient());
    }

    #[tokio::test]
    async fn a_fixed_token_with_a_control_character_is_an_error_that_does_not_show_it() {
        let error = StaticToken::new("eyJ0\neyJ1").token().await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::InvalidInput);
        let said = format!("{error:?}");
        assert!(
            said.contains("the fixed token has a control character"),
            "{said}"
        );
        assert!(!said.contains("eyJ"), "{said}");
    }

    #[tokio::test]
    async fn a_fixed_token_of_blanks_is_an_error() {
        for empty in ["", " \r\n", "\u{feff}"] {
            let error = StaticToken::new(empty).token().await.unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains("the token is empty"), "{error}");
        }
    }

    #[tokio::test]
    async fn renewing_another_token_returns_the_fixed_one() {
        let source = StaticToken::new("abc");
        let token = source.renew(&Token::new("old")).await.unwrap();
        assert_eq!(token.expose(), "abc");
    }
}
