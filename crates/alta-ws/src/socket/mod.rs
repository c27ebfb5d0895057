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

mod batch;
mod conn;
mod frames;
mod io;
mod migration;
mod offline;
mod outcome;
mod reply;
mod seen;
#[cfg(test)]
mod tests;
mod topics;
mod up;

use crate::config::Config;
use crate::error::{Error, ErrorKind, Sent};
use crate::frame::Frame;
use crate::status::Counters;
use crate::tokens::CurrentToken;
use crate::topic::Topic;
use alta_model::Redactor;
use alta_socket::{Backoff, Entry, Held, Ledger, LinkId, Loss, NotConnected, RawFrame};
pub(crate) use io::{Call, Input, MigrationId, OnLink, OpenFailure, Output, SocketOutput};
use offline::{Authorization, Opening, Waiting};
pub(crate) use seen::{Seen, Side};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
#[cfg(test)]
pub(crate) use tests::Census;
use up::Up;

/// An input of one socket.
#[derive(Debug)]
pub(crate) enum SocketInput {
    Link(LinkId, OnLink),
    /// The token for the requests that wait for one, or the reason why there is none.
    Token(Result<CurrentToken, Error>),
    Want(Topic),
    Unwant(Topic),
    Call(Call),
    Migrate(MigrationId),
    Timer,
    /// Send the requests that can be sent now: a batch of another socket has ended, or a topic was moved.
    Pump,
    /// End everything; all waiting callers get this error.
    Close(Error),
    /// Close, since this socket is not needed any more.
    Retire,
}

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

/// The state that all sockets share.
#[derive(Debug)]
pub(crate) struct Common {
    next_link: LinkId,
    /// True while a batch is in flight on any socket: the service accepts one at a time.
    pub(crate) batch_under_way: bool,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            next_link: LinkId::FIRST,
            batch_under_way: false,
        }
    }
}

/// The context of one input.
struct Cx<'a> {
    now: Instant,
    core: &'a mut Core,
    common: &'a mut Common,
    outputs: Vec<SocketOutput>,
}

impl Cx<'_> {
    fn out(&mut self, output: Output) {
        self.outputs.push(SocketOutput::ForDriver(output));
    }

    fn open_link(&mut self) -> LinkId {
        let link = self.common.next_link;
        self.common.next_link = link.next();
        let refused = self.core.authorization.refused.clone();
        self.out(Output::Open { link, refused });
        link
    }

    fn close_link(&mut self, link: LinkId, code: u16, reason: &'static str) {
        self.out(Output::Close { link, code, reason });
    }

    fn migrated(&mut self, migration: MigrationId, result: Result<(), Error>) {
        self.outputs.push(SocketOutput::Migrated(migration, result));
    }

    fn released(&mut self, topic: Topic) {
        self.core.no_failure(&topic);
        self.outputs.push(SocketOutput::Released(topic));
    }

    /// Ends raw requests that timed out before they were sent.
    fn expire_calls(&mut self) {
        while self
            .core
            .calls
            .front()
            .is_some_and(|call| call.deadline <= self.now)
            && let Some(call) = self.core.calls.pop_front()
        {
            let error = self.core.timed_out(Sent::NotSent, call.request.doing());
            self.out(call.end(Err(error)));
        }
    }

    /// Ends the raw requests that wait, and drops all topics.
    fn close(&mut self, error: &Error) {
        for call in std::mem::take(&mut self.core.calls) {
            let error = error.clone().while_doing(call.request.doing());
            self.out(call.end(Err(error.of_request(Sent::NotSent))));
        }
        self.core.ledger.clear();
    }
}

/// The part of a socket that outlives its connections.
struct Core {
    config: Arc<Config>,
    counters: Arc<Counters>,
    /// Has the tokens of all links, since the server can repeat them in messages.
    redactor: Redactor,
    ledger: Ledger<Topic>,
    /// Raw requests that wait to be sent, ordered by deadline.
    calls: VecDeque<Call>,
    authorization: Authorization,
    backoff: Backoff,
    random: fastrand::Rng,
    /// The last subscription that fails repeatedly: since when, and why.
    failing: Option<(Instant, Topic, Arc<str>)>,
    /// Buffer for the name of a topic.
    scratch: String,
}

impl Core {
    fn line_up(&mut self, call: Call) {
        let before = self
            .calls
            .iter()
            .rposition(|other| other.deadline <= call.deadline);
        self.calls.insert(before.map_or(0, |index| index + 1), call);
    }

    fn timed_out(&self, sent: Sent, doing: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        let after = self.config.request_timeout;
        Error::new(ErrorKind::TimedOut { after, sent }, doing)
    }

    /// A subscription has succeeded again, or no stream needs it any more.
    fn no_failure(&mut self, topic: &Topic) {
        self.failing.take_if(|(_, failing, _)| failing == topic);
    }
}

enum State {
    Waiting(Waiting),
    Opening(Opening),
    Up(Box<Up>),
    Closed,
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
        let mut random = fastrand::Rng::with_seed(seed);
        let mut core = Core {
            backoff: Backoff::new(config.backoff, random.u64(..)),
            ledger: Ledger::new(config.linger, config.backoff, random.u64(..)),
            config,
            counters,
            redactor,
            calls: VecDeque::new(),
            authorization: Authorization::default(),
            random,
            failing: None,
            scratch: String::new(),
        };
        let mut cx = Cx {
            now,
            core: &mut core,
            common,
            outputs: Vec::new(),
        };
        let state = Opening::begin(true, &mut cx);
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
        self.state = match std::mem::replace(&mut self.state, State::Closed) {
            State::Waiting(waiting) => waiting.handle(input, &mut cx),
            State::Opening(opening) => opening.handle(input, &mut cx),
            State::Up(up) => up.handle(input, &mut cx),
            State::Closed => State::Closed,
        };
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
            State::Up(up) if up.migration.is_idle() => SocketState::Ready,
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
            State::Up(up) => up.conn.link == link || up.migration.other_link() == Some(link),
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
    pub(crate) fn hand_on(
        &mut self,
        topic: &Topic,
        common: &mut Common,
        now: Instant,
    ) -> (Option<Loss>, Vec<SocketOutput>) {
        let (loss, is_forgotten) = self.core.ledger.hand_on(topic, now);
        let mut outputs = self.handle(SocketInput::Pump, common, now);
        if is_forgotten {
            self.core.no_failure(topic);
            outputs.push(SocketOutput::Released(topic.clone()));
        }
        (loss, outputs)
    }

    /// Drops a topic that is wanted and was refused, and returns its record for another socket.
    pub(crate) fn give_away_refused(
        &mut self,
        topic: &Topic,
    ) -> Option<(Entry, Vec<SocketOutput>)> {
        let entry = self.core.ledger.take_refused(topic)?;
        self.core.no_failure(topic);
        Some((entry, vec![SocketOutput::Released(topic.clone())]))
    }

    /// Adds such a topic.
    pub(crate) fn take_refused(&mut self, topic: Topic, entry: Entry) {
        self.core.ledger.put(topic, entry);
    }
}
