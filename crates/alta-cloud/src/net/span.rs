//! Times in JSON and in configuration files.

use serde::de::{Deserialize, Deserializer, Error as _};
use std::time::Duration;

/// A time: a number of seconds, or a string such as `1h 30m` or `250ms`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span(pub Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(
            untagged,
            expecting = "expected a number of seconds, or a string such as \"1h 30m\" or \"250ms\""
        )]
        enum Form {
            Seconds(f64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Seconds(seconds) => Duration::try_from_secs_f64(seconds).map_err(|error| {
                D::Error::custom(format_args!("{seconds} is no number of seconds: {error}"))
            }),
            Form::Text(text) => parsed(&text).ok_or_else(|| {
                D::Error::custom(format_args!(
                    "{text:?} is no time, such as \"1h 30m\" or \"250ms\""
                ))
            }),
        }
        .map(Self)
    }
}

fn parsed(text: &str) -> Option<Duration> {
    let parsed: jiff::SignedDuration = text.parse().ok()?;
    parsed.try_into().ok()
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A time: a number of seconds, or a string such as `1h 30m` or `250ms`.",
            "anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}],
        })
    }
}

/// Reads a time.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Span::deserialize(deserializer).map(|span| span.0)
}
