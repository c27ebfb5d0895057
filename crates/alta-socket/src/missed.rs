use crate::frame::RawFrame;
use crate::wall::wall_time;
use alta_model::{Timestamp, escaped};
use std::time::{Duration, Instant};

/// Why a stream of events is not complete at this point. The stream goes on after it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Missed {
    /// This reader was too slow for its queue, and so many events were dropped for it. Others got them.
    #[error("{0} events were dropped because this stream was read too slowly")]
    Lagged(u64),
    /// The connection was lost, and what happened meanwhile was not seen.
    #[error(
        "events from {since} to {until} ({:.1} s) were not seen because the connection was lost",
        .until.saturating_duration_since(*.since).as_secs_f64()
    )]
    Gap {
        /// When the last bytes were received on the lost connection.
        since: Timestamp,
        /// When the server confirmed the last of the stream's subscriptions again: an upper bound. If the stream ended
        /// before, when it ended.
        until: Timestamp,
    },
    /// An event arrived that could not be read as the type this stream asked for.
    #[error("an event could not be read: {}", escaped(.reason))]
    Undecodable {
        /// The name of the event and what is wrong with it.
        reason: String,
        /// The whole frame as it arrived.
        raw: RawFrame,
    },
}

impl Missed {
    /// The gap between two moments that a machine noted.
    pub(crate) fn gap(since: Instant, until: Instant) -> Self {
        let now = tokio::time::Instant::now().into_std();
        Missed::Gap {
            since: wall_time(since, now).into(),
            until: wall_time(until, now).into(),
        }
    }

    /// The length of a [`Gap`](Missed::Gap); `None` for anything else.
    pub fn gap_length(&self) -> Option<Duration> {
        match self {
            Missed::Gap { since, until } => Some(until.saturating_duration_since(*since)),
            _ => None,
        }
    }

    /// The frame of an [`Undecodable`](Missed::Undecodable) event; `None` for anything else.
    pub fn raw(&self) -> Option<&RawFrame> {
        match self {
            Missed::Undecodable { raw, .. } => Some(raw),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_says_from_when_to_when() {
        let since = "2022-05-15T19:36:30.5Z".parse().unwrap();
        let until = "2022-05-15T19:37:00Z".parse().unwrap();
        let gap = Missed::Gap { since, until };
        assert_eq!(
            gap.to_string(),
            "events from 2022-05-15T19:36:30.5Z to 2022-05-15T19:37:00Z (29.5 s) were not seen because the connection \
             was lost"
        );
        assert_eq!(gap.gap_length(), Some(Duration::from_millis(29_500)));
    }
}
