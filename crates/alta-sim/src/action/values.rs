//! The values of fields of actions.

use crate::world::Waypoint;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use std::fmt;
use std::time::Duration;

/// A thing of the simulated world, by id or by name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "expected an id (an integer) or a name (a string)"
)]
pub enum Reference {
    /// The id.
    Id(u64),
    /// The name, in any letter case.
    Name(String),
}

impl Reference {
    /// Returns whether it refers to the thing with this id and this name.
    pub(crate) fn is(&self, id: u64, name: &str) -> bool {
        match self {
            Self::Id(wanted) => *wanted == id,
            Self::Name(wanted) => wanted.eq_ignore_ascii_case(name),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name) => write!(f, "{name:?}"),
        }
    }
}

/// A time: a number of seconds, or a string such as `1h 30m` or `250ms`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span(pub Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
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
            Form::Text(text) => duration(&text).ok_or_else(|| {
                D::Error::custom(format_args!(
                    "{text:?} is no time, such as \"1h 30m\" or \"250ms\""
                ))
            }),
        }
        .map(Self)
    }
}

fn duration(text: &str) -> Option<Duration> {
    let parsed: jiff::SignedDuration = text.parse().ok()?;
    parsed.try_into().ok()
}

#[cfg(test)]
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

/// A place on the path of a player.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The time from the beginning of the path.
    pub after: Span,
    /// The position of the body, in meters.
    pub position: [f64; 3],
    /// The positions of the left and the right hand, in meters. Without them, the hands move with the body.
    pub hands: Option<[[f64; 3]; 2]>,
}

impl From<&Step> for Waypoint {
    fn from(step: &Step) -> Self {
        let waypoint = Self::new(step.after.0, step.position);
        match step.hands {
            Some([left, right]) => waypoint.hands(left, right),
            None => waypoint,
        }
    }
}

/// The connections that an action ends.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// The connections to the console of a server.
    #[default]
    Consoles,
    /// All main websockets.
    MainWebsockets,
}
