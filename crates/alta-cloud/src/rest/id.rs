use serde::Deserialize;

/// A parameter of a path that should be an id.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(from = "String")]
pub(super) enum Id {
    /// `me`, the caller.
    Me,
    Number(u64),
    /// A text that is no id, so nothing has it.
    Other,
}

impl From<String> for Id {
    fn from(text: String) -> Self {
        match text.parse() {
            Ok(number) => Self::Number(number),
            Err(_) if text == "me" => Self::Me,
            Err(_) => Self::Other,
        }
    }
}

impl Id {
    pub(super) fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Me | Self::Other => None,
        }
    }
}
