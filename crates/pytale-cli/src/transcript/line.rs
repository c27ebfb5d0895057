//! The lines of a transcript.

use pytale::socket::Direction;
use serde::{Deserialize, Serialize};

/// The version of the format.
pub(crate) const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    /// The version of the format.
    pub(crate) transcript: u32,
    /// The time of the start, in UTC.
    pub(crate) started: String,
}

/// Any further line. `at` is in seconds since the start.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Line {
    /// A text frame, without secrets.
    Frame {
        at: f64,
        direction: Way,
        frame: String,
    },
    /// Frames that are missing, because they arrived faster than the file could be written.
    Missed { at: f64, missed: usize },
    /// The end of a connection: the server has stopped, or the network has failed.
    Disconnected { at: f64, disconnected: bool },
}

/// The direction of a frame, from the view of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Way {
    Sent,
    Received,
}

impl From<Direction> for Way {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Sent => Self::Sent,
            Direction::Received => Self::Received,
        }
    }
}
