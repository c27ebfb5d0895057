use crate::error::{Error, ErrorKind};
use alta_auth::{Token, TokenSource};
use futures_core::future::BoxFuture;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// How long a token may take: three attempts of ten seconds, their pauses, and then some.
const TOKEN_WITHIN: Duration = Duration::from_secs(60);

/// The tokens that requests are sent with: asked for afresh whenever there is something to send, since the source knows
/// which one is valid.
pub(crate) struct Tokens {
    source: Arc<dyn TokenSource>,
    current: Option<Token>,
    /// Which token in a row the current one is.
    generation: u64,
    /// Whether a server refused the current one.
    stale: bool,
    coming: Option<BoxFuture<'static, Result<Token, Error>>>,
}

impl Tokens {
    pub(crate) fn new(source: Arc<dyn TokenSource>) -> Self {
        Self {
            source,
            current: None,
            generation: 0,
            stale: false,
            coming: None,
        }
    }

    pub(crate) fn source(&self) -> Arc<dyn TokenSource> {
        Arc::clone(&self.source)
    }

    pub(crate) fn current(&self) -> Option<&Token> {
        self.current.as_ref()
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// This token has come.
    pub(crate) fn set(&mut self, token: Token) {
        if self.current.as_ref() != Some(&token) {
            self.current = Some(token);
            self.generation += 1;
            self.stale = false;
        }
    }

    /// The token of this generation was refused. Of an older one it is no news.
    pub(crate) fn refused(&mut self, generation: u64) {
        self.stale |= generation == self.generation;
    }

    /// A token is needed.
    pub(crate) fn want(&mut self) {
        if self.coming.is_none() {
            let stale = self.current.clone().filter(|_| self.stale);
            // If it can't be renewed, the next request is sent with the present one.
            self.stale = false;
            let source = self.source();
            self.coming = Some(Box::pin(get_token(source, stale)));
        }
    }

    /// Ready when the token that is needed has come, or can't be had.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Token, Error>> {
        loop {
            let Some(coming) = &mut self.coming else {
                return Poll::Pending;
            };
            let result = ready!(coming.as_mut().poll(cx));
            self.coming = None;
            if let Ok(token) = &result {
                self.set(token.clone());
                if self.stale {
                    // It was refused while it was being asked for.
                    self.want();
                    continue;
                }
            }
            return Poll::Ready(result);
        }
    }
}

/// A valid token: another one than the stale one, if there is one.
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
    fn a_refusal_of_an_older_token_is_no_news() {
        let mut tokens = Tokens::new(Arc::new(StaticToken::new("x")));
        tokens.set(Token::new("first"));
        let first = tokens.generation();
        tokens.set(Token::new("second"));
        tokens.refused(first);
        assert!(!tokens.stale);
        tokens.refused(tokens.generation());
        assert!(tokens.stale);
        tokens.set(Token::new("third"));
        assert!(!tokens.stale);
    }

    #[test]
    fn a_token_that_is_refused_while_it_is_asked_for_is_renewed_first() {
        let mut tokens = Tokens::new(Arc::new(StaticToken::new("only")));
        tokens.set(Token::new("only"));
        tokens.want();
        tokens.refused(tokens.generation());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let result = runtime.block_on(std::future::poll_fn(|cx| tokens.poll(cx)));
        let error = result.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Unauthorized { .. }),
            "{error}"
        );
    }
}
