use std::borrow::Cow;

/// A JSON value that is a word or a number, whichever of them a server writes it as.
pub(crate) enum Word<'a> {
    Number(u64),
    Text(Cow<'a, str>),
    /// Neither.
    Else,
}

impl<'a> Word<'a> {
    /// Reads one JSON value.
    pub(crate) fn of(json: &'a str) -> Self {
        let Some(quoted) = json.strip_prefix('"') else {
            return json.parse().map_or(Self::Else, Self::Number);
        };
        match quoted.strip_suffix('"') {
            Some(plain) if !plain.contains('\\') => Self::Text(plain.into()),
            _ => alta_model::json::from_str(json)
                .map_or(Self::Else, |text: String| Self::Text(text.into())),
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn number(&self) -> Option<u32> {
        match self {
            Self::Number(number) => u32::try_from(*number).ok(),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Else => None,
        }
    }
}
