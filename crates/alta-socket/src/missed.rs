use std::time::{Duration, SystemTime};

/// Why a stream of events is not complete at this point. The stream goes on after it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Missed {
    /// This reader was too slow for its queue, and so many events were dropped for it. Others got them.
    #[error("{0} events were dropped because this stream was read too slowly")]
    Lagged(u64),
    /// The connection was lost, and what happened meanwhile was not seen.
    #[error("events of {:.1} s were not seen because the connection was lost", .until.duration_since(*.since).unwrap_or_default().as_secs_f64())]
    Gap {
        /// When the last frame was received on the lost connection.
        since: SystemTime,
        /// When the server confirmed this subscription again: an upper bound.
        until: SystemTime,
    },
    /// An event arrived that could not be read as the type this stream asked for.
    #[error("an event could not be read: {0}")]
    Undecodable(String),
}

impl Missed {
    /// The length of a [`Gap`](Missed::Gap); `None` for anything else.
    pub fn gap_length(&self) -> Option<Duration> {
        match self {
            Missed::Gap { since, until } => Some(until.duration_since(*since).unwrap_or_default()),
            _ => None,
        }
    }
}

/// What happens when a subscriber's queue is full. Whatever is chosen, nobody else is affected, and what was dropped
/// is reported as [`Missed::Lagged`] where it would have stood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest event in the queue makes room for the new one.
    #[default]
    DropOldest,
    /// The new event is dropped.
    DropNewest,
    /// The stream yields what it holds, then [`Missed::Lagged`], and ends.
    End,
}
