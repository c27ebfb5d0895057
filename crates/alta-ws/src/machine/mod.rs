//! One socket and its subscriptions, without I/O: everything is decided here, the driver only carries it out.

mod answers;
mod batch;
mod conn;
mod frames;
mod links;
mod migrate;
mod output;
mod seen;
#[cfg(test)]
mod tests;
mod topics;

use crate::config::Config;
use crate::error::{Error, ErrorKind, Sent};
use crate::frame::Request;
use crate::status::Totals;
use crate::topic::Topic;
use alta_model::Redactor;
use alta_socket::{Backoff, LinkId};
use conn::{Conn, Open, Purpose};
use migrate::Migration;
pub(crate) use output::{CallId, Gap, Loss, Output};
pub(crate) use seen::{Seen, Side};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;
#[cfg(test)]
pub(crate) use tests::Census;
use topics::Entry;

/// What all sockets share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The id of the next link.
    next_link: LinkId,
    pub(crate) totals: Totals,
    /// The last subscription that keeps failing, and how.
    pub(crate) last_failure: Option<(Topic, Arc<str>)>,
    /// What the driver is to do, in this order.
    pub(crate) out: VecDeque<Output>,
    /// Topics that a socket has forgotten: another may take them.
    pub(crate) released: Vec<Topic>,
    /// Whether a batch is on its way, on any socket: the service takes one at a time.
    pub(crate) batch_under_way: bool,
    /// Whether one has ended, so that other sockets may begin theirs.
    pub(crate) batch_freed: bool,
    /// What a migration that was asked for came to.
    pub(crate) migrated: Vec<(CallId, Result<(), Error>)>,
    /// Why there is no point in going on.
    pub(crate) fatal: Option<Error>,
    /// Knows the tokens of all links: the server may repeat them.
    pub(crate) redactor: Redactor,
}

impl Shared {
    pub(crate) fn new(redactor: Redactor) -> Self {
        Self {
            redactor,
            next_link: LinkId::FIRST,
            totals: Totals::default(),
            last_failure: None,
            out: VecDeque::new(),
            released: Vec::new(),
            batch_under_way: false,
            batch_freed: false,
            migrated: Vec::new(),
            fatal: None,
        }
    }
}

/// What a socket decides with, beside what it knows itself.
pub(crate) struct Cx<'a> {
    pub(crate) now: Instant,
    pub(crate) shared: &'a mut Shared,
}

impl Cx<'_> {
    /// A subscription has healed, or nobody wants it any more.
    fn no_failure(&mut self, topic: &Topic) {
        self.shared
            .last_failure
            .take_if(|(failing, _)| failing == topic);
    }

    fn free_batch(&mut self) {
        self.shared.batch_under_way = false;
        self.shared.batch_freed = true;
    }

    fn open(&mut self, renew: bool) -> LinkId {
        let link = self.shared.next_link;
        self.shared.next_link = link.next();
        self.shared.out.push_back(Output::Open { link, renew });
        link
    }
}

/// A raw request that somebody waits for.
#[derive(Debug)]
pub(crate) struct PendingCall {
    pub(crate) id: CallId,
    pub(crate) request: Request,
    pub(crate) deadline: Instant,
    /// Whether it was repeated after its token was refused, which is done once.
    pub(crate) renewed: bool,
}

/// Why a link could not be opened.
#[derive(Debug)]
pub(crate) enum OpenFailure {
    /// The server refused the token.
    Unauthorised(Error),
    /// There is no token to be had now.
    NoToken(Error),
    /// It may work later.
    Transient(Error),
    /// It never will.
    Final(Error),
}

/// How one socket is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LaneState {
    Connecting,
    Ready,
    Migrating,
    Recovering { attempt: u32, because: Arc<str> },
    Closed,
}

enum Phase {
    Waiting { until: Instant },
    Opening { link: LinkId },
    Up(Box<Up>),
    Closed,
}

struct Up {
    conn: Conn,
    migrate_at: Instant,
    migration: Migration,
}

/// One socket with up to some hundred subscriptions.
pub(crate) struct Lane {
    config: Arc<Config>,
    phase: Phase,
    topics: HashMap<Topic, Entry>,
    /// Topics to be looked at as soon as a request may be sent.
    due: VecDeque<Topic>,
    /// When topics are to be looked at again: lingering ones, and those the server could not serve.
    timers: BTreeSet<(Instant, Topic)>,
    /// Until when topics wait for others to be asked for with.
    gather_until: Option<Instant>,
    /// Raw requests that wait to be sent, in the order of their deadlines.
    calls: VecDeque<PendingCall>,
    /// Whether a topic may go before them: a program that never stops asking must not lose its streams over it.
    topic_first: bool,
    /// Who waits for the migration.
    migrators: Vec<CallId>,
    backoff: Backoff,
    migrate_backoff: Backoff,
    random: fastrand::Rng,
    /// How the server refused the token at the last upgrade, which is forgiven once.
    refusal: Option<Error>,
    /// Whether that token is still to be renewed.
    renewal_owed: bool,
    /// Why the connection is not there.
    trouble: Option<Arc<str>>,
    was_up: bool,
    scratch: String,
}

impl Lane {
    /// A socket that begins to open now.
    pub(crate) fn open(config: Arc<Config>, seed: u64, cx: &mut Cx<'_>) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let reconnect = config.reconnect;
        Self {
            phase: Phase::Opening {
                link: cx.open(false),
            },
            config,
            topics: HashMap::new(),
            due: VecDeque::new(),
            timers: BTreeSet::new(),
            gather_until: None,
            calls: VecDeque::new(),
            topic_first: false,
            migrators: Vec::new(),
            backoff: Backoff::new(reconnect, random.u64(..)),
            migrate_backoff: Backoff::new(reconnect, random.u64(..)),
            random,
            refusal: None,
            renewal_owed: false,
            trouble: None,
            was_up: false,
            scratch: String::new(),
        }
    }

    /// Sends a raw request, or keeps it until it can be sent.
    pub(crate) fn call(&mut self, call: PendingCall, cx: &mut Cx<'_>) {
        self.line_up(call);
        self.pump(cx);
    }

    /// Lets a raw request wait to be sent.
    fn line_up(&mut self, call: PendingCall) {
        let before = self
            .calls
            .iter()
            .rposition(|other| other.deadline <= call.deadline);
        self.calls.insert(before.map_or(0, |index| index + 1), call);
    }

    /// How many raw requests wait to be sent.
    pub(crate) fn waiting_calls(&self) -> usize {
        self.calls.len()
    }

    /// Whether this socket has no subscription, and nothing is waiting for it.
    pub(crate) fn is_empty(&self) -> bool {
        self.topics.is_empty() && self.calls.is_empty()
    }

    /// Something may be due.
    pub(crate) fn tick(&mut self, cx: &mut Cx<'_>) {
        while self
            .calls
            .front()
            .is_some_and(|call| call.deadline <= cx.now)
            && let Some(call) = self.calls.pop_front()
        {
            let kind = ErrorKind::TimedOut {
                after: self.config.request_timeout,
                sent: Sent::NotSent,
            };
            let error = Error::new(kind, call.request.doing());
            cx.shared.out.push_back(Output::Answer {
                call: call.id,
                result: Err(error),
            });
        }
        self.wake_topics(cx);
        if self.gather_until.is_some_and(|until| until <= cx.now) {
            self.gather_until = None;
        }
        match &self.phase {
            Phase::Waiting { until } if *until <= cx.now => {
                self.phase = Phase::Opening {
                    link: cx.open(self.renewal_owed),
                };
            }
            Phase::Up(_) => {
                self.tick_conn(cx);
                self.tick_migration(cx);
            }
            _ => {}
        }
        self.pump(cx);
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let phase = match &self.phase {
            Phase::Waiting { until } => Some(*until),
            Phase::Up(up) => up.deadline(),
            Phase::Opening { .. } | Phase::Closed => None,
        };
        let timer = self.timers.first().map(|(at, _)| *at);
        let call = self.calls.front().map(|call| call.deadline);
        [phase, timer, call, self.gather_until]
            .into_iter()
            .flatten()
            .min()
    }

    /// How it is doing.
    pub(crate) fn state(&self) -> LaneState {
        match (&self.phase, &self.trouble) {
            (Phase::Closed, _) => LaneState::Closed,
            (Phase::Up(up), _) if up.migration.is_idle() => LaneState::Ready,
            (Phase::Up(_), _) => LaneState::Migrating,
            (_, None) => LaneState::Connecting,
            (_, Some(because)) => LaneState::Recovering {
                attempt: self.backoff.attempt(),
                because: Arc::clone(because),
            },
        }
    }

    /// Ends everything; whoever waits gets this error. The links are the driver's to close.
    pub(crate) fn close(&mut self, error: &Error, cx: &mut Cx<'_>) {
        let mut links = Vec::new();
        let mut migration = Sent::NotSent;
        let end = |call: PendingCall, sent, cx: &mut Cx<'_>| {
            let error = error.clone().while_doing(call.request.doing());
            cx.shared.out.push_back(Output::Answer {
                call: call.id,
                result: Err(error.of_request(sent)),
            });
        };
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Waiting { .. } | Phase::Closed => {}
            Phase::Opening { link } => links.push(link),
            Phase::Up(mut up) => {
                migration = up.migration_sent();
                links.push(up.conn.link);
                links.extend(up.migration.other_link());
                for open in up.conn.requests.drain() {
                    let sent = open.sent();
                    match open.purpose {
                        Purpose::Call(call) => end(call, sent, cx),
                        Purpose::Batch(_) => cx.free_batch(),
                        _ => {}
                    }
                }
            }
        }
        for link in links {
            cx.shared.out.push_back(Output::Close {
                link,
                code: 1000,
                reason: "",
            });
        }
        for call in self.calls.drain(..) {
            end(call, Sent::NotSent, cx);
        }
        self.end_migrators(&Err(error.clone().of_request(migration)), cx);
        self.topics.clear();
        self.due.clear();
        self.timers.clear();
        self.gather_until = None;
    }

    /// Closes a socket that nobody needs any more. Whoever waits for it to migrate has nothing to wait for.
    pub(crate) fn retire(&mut self, cx: &mut Cx<'_>) {
        self.end_migrators(&Ok(()), cx);
        self.close(&Error::closed("closing a socket"), cx);
    }

    /// Sends what may be sent now.
    pub(crate) fn pump(&mut self, cx: &mut Cx<'_>) {
        loop {
            let Phase::Up(up) = &mut self.phase else {
                return;
            };
            if !up.migration.lets_requests_through() {
                up.ask_to_migrate(&self.config, cx);
                return;
            }
            if up.conn.requests.len() >= self.config.max_in_flight {
                return;
            }
            let Some(open) = self.next_request(cx) else {
                return;
            };
            let Phase::Up(up) = &mut self.phase else {
                return;
            };
            up.conn.send(open, &self.config, cx);
        }
    }

    /// What is to be sent next: raw requests and topics take turns.
    fn next_request(&mut self, cx: &mut Cx<'_>) -> Option<Open> {
        if !self.calls.is_empty() && !std::mem::take(&mut self.topic_first) {
            self.topic_first = true;
            return self.next_call();
        }
        let topic = self.next_for_topic(cx);
        topic.or_else(|| self.next_call())
    }

    fn next_call(&mut self) -> Option<Open> {
        let call = self.calls.pop_front()?;
        Some(Open::new(call.request.clone(), Purpose::Call(call)))
    }
}
