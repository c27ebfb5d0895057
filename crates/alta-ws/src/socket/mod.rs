//! One socket and its subscriptions, without I/O.
//!
//! ```text
//!      +-------------- backoff over --------------+
//!      v                                           |
//!   Opening --opened--> Up (and its migration) --lost--> Waiting
//!      |                    |  migration failed          ^
//!      |  ^-----------------+                            |
//!      +------------------- failed ----------------------+
//! ```

mod authorization;
mod context;
mod io;
mod next;
mod offline;
mod seen;
#[cfg(test)]
mod tests;
mod up;

use crate::config::Config;
use crate::frame::Frame;
use crate::status::Counters;
use crate::topic::Topic;
use alta_model::Redactor;
use alta_socket::{Entry, Held, LinkId, Loss, NotConnected, RawFrame};
use context::{Core, Cx};
use next::{Flow, Next};
use offline::{Opening, Waiting};
use std::sync::Arc;
use std::time::Instant;
use up::Up;

pub(crate) use context::Common;
pub(crate) use io::{
    Call, Input, MigrationId, OnLink, OpenFailure, Output, SocketInput, SocketOutput,
};
pub(crate) use seen::{Seen, Side};
#[cfg(test)]
pub(crate) use tests::Census;

/// The condition of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SocketState {
    /// `is_new`: it never had a connection, and no attempt has failed.
    Connecting {
        attempt: u32,
        is_new: bool,
    },
    Ready,
    Migrating,
    Recovering {
        attempt: u32,
        because: NotConnected,
    },
    Closed,
}

enum State {
    Waiting(Waiting),
    Opening(Opening),
    Up(Box<Up>),
    Closed,
}

impl State {
    fn begin(next: Next, cx: &mut Cx<'_>) -> Self {
        match next {
            Next::Waiting { because, asked } => State::Waiting(Waiting::begin(because, asked, cx)),
            Next::Opening(link) => State::Opening(Opening {
                link,
                is_new: false,
            }),
            Next::Up(link) => State::Up(Box::new(Up::begin(link, cx))),
            Next::Closed => State::Closed,
        }
    }
}

/// One socket with up to some hundred subscriptions.
pub(crate) struct Socket {
    core: Core,
    state: State,
}

impl Socket {
    /// A socket that begins to open. All random decisions follow from `seed`.
    pub(crate) fn open(
        config: Arc<Config>,
        counters: Arc<Counters>,
        redactor: Redactor,
        seed: u64,
        common: &mut Common,
        now: Instant,
    ) -> (Self, Vec<SocketOutput>) {
        let mut core = Core::new(config, counters, redactor, seed);
        let mut cx = Cx {
            now,
            core: &mut core,
            common,
            outputs: Vec::new(),
        };
        let link = cx.open_link();
        let state = State::Opening(Opening { link, is_new: true });
        let outputs = cx.outputs;
        (Self { core, state }, outputs)
    }

    /// Takes an input and returns its outputs.
    pub(crate) fn handle(
        &mut self,
        input: SocketInput,
        common: &mut Common,
        now: Instant,
    ) -> Vec<SocketOutput> {
        let mut cx = Cx {
            now,
            core: &mut self.core,
            common,
            outputs: Vec::new(),
        };
        let flow = match &mut self.state {
            State::Waiting(waiting) => waiting.handle(input, &mut cx),
            State::Opening(opening) => opening.handle(input, &mut cx),
            State::Up(up) => up.handle(input, &mut cx),
            State::Closed => Flow::Continue(()),
        };
        if let Flow::Break(next) = flow {
            self.state = State::begin(next, &mut cx);
        }
        cx.outputs
    }

    /// Handles an event in its usual form. Such events are most of the traffic and change no state: returns the frame
    /// to deliver at once.
    pub(crate) fn usual_event(
        &mut self,
        link: LinkId,
        raw: &RawFrame,
        event: (&str, &str, &str),
        now: Instant,
    ) -> Option<Frame> {
        match &mut self.state {
            State::Up(up) => up.usual_event(link, raw, event, now, &mut self.core),
            _ => None,
        }
    }

    /// The time of the next [`SocketInput::Timer`].
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let state = match &self.state {
            State::Waiting(waiting) => Some(waiting.until),
            State::Up(up) => up.deadline(),
            State::Opening(_) | State::Closed => None,
        };
        let call = self.core.calls.front().map(|call| call.deadline);
        [state, self.core.ledger.deadline(), call]
            .into_iter()
            .flatten()
            .min()
    }

    /// The condition of this socket.
    pub(crate) fn state(&self) -> SocketState {
        let attempt = self.core.backoff.attempt();
        match &self.state {
            State::Up(up) if !up.is_migrating() => SocketState::Ready,
            State::Up(_) => SocketState::Migrating,
            State::Closed => SocketState::Closed,
            State::Opening(opening) => SocketState::Connecting {
                attempt: attempt + 1,
                is_new: opening.is_new,
            },
            State::Waiting(waiting) => SocketState::Recovering {
                attempt,
                because: waiting.because.clone(),
            },
        }
    }

    /// Returns whether this socket has this link.
    pub(crate) fn owns(&self, link: LinkId) -> bool {
        match &self.state {
            State::Opening(opening) => opening.link == link,
            State::Up(up) => up.owns(link),
            State::Waiting(_) | State::Closed => false,
        }
    }

    /// The number of raw requests that wait to be sent.
    pub(crate) fn waiting_calls(&self) -> usize {
        self.core.calls.len()
    }

    /// Returns whether it has no subscription and no waiting request.
    pub(crate) fn is_empty(&self) -> bool {
        self.core.ledger.is_empty() && self.core.calls.is_empty()
    }

    /// Returns whether it is ready and no request about a topic is due or in flight.
    pub(crate) fn is_settled(&self) -> bool {
        self.state() == SocketState::Ready && self.core.ledger.is_settled()
    }

    /// Returns whether a stream needs this topic from this socket.
    pub(crate) fn wants(&self, topic: &Topic) -> bool {
        self.core.ledger.is_wanted(topic)
    }

    /// Returns whether the server holds this topic for this socket.
    pub(crate) fn holds(&self, topic: &Topic) -> bool {
        self.core.ledger.held(topic) == Some(Held::Yes)
    }

    /// Its topics, in a fixed order.
    pub(crate) fn topics(&self) -> Vec<Topic> {
        self.core.ledger.sorted_keys()
    }

    /// The last subscription that fails repeatedly: since when, and why.
    pub(crate) fn failing(&self) -> Option<(Instant, &Arc<str>)> {
        let failing = self.core.failing.as_ref();
        failing.map(|(since, _, why)| (*since, why))
    }

    /// Another socket now holds this topic. Returns the unconfirmed loss here, and the outputs.
    pub(crate) fn moved_away(
        &mut self,
        topic: &Topic,
        common: &mut Common,
        now: Instant,
    ) -> (Option<Loss>, Vec<SocketOutput>) {
        let (loss, is_forgotten) = self.core.ledger.moved_away(topic, now);
        let mut outputs = self.handle(SocketInput::SendRequests, common, now);
        if is_forgotten {
            self.core.no_failure(topic);
            outputs.push(SocketOutput::Released(topic.clone()));
        }
        (loss, outputs)
    }

    /// Drops a topic that is wanted and was refused, and returns its record for another socket.
    pub(crate) fn remove_refused(&mut self, topic: &Topic) -> Option<(Entry, Vec<SocketOutput>)> {
        let entry = self.core.ledger.remove_refused(topic)?;
        self.core.no_failure(topic);
        Some((entry, vec![SocketOutput::Released(topic.clone())]))
    }

    /// Adds such a topic.
    pub(crate) fn insert_refused(&mut self, topic: Topic, entry: Entry) {
        self.core.ledger.put(topic, entry);
    }
}
