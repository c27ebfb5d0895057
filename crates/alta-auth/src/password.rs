use crate::{Error, ErrorKind};
use alta_model::{Secret, UnusableSecret};
use sha2::{Digest as _, Sha512};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// The SHA-512 hash of a user's password, which a login sends. The plain password is wiped as soon as it is hashed.
///
/// The hash is enough to log in, so it is as secret as the password: `Debug` shows no part of it.
///
/// As with every [`Secret`], white space, line ends and byte-order marks around a password are removed, and a control
/// character inside is an error at login. Pass the hash of a password that really begins or ends with a space.
#[derive(Clone, Debug, Eq, PartialEq)]
#[doc(alias = "user_password")]
pub struct Password {
    hash: Secret,
    unusable: Option<UnusableSecret>,
}

impl Password {
    /// A plain password, as the player types it.
    pub fn plain(text: impl Into<String>) -> Self {
        let text = Secret::new(text);
        let digest = <[u8; 64]>::from(Sha512::digest(text.expose().as_bytes()));
        let digest = Zeroizing::new(digest);
        let mut hash = String::with_capacity(HASH_DIGITS);
        for byte in digest.iter() {
            // Writing to a string does not fail.
            let _ = write!(hash, "{byte:02x}");
        }
        Self {
            hash: Secret::new(hash),
            unusable: text.check("the password").err(),
        }
    }

    /// The SHA-512 hash of a password, as 128 hexadecimal digits in either case.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if it is anything else.
    pub fn hashed(hash: impl Into<String>) -> Result<Self, Error> {
        let hash = Secret::new(hash);
        if !is_hash(hash.expose()) {
            return Err(
                Error::new(ErrorKind::InvalidInput, "reading a password's hash")
                    .with_message("it must be 128 hexadecimal digits"),
            );
        }
        Ok(Self::of_hash(&hash))
    }

    /// A hash or a plain password: exactly 128 hexadecimal digits count as a hash. This is att-client's rule; with py-tale's
    /// (any 128 characters), a long passphrase would be sent unhashed.
    pub fn automatic(text: impl Into<String>) -> Self {
        let text = Secret::new(text);
        if is_hash(text.expose()) {
            Self::of_hash(&text)
        } else {
            Self::plain(text.expose())
        }
    }

    fn of_hash(hash: &Secret) -> Self {
        Self {
            hash: Secret::new(hash.expose().to_ascii_lowercase()),
            unusable: None,
        }
    }

    /// Checks that it can be used; see [`Secret::check`].
    ///
    /// # Errors
    ///
    /// Fails if the plain password contained a control character. The error shows no part of it.
    pub fn check(&self) -> Result<(), UnusableSecret> {
        self.unusable.clone().map_or(Ok(()), Err)
    }

    /// The 128 digits in lower case, for the code that sends them.
    pub fn expose_hash(&self) -> &str {
        self.hash.expose()
    }
}

const HASH_DIGITS: usize = 128;

fn is_hash(text: &str) -> bool {
    text.len() == HASH_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "b109f3bbbc244eb82441917ed06d618b9008dd09b3befd1b5e07394c706a8bb9\
                        80b1d7785e5976ec049b46df5f1326af5a2ea6d103fd07c95385ffab0cacbc86";

    #[test]
    fn a_plain_password_is_hashed_to_lower_case_digits() {
        assert_eq!(Password::plain("password").expose_hash(), HASH);
    }

    #[test]
    fn characters_beyond_one_byte_are_hashed_as_utf_8() {
        assert_ne!(
            Password::plain("\u{142}").expose_hash(),
            Password::plain("B").expose_hash()
        );
        assert!(is_hash(Password::plain("\u{1f600}").expose_hash()));
    }

    #[test]
    fn a_hash_is_recognized_in_either_case_and_sent_in_lower_case() {
        let upper = HASH.to_ascii_uppercase();
        assert_eq!(Password::automatic(upper.clone()).expose_hash(), HASH);
        assert_eq!(Password::hashed(upper).unwrap().expose_hash(), HASH);
        assert_eq!(Password::automatic("password").expose_hash(), HASH);
    }

    #[test]
    fn a_passphrase_as_long_as_a_hash_is_hashed() {
        let passphrase = "correct horse battery staple ".repeat(5)[..128].to_owned();
        let password = Password::automatic(passphrase.clone());
        assert_eq!(password, Password::plain(passphrase.clone()));
        let error = Password::hashed(passphrase).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::InvalidInput);
        assert!(!error.to_string().contains("horse"));
    }

    #[test]
    fn white_space_around_a_password_is_removed_and_a_control_character_inside_is_an_error() {
        for given in ["password\r\n", "\u{feff}password", " password "] {
            assert_eq!(Password::plain(given), Password::plain("password"));
            assert_eq!(Password::automatic(given), Password::plain("password"));
        }
        assert_eq!(
            Password::hashed(format!("{HASH}\n")).unwrap().expose_hash(),
            HASH
        );
        assert_eq!(
            Password::automatic(format!("\u{feff}{HASH}\r\n")).expose_hash(),
            HASH
        );
        assert_eq!(Password::plain("password\n").check(), Ok(()));
        let error = Password::plain("pass\0word").check().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the password has a control character")
        );
    }

    #[test]
    fn debug_shows_no_part_of_it() {
        let debug = format!("{:?}", Password::plain("password"));
        assert!(
            !debug.contains("b109") && !debug.contains("password"),
            "{debug}"
        );
    }
}
