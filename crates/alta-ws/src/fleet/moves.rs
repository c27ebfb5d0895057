use crate::frame::Frame;
use crate::machine::{Seen, Side};
use crate::spread::LaneId;
use crate::topic::Topic;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Topics on their way to another socket, so that one with few of them can be closed. Each is held on both for a moment:
/// what both deliver is passed on once, as during a migration.
#[derive(Debug, Default)]
pub(super) struct Moves {
    topics: HashMap<Topic, Move>,
}

#[derive(Debug)]
struct Move {
    from: LaneId,
    to: LaneId,
    arrived: bool,
    seen: Seen,
    /// Until when a copy of what came from the old socket may come from the new one; none while the old one holds it.
    until: Option<Instant>,
}

impl Moves {
    pub(super) fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    pub(super) fn begin(&mut self, topic: Topic, from: LaneId, to: LaneId, hand_over: Duration) {
        let seen = Seen::new(hand_over);
        self.topics.insert(
            topic,
            Move {
                from,
                to,
                arrived: false,
                seen,
                until: None,
            },
        );
    }

    /// Whether to pass on an event that came on this socket.
    pub(super) fn admit(&mut self, frame: &Frame, lane: LaneId, now: Instant) -> bool {
        let Some(topic) = self.topics.get_mut(frame.topic.name()) else {
            return true;
        };
        let side = if lane == topic.from {
            Side::Old
        } else {
            Side::New
        };
        let content = frame.raw.as_str().get(frame.content.clone());
        let content = content.unwrap_or_default();
        topic.seen.admit(side, frame.topic.name(), content, now)
    }

    /// The socket that a topic can be taken from, now that this one holds it.
    pub(super) fn arrived(&mut self, topic: &Topic, lane: LaneId) -> Option<LaneId> {
        let moving = self.topics.get_mut(topic.name())?;
        let arrives = moving.to == lane && !moving.arrived;
        moving.arrived |= arrives;
        arrives.then_some(moving.from)
    }

    /// The socket that a topic stays on, since this one was refused it.
    pub(super) fn refused(&mut self, topic: &Topic, lane: LaneId) -> Option<LaneId> {
        let moving = self.topics.get(topic.name())?;
        if moving.to != lane || moving.arrived {
            return None;
        }
        self.topics.remove(topic.name()).map(|moving| moving.from)
    }

    /// The socket that holds a topic beside the one that it belongs to.
    pub(super) fn other(&self, topic: &Topic) -> Option<LaneId> {
        let moving = self.topics.get(topic.name());
        moving
            .filter(|moving| !moving.arrived)
            .map(|moving| moving.from)
    }

    /// The socket that a topic was to leave, if it has not forgotten it yet. It stays there, then.
    pub(super) fn stays(&mut self, topic: &Topic) -> Option<LaneId> {
        let moving = self.topics.remove(topic.name())?;
        moving.until.is_none().then_some(moving.from)
    }

    /// A socket does not hold a topic any more.
    pub(super) fn left(&mut self, topic: &Topic, lane: LaneId, until: Instant) {
        if let Some(moving) = self.topics.get_mut(topic.name())
            && moving.from == lane
        {
            moving.until.get_or_insert(until);
        }
    }

    /// Forgets what is over.
    pub(super) fn expire(&mut self, now: Instant) {
        self.topics
            .retain(|_, moving| moving.until.is_none_or(|until| until > now));
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.topics.values().filter_map(|moving| moving.until).min()
    }
}
