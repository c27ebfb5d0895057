use crate::error::{Error, ErrorKind};
use alta_auth::{Token, TokenSource};
use futures_core::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// The timeout of a token: three attempts of ten seconds, their pauses, and a margin.
const TOKEN_WITHIN: Duration = Duration::from_secs(60);

/// A requested token.
pub(crate) type Coming = BoxFuture<'static, Result<Token, Error>>;

/// The token of requests. The source is called before every request, since only it knows the valid token.
pub(crate) struct Tokens {
    source: Arc<dyn TokenSource>,
    current: Option<Token>,
    /// The generation: the number of the current token.
    generation: u64,
    /// True if the server refused the current token.
    is_stale: bool,
    is_coming: bool,
}

impl Tokens {
    pub(crate) fn new(source: Arc<dyn TokenSource>) -> Self {
        Self {
            source,
            current: None,
            generation: 0,
            is_stale: false,
            is_coming: false,
        }
    }

    pub(crate) fn source(&self) -> Arc<dyn TokenSource> {
        Arc::clone(&self.source)
    }

    pub(crate) fn current(&self) -> Option<&Token> {
        self.current.as_ref()
    }

    /// The server refused the token of this generation. If the current token is newer, it stays valid.
    pub(crate) fn refused(&mut self, generation: u64) {
        self.is_stale |= generation == self.generation;
    }

    /// Requests a token, unless a request for one is in flight. Its result goes to [`arrived`](Self::arrived).
    pub(crate) fn request(&mut self) -> Option<Coming> {
        if std::mem::replace(&mut self.is_coming, true) {
            return None;
        }
        let stale = self.current.clone().filter(|_| self.is_stale);
        // If the token cannot be renewed, the next request is sent with the current one.
        self.is_stale = false;
        Some(Box::pin(get_token(self.source(), stale)))
    }

    /// Takes the result of such a request, and returns the token's generation. `None` if the server has refused the
    /// token meanwhile: another one must be requested.
    pub(crate) fn arrived(&mut self, result: Result<Token, Error>) -> Option<Result<u64, Error>> {
        self.is_coming = false;
        match result {
            Ok(token) => {
                self.set(token);
                (!self.is_stale).then_some(Ok(self.generation))
            }
            Err(error) => Some(Err(error)),
        }
    }

    fn set(&mut self, token: Token) {
        if self.current.as_ref() != Some(&token) {
            self.current = Some(token);
            self.generation += 1;
            self.is_stale = false;
        }
    }
}

/// Gets a valid token that is not the stale one.
pub(crate) async fn get_token(
    source: Arc<dyn TokenSource>,
    stale: Option<Token>,
) -> Result<Token, Error> {
    const DOING: &str = "getting a token";
    let token = async {
        match &stale {
            Some(stale) => source.renew(stale).await,
            None => source.token().await,
        }
    };
    match tokio::time::timeout(TOKEN_WITHIN, token).await {
        Ok(Ok(token)) => Ok(token),
        Ok(Err(error)) if *error.kind() == alta_auth::ErrorKind::Refused => {
            let kind = ErrorKind::Unauthorized { status: None };
            Err(Error::new(kind, DOING).caused_by(error))
        }
        Ok(Err(error)) => Err(Error::new(ErrorKind::NoToken, DOING).caused_by(error)),
        Err(elapsed) => Err(Error::new(ErrorKind::NoToken, DOING).caused_by(elapsed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alta_auth::StaticToken;

    #[test]
    fn a_refusal_of_an_older_token_changes_nothing() {
        let mut tokens = Tokens::new(Arc::new(StaticToken::new("x")));
        tokens.set(Token::new("first"));
        let first = tokens.generation;
        tokens.set(Token::new("second"));
        tokens.refused(first);
        assert!(!tokens.is_stale);
        tokens.refused(tokens.generation);
        assert!(tokens.is_stale);
        tokens.set(Token::new("third"));
        assert!(!tokens.is_stale);
    }

    #[tokio::test]
    async fn a_token_that_is_refused_while_it_is_requested_is_renewed_first() {
        let mut tokens = Tokens::new(Arc::new(StaticToken::new("only")));
        tokens.set(Token::new("only"));
        let coming = tokens.request().unwrap();
        tokens.refused(tokens.generation);
        assert!(tokens.arrived(coming.await).is_none());
        let error = tokens.request().unwrap().await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Unauthorized { .. }),
            "{error}"
        );
    }
}
