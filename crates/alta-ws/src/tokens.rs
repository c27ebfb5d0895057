//! The machine of the token that requests carry, without I/O.

use crate::error::Error;
use alta_auth::Token;

/// A token of requests, and its number: the refusal of a request names the number, so that it does not count for a newer token.
#[derive(Clone, Debug)]
pub(crate) struct CurrentToken {
    pub(crate) token: Token,
    pub(crate) generation: u64,
}

/// A request to the source of tokens, for one other than the refused token.
#[derive(Debug)]
pub(crate) struct TokenRequest {
    pub(crate) refused: Option<Token>,
}

/// The token of requests. The source is called before every request, since only it knows the valid token.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    current: Option<CurrentToken>,
    /// True if the server refused the current token.
    is_stale: bool,
    is_coming: bool,
}

impl Tokens {
    /// The server refused the token of this generation. If the current token is newer, it stays valid.
    pub(crate) fn refused(&mut self, generation: u64) {
        self.is_stale |= generation == self.generation();
    }

    /// Requests a token, unless a request for one is in flight. Its result goes to [`arrived`](Self::arrived).
    pub(crate) fn request(&mut self) -> Option<TokenRequest> {
        if std::mem::replace(&mut self.is_coming, true) {
            return None;
        }
        // If the token cannot be renewed, the next request is sent with the current one.
        let is_stale = std::mem::take(&mut self.is_stale);
        let current = self.current.as_ref().filter(|_| is_stale);
        let refused = current.map(|current| current.token.clone());
        Some(TokenRequest { refused })
    }

    /// Takes the result of a request, and returns the token for the requests. `None` if the server has refused the token
    /// meanwhile: another one must be requested.
    pub(crate) fn arrived(
        &mut self,
        result: Result<Token, Error>,
    ) -> Option<Result<CurrentToken, Error>> {
        self.is_coming = false;
        let current = result.map(|token| self.set(token));
        (current.is_err() || !self.is_stale).then_some(current)
    }

    fn generation(&self) -> u64 {
        self.current
            .as_ref()
            .map_or(0, |current| current.generation)
    }

    fn set(&mut self, token: Token) -> CurrentToken {
        let generation = self.generation();
        match &self.current {
            Some(current) if current.token == token => current.clone(),
            _ => {
                self.is_stale = false;
                let generation = generation + 1;
                self.current
                    .insert(CurrentToken { token, generation })
                    .clone()
            }
        }
    }
}

#[cfg(test)]
impl Tokens {
    pub(crate) fn token(&self) -> Option<&Token> {
        self.current.as_ref().map(|current| &current.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_an_older_token_changes_nothing() {
        let mut tokens = Tokens::default();
        let first = tokens.set(Token::new("first"));
        let second = tokens.set(Token::new("second"));
        tokens.refused(first.generation);
        assert!(!tokens.is_stale);
        tokens.refused(second.generation);
        assert!(tokens.is_stale);
        tokens.set(Token::new("third"));
        assert!(!tokens.is_stale);
    }

    #[test]
    fn a_token_that_is_refused_while_it_is_requested_is_renewed_first() {
        let only = Token::new("only");
        let mut tokens = Tokens::default();
        let current = tokens.set(only.clone());
        assert_eq!(tokens.request().unwrap().refused, None);
        assert!(tokens.request().is_none(), "a request is in flight");
        tokens.refused(current.generation);
        assert!(tokens.arrived(Ok(only.clone())).is_none());
        assert_eq!(tokens.request().unwrap().refused, Some(only));
    }
}
