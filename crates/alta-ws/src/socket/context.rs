use super::authorization::Authorization;
use super::io::{Call, MigrationId, Output, SocketOutput};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Sent};
use crate::status::Counters;
use crate::topic::Topic;
use alta_model::Redactor;
use alta_socket::{Backoff, Ledger, LinkId, Loss};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

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
pub(super) struct Cx<'a> {
    pub(super) now: Instant,
    pub(super) core: &'a mut Core,
    pub(super) common: &'a mut Common,
    pub(super) outputs: Vec<SocketOutput>,
}

impl Cx<'_> {
    pub(super) fn out(&mut self, output: Output) {
        self.outputs.push(SocketOutput::ForDriver(output));
    }

    pub(super) fn open_link(&mut self) -> LinkId {
        let link = self.common.next_link;
        self.common.next_link = link.next();
        let refused = self.core.authorization.refused.clone();
        self.out(Output::Open { link, refused });
        link
    }

    pub(super) fn close_link(&mut self, link: LinkId, code: u16, reason: &'static str) {
        self.out(Output::Close { link, code, reason });
    }

    pub(super) fn migrated(&mut self, migration: MigrationId, result: Result<(), Error>) {
        self.outputs.push(SocketOutput::Migrated(migration, result));
    }

    pub(super) fn released(&mut self, topic: Topic) {
        self.core.no_failure(&topic);
        self.outputs.push(SocketOutput::Released(topic));
    }

    /// Ends raw requests that timed out before they were sent.
    pub(super) fn expire_calls(&mut self) {
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
    pub(super) fn close(&mut self, error: &Error) {
        for call in std::mem::take(&mut self.core.calls) {
            let error = error.clone().while_doing(call.request.doing());
            self.out(call.end(Err(error.of_request(Sent::NotSent))));
        }
        self.core.ledger.clear();
    }

    /// Reports the lost link to the streams of held subscriptions. Its last frame arrived at `since`.
    pub(super) fn interrupt(&mut self, since: Instant) {
        let noticed = self.now;
        let loss = Loss { since, noticed };
        for topic in self.core.ledger.wanted_and_held() {
            let output = Output::Interrupted(topic.clone(), loss);
            self.outputs.push(SocketOutput::ForDriver(output));
        }
    }

    /// The server holds no subscription any more.
    pub(super) fn lose_topics(&mut self, since: Instant) {
        self.interrupt(since);
        let lost = self.core.ledger.disconnected(since, self.now, |_| true);
        for topic in lost.forgotten {
            self.released(topic);
        }
    }
}

/// The part of a socket that outlives its connections.
pub(super) struct Core {
    pub(super) config: Arc<Config>,
    pub(super) counters: Arc<Counters>,
    /// Has the tokens of all links, since the server can repeat them in messages.
    pub(super) redactor: Redactor,
    pub(super) ledger: Ledger<Topic>,
    /// Raw requests that wait to be sent, ordered by deadline.
    pub(super) calls: VecDeque<Call>,
    pub(super) authorization: Authorization,
    pub(super) backoff: Backoff,
    pub(super) random: fastrand::Rng,
    /// The last subscription that fails repeatedly: since when, and why.
    pub(super) failing: Option<(Instant, Topic, Arc<str>)>,
    /// Buffer for the name of a topic.
    pub(super) scratch: String,
}

impl Core {
    /// All random decisions follow from `seed`.
    pub(super) fn new(
        config: Arc<Config>,
        counters: Arc<Counters>,
        redactor: Redactor,
        seed: u64,
    ) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        Self {
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
        }
    }

    pub(super) fn enqueue(&mut self, call: Call) {
        let before = self
            .calls
            .iter()
            .rposition(|other| other.deadline <= call.deadline);
        self.calls.insert(before.map_or(0, |index| index + 1), call);
    }

    pub(super) fn timed_out(&self, sent: Sent, doing: impl Into<Cow<'static, str>>) -> Error {
        let after = self.config.request_timeout;
        Error::new(ErrorKind::TimedOut { after, sent }, doing)
    }

    /// A subscription has succeeded again, or no stream needs it any more.
    pub(super) fn no_failure(&mut self, topic: &Topic) {
        self.failing.take_if(|(_, failing, _)| failing == topic);
    }
}
