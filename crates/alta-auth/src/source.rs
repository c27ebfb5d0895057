use std::sync::Arc;

use futures_core::future::BoxFuture;

use crate::{Error, ErrorKind, Token};

/// Where tokens come from. Object safe: clients hold an `Arc<dyn TokenSource>`.
///
/// Whoever needs a token asks at each use and keeps none: the source knows when to get another.
pub trait TokenSource: Send + Sync + 'static {
    /// A token that holds now, as far as the source can tell; usually one it has already.
    ///
    /// # Errors
    ///
    /// If there is none and none can be had. [`Error::is_transient`] tells whether a later attempt may succeed; a
    /// refusal is returned at once and not retried.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: what others wait for goes on.
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>>;

    /// A token other than `stale`, which a server has refused. If another has come in the meantime, it is that one, so
    /// that a hundred callers whose token was refused cause one login.
    ///
    /// # Errors
    ///
    /// As for [`token`](Self::token); a source that has no other token says [`ErrorKind::Refused`].
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

/// One token, for as long as it holds: nothing is renewed.
#[derive(Clone, Debug)]
pub struct StaticToken(Token);

impl StaticToken {
    /// Gives out this token whenever asked.
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
                    .with_message("it is empty"));
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
                .with_message("there is no other one"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fixed_token_is_given_out_and_cannot_be_renewed() {
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
            assert!(error.to_string().contains("it is empty"), "{error}");
        }
    }

    #[tokio::test]
    async fn renewing_a_token_that_is_another_one_gives_the_present_one() {
        let source = StaticToken::new("abc");
        let token = source.renew(&Token::new("old")).await.unwrap();
        assert_eq!(token.expose(), "abc");
    }
}
