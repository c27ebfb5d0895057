use crate::Claims;
use alta_model::{Secret, Timestamp, UnusableSecret, UserId};
use http::HeaderValue;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// An access token, which authorizes requests to the services.
///
/// Cheap to clone. `Debug` shows no part of it, there is no `Display`, and its memory is wiped with the last clone. Two
/// tokens are equal if their strings are.
#[derive(Clone)]
pub struct Token(Arc<Inner>);

struct Inner {
    secret: Secret,
    claims: OnceLock<Option<Claims>>,
    bearer: OnceLock<Option<HeaderValue>>,
}

impl Token {
    /// Wraps the string of a token. White space and byte-order marks around it, which files and environment variables add,
    /// are removed.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::new(Inner {
            secret: Secret::new(Secret::trimmed(text.as_ref())),
            claims: OnceLock::new(),
            bearer: OnceLock::new(),
        }))
    }

    /// The string, for the code that sends it.
    pub fn expose(&self) -> &str {
        self.0.secret.expose()
    }

    /// Returns whether the string is empty.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// Checks that it can be sent; see [`Secret::check`].
    ///
    /// # Errors
    ///
    /// Fails if it contains a control character. The error shows no part of it.
    pub fn check(&self, source: impl fmt::Display) -> Result<(), UnusableSecret> {
        self.0.secret.check(source)
    }

    /// The value of the `Authorization` header, `Bearer …`, marked as sensitive; none if the token contains characters that a
    /// header cannot contain. It is built once.
    pub fn bearer(&self) -> Option<HeaderValue> {
        let build = || {
            let mut value = HeaderValue::try_from(format!("Bearer {}", self.expose())).ok()?;
            value.set_sensitive(true);
            Some(value)
        };
        self.0.bearer.get_or_init(build).clone()
    }

    /// The claims of the token, or none if it is not a JWT. The signature is not checked: only the services can do that.
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

    /// The expiry, if the claims contain one.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.claims()?.expires_at()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Token").field(&self.0.secret).finish()
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
        // The given string is wiped when this `Secret` is dropped.
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
    fn the_header_is_marked_and_absent_for_a_token_that_a_header_cannot_contain() {
        let bearer = Token::new("abc").bearer().unwrap();
        assert_eq!(bearer, "Bearer abc");
        assert!(bearer.is_sensitive());
        assert_eq!(Token::new("a\nb").bearer(), None);
    }

    #[test]
    fn white_space_and_a_byte_order_mark_are_removed() {
        let token = Token::new("\u{feff} abc\r\n");
        assert_eq!(token.expose(), "abc");
        assert_eq!(token, Token::from("abc".to_owned()));
        assert_ne!(token, Token::new("abd"));
        assert!(Token::new(" \n").is_empty());
    }

    #[test]
    fn a_string_that_is_not_a_jwt_has_no_claims() {
        for text in ["", "abc", "a.b.c", "e30", "x.W10.y", "x.\u{e9}.y"] {
            assert!(Token::new(text).claims().is_none(), "{text}");
        }
    }
}
