use crate::Redactor;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use std::{error, fmt};

/// A token or another string that must not be logged.
///
/// `Debug` shows no part of it, there is no `Display`, serde writes it as `"<redacted>"`, and its memory is wiped when it is
/// dropped. The code that needs the string itself calls [`expose`](Self::expose).
///
/// One rule applies to secrets from all sources (a value, a file, the environment): white space, line ends and byte-order
/// marks around the string are removed, and a control character inside makes it unusable, which [`check`](Self::check)
/// reports before it is sent.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps this string, without white space and byte-order marks around it.
    pub fn new(text: impl Into<String>) -> Self {
        let whole = SecretString::from(text.into());
        let trimmed = Self::trimmed(whole.expose_secret());
        if trimmed.len() == whole.expose_secret().len() {
            return Self(whole);
        }
        // The untrimmed string is wiped when it is dropped.
        Self(SecretString::from(trimmed.to_owned()))
    }

    /// The string without white space and byte-order marks around it.
    pub fn trimmed(text: &str) -> &str {
        text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
    }

    /// Checks that it can be sent.
    ///
    /// # Errors
    ///
    /// Fails if it contains a control character, because then it is not the intended secret. The error names the source, such
    /// as `the client secret`, and shows no part of the string.
    pub fn check(&self, source: impl fmt::Display) -> Result<(), UnusableSecret> {
        let mut characters = self.expose().chars().enumerate();
        match characters.find(|(_, character)| character.is_control()) {
            None => Ok(()),
            Some((at, character)) => Err(UnusableSecret {
                source: source.to_string(),
                character,
                position: at + 1,
            }),
        }
    }

    /// The string, for the code that sends it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// A secret contains a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusableSecret {
    source: String,
    character: char,
    position: usize,
}

impl fmt::Display for UnusableSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            source,
            character,
            position,
        } = self;
        let code = u32::from(*character);
        write!(
            f,
            "{source} has a control character (U+{code:04X}) as its character {position}"
        )
    }
}

impl error::Error for UnusableSecret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Redactor::MARK)
    }
}

impl Eq for Secret {}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Redactor::MARK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_part_of_the_string() {
        let secret = Secret::new("eyJhbGciOi");
        assert_eq!(format!("{secret:?}"), "<redacted>");
        assert_eq!(secret.expose(), "eyJhbGciOi");
    }

    #[test]
    fn white_space_around_the_string_is_removed() {
        for given in [
            "s3cr=et",
            "s3cr=et\n",
            "s3cr=et\r\n",
            "\u{feff}s3cr=et",
            " s3cr=et",
            "\u{feff} \t s3cr=et \u{a0}\r\n\n",
        ] {
            assert_eq!(Secret::new(given).expose(), "s3cr=et", "{given:?}");
            assert_eq!(Secret::from(given.to_owned()).expose(), "s3cr=et");
            let json = serde_json::to_string(given).unwrap();
            let read: Secret = serde_json::from_str(&json).unwrap();
            assert_eq!(read.expose(), "s3cr=et");
        }
        assert_eq!(Secret::new(" two words ").expose(), "two words");
        assert_eq!(Secret::new("\u{feff}\r\n").expose(), "");
    }

    #[test]
    fn a_control_character_inside_is_reported_with_its_source_and_without_the_string() {
        for (inside, code) in [
            ('\n', "U+000A"),
            ('\r', "U+000D"),
            ('\t', "U+0009"),
            ('\0', "U+0000"),
            ('\u{7f}', "U+007F"),
            ('\u{9b}', "U+009B"),
        ] {
            let secret = Secret::new(format!("hun{inside}ter2"));
            let error = secret.check("the client secret").unwrap_err();
            let said = error.to_string();
            assert_eq!(
                said,
                format!("the client secret has a control character ({code}) as its character 4")
            );
            assert!(!format!("{said} {error:?}").contains("ter2"));
        }
        assert_eq!(Secret::new("hunter 2\n").check("it"), Ok(()));
        assert_eq!(Secret::new("p\u{e4}ss").check("it"), Ok(()));
    }

    #[test]
    fn serde_reads_the_string_and_writes_no_part_of_it() {
        let secret: Secret = serde_json::from_str("\"eyJhbGciOi\"").unwrap();
        assert_eq!(secret.expose(), "eyJhbGciOi");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"<redacted>\"");
    }
}
