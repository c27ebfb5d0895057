use super::{Pool, SocketId};
use crate::frame::Frame;
use crate::socket::{Output, Seen, Side, Socket, SocketInput};
use crate::topic::Topic;
use alta_socket::{Gap, deadline_after};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A socket is removed only after no topic was dropped for this time: programs that leave many groups drop their topics
/// one by one.
const AFTER_LAST_DROP: Duration = Duration::from_secs(1);

/// The pause after a socket was refused a topic that another one holds: a service that refuses a second subscription
/// will refuse the next one too.
const AFTER_REFUSAL: Duration = Duration::from_secs(5 * 60);

/// Topics that move to another socket, so that their old socket can be closed. Both sockets hold such a topic for a
/// moment: an event that both deliver is passed on once, as in a migration.
#[derive(Debug, Default)]
pub(super) struct Moves {
    topics: HashMap<Topic, Move, RandomState>,
}

#[derive(Debug)]
struct Move {
    from: SocketId,
    to: SocketId,
    arrived: bool,
    seen: Seen,
    /// Until this time, the new socket can deliver duplicates of the old one's events; `None` while the old one holds
    /// the topic.
    until: Option<Instant>,
}

impl Moves {
    pub(super) fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    pub(super) fn begin(&mut self, topic: Topic, from: SocketId, to: SocketId, handover: Duration) {
        let seen = Seen::new(handover);
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

    /// Returns whether an event of this socket must be passed on.
    pub(super) fn admit(&mut self, frame: &Frame, socket: SocketId, now: Instant) -> bool {
        let Some(topic) = self.topics.get_mut(frame.topic.name()) else {
            return true;
        };
        let side = if socket == topic.from {
            Side::Old
        } else {
            Side::New
        };
        // A frame that cannot be decoded never counts as a duplicate.
        let Some(content) = frame.content_as_sent() else {
            return true;
        };
        topic.seen.admit(side, frame.topic.name(), content, now)
    }

    /// The socket that can drop a topic, since this one now holds it.
    pub(super) fn arrived(&mut self, topic: &Topic, socket: SocketId) -> Option<SocketId> {
        let moving = self.topics.get_mut(topic.name())?;
        let arrives = moving.to == socket && !moving.arrived;
        moving.arrived |= arrives;
        arrives.then_some(moving.from)
    }

    /// The socket that keeps a topic, since this one was refused it.
    pub(super) fn refused(&mut self, topic: &Topic, socket: SocketId) -> Option<SocketId> {
        let moving = self.topics.get(topic.name())?;
        if moving.to != socket || moving.arrived {
            return None;
        }
        self.topics.remove(topic.name()).map(|moving| moving.from)
    }

    /// The second socket of a topic that moves.
    pub(super) fn other(&self, topic: &Topic) -> Option<SocketId> {
        let moving = self.topics.get(topic.name());
        moving
            .filter(|moving| !moving.arrived && moving.until.is_none())
            .map(|moving| moving.from)
    }

    /// The socket that a topic was leaving, if it still has the topic; the topic then stays on it.
    pub(super) fn stays(&mut self, topic: &Topic) -> Option<SocketId> {
        let moving = self.topics.remove(topic.name())?;
        moving.until.is_none().then_some(moving.from)
    }

    /// A socket does not hold a topic any more.
    pub(super) fn left(&mut self, topic: &Topic, socket: SocketId, until: Instant) {
        if let Some(moving) = self.topics.get_mut(topic.name())
            && moving.from == socket
        {
            moving.until.get_or_insert(until);
        }
    }

    /// Removes completed moves.
    pub(super) fn expire(&mut self, now: Instant) {
        self.topics
            .retain(|_, moving| moving.until.is_none_or(|until| until > now));
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.topics.values().filter_map(|moving| moving.until).min()
    }
}

impl Pool {
    /// Returns whether an event that a socket passes on is not a duplicate of another socket's event.
    pub(super) fn passes_on(&mut self, frame: &Frame, id: SocketId, now: Instant) -> bool {
        let passes = self.moves.is_empty() || self.moves.admit(frame, id, now);
        self.counters.duplicates_suppressed.add_if(!passes);
        passes
    }

    /// Handles an output about a topic that moves. Returns the output for the driver, if there is one.
    pub(super) fn apply_move(
        &mut self,
        id: SocketId,
        mut output: Output,
        now: Instant,
    ) -> Option<Output> {
        match &mut output {
            Output::Deliver(frame) if !self.passes_on(frame, id, now) => return None,
            Output::Confirmed(topic, gap) => {
                let from = self.moves.arrived(topic, id);
                let socket = from.and_then(|from| Some((from, self.sockets.get_mut(&from)?)));
                if let Some((from, socket)) = socket {
                    let (loss, outputs) = socket.moved_away(topic, &mut self.common, now);
                    self.apply(from, outputs, now);
                    if let Some(loss) = loss {
                        self.counters.gaps.add_one();
                        *gap = Some(Gap::after(loss, now));
                    }
                }
            }
            Output::Refused(topic, _) => {
                if let Some(from) = self.moves.refused(topic, id) {
                    // The service would refuse again soon.
                    self.no_moves_until = Some(deadline_after(now, AFTER_REFUSAL));
                    self.spread.give_back(topic, from);
                    self.feed(id, SocketInput::Unwant(topic.clone()), now);
                    // The old socket still holds it, and sends the result to all waiting callers.
                    let from = self.sockets.get(&from);
                    let is_held = from.is_some_and(|socket| socket.holds(topic));
                    return is_held.then(|| Output::Confirmed(topic.clone(), None));
                }
            }
            _ => {}
        }
        Some(output)
    }

    pub(super) fn next_check(&self, now: Instant) -> Instant {
        deadline_after(now, self.config.handover.max(AFTER_LAST_DROP))
    }

    /// Moves the topics of a socket if the others have room for them; the socket is closed when its last topic has
    /// gone.
    pub(super) fn close_spare_socket(&mut self, now: Instant) {
        let Some(from) = self.spread.spare() else {
            self.check_at = None;
            return;
        };
        let next = self.next_check(now);
        if let Some(until) = self.no_moves_until.filter(|until| *until > now) {
            self.check_at = Some(until.max(next));
            return;
        }
        self.check_at = Some(next);
        if !self.moves.is_empty() || !self.sockets.values().all(Socket::is_settled) {
            return;
        }
        for topic in self
            .sockets
            .get(&from)
            .map(Socket::topics)
            .unwrap_or_default()
        {
            if let Some(to) = self.spread.reassign(&topic) {
                self.begin_move(topic, from, to, now);
            }
        }
    }

    fn begin_move(&mut self, topic: Topic, from: SocketId, to: SocketId, now: Instant) {
        let old = self.sockets.get_mut(&from);
        if let Some((refused, outputs)) = old.and_then(|old| old.remove_refused(&topic)) {
            self.apply(from, outputs, now);
            // No socket holds it, so no request is necessary.
            if let Some(new) = self.sockets.get_mut(&to) {
                new.insert_refused(topic, refused);
            }
            return;
        }
        let handover = self.config.handover;
        self.moves.begin(topic.clone(), from, to, handover);
        self.feed(to, SocketInput::Want(topic), now);
    }
}
