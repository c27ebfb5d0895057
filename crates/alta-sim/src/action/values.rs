//! The values of fields of actions.

use crate::world::Waypoint;
pub use alta_cloud::net::Span;
use serde::Deserialize;
use std::fmt;

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
