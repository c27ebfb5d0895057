use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use alta_model::{Secret, Timestamp, UnusableSecret, UserId};

use crate::Claims;

/// An access token: what the services are asked with.
///
/// Cheap to clone. `Debug` shows no part of it, there is no `Display`, and its memory is wiped with the last clone. Two
/// tokens are equal if their texts are.
#[derive(Clone)]
pub struct Token(Arc<Inner>);

struct Inner {
    text: Secret,
    claims: OnceLock<Option<Claims>>,
}

impl Token {
    /// Wraps the text of a token. White space around it and a byte-order mark, which files and environment variables
    /// add, are no part of it.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::new(Inner {
            text: Secret::new(Secret::trimmed(text.as_ref())),
            claims: OnceLock::new(),
        }))
    }

    /// The text, for the one place that sends it.
    pub fn expose(&self) -> &str {
        self.0.text.expose()
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// Whether it can be sent; see [`Secret::check`].
    ///
    /// # Errors
    ///
    /// If it holds a control character. The error shows no part of it.
    pub fn check(&self, source: impl fmt::Display) -> Result<(), UnusableSecret> {
        self.0.text.check(source)
    }

    /// What the token says of itself, or none if it is no JWT. The signature is not checked: only the services can.
    pub fn claims(&self) -> Option<&Claims> {
        self.0
            .claims
            .get_or_init(|| Claims::from_jwt(self.expose()))
            .as_ref()
    }

    /// The account, if the claims name it.
    pub fn user_id(&self) -> Option<UserId> {
        self.claims()?.user_id()
    }

    /// When it expires, if the claims say so.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.claims()?.expires_at()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(<redacted>)")
    }
}

impl Eq for Token {}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.expose() == other.expose()
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Token {
    fn from(text: String) -> Self {
        // The given text is wiped together with this.
        Self::new(Secret::new(text).expose())
    }
}

impl From<&Secret> for Token {
    fn from(secret: &Secret) -> Self {
        Self::new(secret.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_part_of_it() {
        let token = Token::new("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2lnbmF0dXJl");
        assert!(token.claims().is_some());
        assert_eq!(format!("{token:?}"), "Token(<redacted>)");
    }

    #[test]
    fn white_space_and_a_byte_order_mark_are_no_part_of_it() {
        let token = Token::new("\u{feff} abc\r\n");
        assert_eq!(token.expose(), "abc");
        assert_eq!(token, Token::from("abc".to_owned()));
        assert_ne!(token, Token::new("abd"));
        assert!(Token::new(" \n").is_empty());
    }

    #[test]
    fn a_text_that_is_no_jwt_has_no_claims() {
        for text in ["", "abc", "a.b.c", "e30", "x.W10.y", "x.\u{e9}.y"] {
            assert!(Token::new(text).claims().is_none(), "{text}");
        }
    }
}
