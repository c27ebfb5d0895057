use super::{Pool, SocketId};
use crate::frame::Frame;
use crate::socket::{Output, Seen, Side, Socket, SocketInput};
use crate::topic::Topic;
use alta_socket::{Gap, later};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// For how long at least no topic must have gone before a socket is spared: programs that leave many groups do it one by
/// one.
const REST: Duration = Duration::from_secs(1);

/// How long to wait before topics move again when another socket was refused one: a service that lets nobody subscribe
/// twice will not change its mind soon.
const AFTER_REFUSAL: Duration = Duration::from_secs(5 * 60);

/// Topics on their way to another socket, so that one with few of them can be closed. Each is held on both for a moment:
/// events that both deliver are passed on once, as during a migration.
#[derive(Debug, Default)]
pub(super) struct Moves {
    topics: HashMap<Topic, Move>,
}

#[derive(Debug)]
struct Move {
    from: SocketId,
    to: SocketId,
    arrived: bool,
    seen: Seen,
    /// Until when the new socket may deliver copies of the old one's events; `None` while the old one holds the topic.
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

    /// Whether to pass on an event that came on this socket.
    pub(super) fn admit(&mut self, frame: &Frame, socket: SocketId, now: Instant) -> bool {
        let Some(topic) = self.topics.get_mut(frame.topic.name()) else {
            return true;
        };
        let side = if socket == topic.from {
            Side::Old
        } else {
            Side::New
        };
        // A frame that cannot be read is never taken for a copy.
        let Some(content) = frame.content_as_sent() else {
            return true;
        };
        topic.seen.admit(side, frame.topic.name(), content, now)
    }

    /// The socket that a topic can be taken from, now that this one holds it.
    pub(super) fn arrived(&mut self, topic: &Topic, socket: SocketId) -> Option<SocketId> {
        let moving = self.topics.get_mut(topic.name())?;
        let arrives = moving.to == socket && !moving.arrived;
        moving.arrived |= arrives;
        arrives.then_some(moving.from)
    }

    /// The socket that a topic stays on, since this one was refused it.
    pub(super) fn refused(&mut self, topic: &Topic, socket: SocketId) -> Option<SocketId> {
        let moving = self.topics.get(topic.name())?;
        if moving.to != socket || moving.arrived {
            return None;
        }
        self.topics.remove(topic.name()).map(|moving| moving.from)
    }

    /// The socket that has a topic beside the one that it belongs to.
    pub(super) fn other(&self, topic: &Topic) -> Option<SocketId> {
        let moving = self.topics.get(topic.name());
        moving
            .filter(|moving| !moving.arrived && moving.until.is_none())
            .map(|moving| moving.from)
    }

    /// The socket that a topic was to leave, if it has not forgotten it yet. It stays there, then.
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

    /// Drops the moves that are over.
    pub(super) fn expire(&mut self, now: Instant) {
        self.topics
            .retain(|_, moving| moving.until.is_none_or(|until| until > now));
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.topics.values().filter_map(|moving| moving.until).min()
    }
}

impl Pool {
    /// Whether an event that a socket passes on is no copy of one that another has passed on.
    pub(super) fn passes_on(&mut self, frame: &Frame, id: SocketId, now: Instant) -> bool {
        let passes = self.moves.is_empty() || self.moves.admit(frame, id, now);
        self.counters.duplicates_suppressed.add_if(!passes);
        passes
    }

    /// Handles an output about a topic that moves. Returns the output to pass on, if there is one.
    pub(super) fn follow_moves(
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
                    let (loss, outputs) = socket.hand_on(topic, &mut self.common, now);
                    self.apply(from, outputs, now);
                    if let Some(loss) = loss {
                        self.counters.gaps.add_one();
                        *gap = Some(Gap::after(loss, now));
                    }
                }
            }
            Output::Refused(topic, _) => {
                if let Some(from) = self.moves.refused(topic, id) {
                    // The service would refuse again for a while.
                    self.rest_until = Some(later(now, AFTER_REFUSAL));
                    self.spread.give_back(topic, from);
                    self.feed(id, SocketInput::Unwant(topic.clone()), now);
                    // It is still held on the old socket, which confirms it to all that wait.
                    let from = self.sockets.get(&from);
                    let is_held = from.is_some_and(|socket| socket.holds(topic));
                    return is_held.then(|| Output::Confirmed(topic.clone(), None));
                }
            }
            _ => {}
        }
        Some(output)
    }

    pub(super) fn after_a_rest(&self, now: Instant) -> Instant {
        later(now, self.config.handover.max(REST))
    }

    /// If the others have room for the topics of a socket, they get them: it is closed when it has none left.
    pub(super) fn spare_a_socket(&mut self, now: Instant) {
        let Some(from) = self.spread.superfluous() else {
            self.look_at = None;
            return;
        };
        let next = self.after_a_rest(now);
        if let Some(until) = self.rest_until.filter(|until| *until > now) {
            self.look_at = Some(until.max(next));
            return;
        }
        self.look_at = Some(next);
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
        if let Some((refused, outputs)) = old.and_then(|old| old.give_away_refused(&topic)) {
            self.apply(from, outputs, now);
            // No socket holds it, so nothing has to be requested.
            if let Some(new) = self.sockets.get_mut(&to) {
                new.take_refused(topic, refused);
            }
            return;
        }
        let handover = self.config.handover;
        self.moves.begin(topic.clone(), from, to, handover);
        self.feed(to, SocketInput::Want(topic), now);
    }
}
