use crate::frame::RawFrame;
use crate::wall::wall_time;
use alta_model::{Timestamp, escaped};
use std::time::{Duration, Instant};

/// The reason for which a stream of events is not complete at this point. The stream continues after it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Missed {
    /// This stream was read too slowly for its queue, so this number of its events was dropped. Other streams got them.
    #[error("{0} events were dropped because this stream was read too slowly")]
    Lagged(u64),
    /// The connection was lost, and events during the outage did not arrive.
    #[error(
        "events from {since} to {until} ({:.1} s) were not seen because the connection was lost",
        .until.saturating_duration_since(*.since).as_secs_f64()
    )]
    Gap {
        /// The time of the last bytes from the lost connection.
        since: Timestamp,
        /// The time at which the server confirmed the last of the stream's subscriptions again: an upper bound. If the
        /// stream ended before, the time of its end.
        until: Timestamp,
    },
    /// An event arrived that could not be decoded as the type of this stream.
    #[error("an event could not be decoded: {}", escaped(.reason))]
    Undecodable {
        /// The name of the event and the reason.
        reason: String,
        /// The whole frame as it arrived.
        raw: RawFrame,
    },
}

impl Missed {
    /// The gap between two instants of a machine.
    pub(crate) fn gap(since: Instant, until: Instant) -> Self {
        let now = tokio::time::Instant::now().into_std();
        Missed::Gap {
            since: wall_time(since, now).into(),
            until: wall_time(until, now).into(),
        }
    }

    /// The length of a [`Gap`](Missed::Gap); `None` for other kinds.
    pub fn gap_length(&self) -> Option<Duration> {
        match self {
            Missed::Gap { since, until } => Some(until.saturating_duration_since(*since)),
            _ => None,
        }
    }

    /// The frame of an [`Undecodable`](Missed::Undecodable) event; `None` for other kinds.
    pub fn raw(&self) -> Option<&RawFrame> {
        match self {
            Missed::Undecodable { raw, .. } => Some(raw),
            _ => None,
        }
    }
}

/// The rule for a full queue of a stream. It affects no other stream, and the stream yields [`Missed::Lagged`] in place
/// of the dropped events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest event in the queue makes room for the new one.
    #[default]
    DropOldest,
    /// The new event is dropped.
    DropNewest,
    /// The stream yields the events of its queue, then [`Missed::Lagged`], and ends.
    End,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_shown_with_its_beginning_and_end() {
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
