//! Commands: from the queue to the network; each ends exactly once.

use super::session::{Purpose, Session};
use super::{Machine, Output, PendingCommand, State, Waiter};
use crate::config::WhenNotReady;
use crate::error::{ErrorKind, Sent};
use crate::status::NotConnected;
use crate::wire::frame::Frame;
use alta_socket::{LinkId, Reply};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

/// Commands to be sent, in order.
#[derive(Debug)]
pub(super) struct Queue<R> {
    /// Commands that could not be sent at once, with their deadlines.
    waiting: BTreeMap<u64, Box<PendingCommand<R>>>,
    deadlines: BTreeSet<(Instant, u64)>,
    next: u64,
    /// The last commands of the queue, which have just arrived: most are sent at once and never wait.
    arrived: VecDeque<Box<PendingCommand<R>>>,
}

impl<R> Default for Queue<R> {
    fn default() -> Self {
        Self {
            waiting: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            next: 0,
            arrived: VecDeque::new(),
        }
    }
}

impl<R> Queue<R> {
    fn push(&mut self, command: Box<PendingCommand<R>>) {
        self.arrived.push_back(command);
    }

    fn pop(&mut self) -> Option<Box<PendingCommand<R>>> {
        let Some((number, command)) = self.waiting.pop_first() else {
            return self.arrived.pop_front();
        };
        self.deadlines.remove(&(command.deadline, number));
        Some(command)
    }

    /// Records the deadlines of arrived commands that could not be sent.
    fn keep_arrived(&mut self) {
        for command in std::mem::take(&mut self.arrived) {
            self.deadlines.insert((command.deadline, self.next));
            self.waiting.insert(self.next, command);
            self.next += 1;
        }
    }

    fn pop_expired(&mut self, now: Instant) -> Option<Box<PendingCommand<R>>> {
        self.keep_arrived();
        let (deadline, number) = *self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        self.deadlines.pop_first();
        self.waiting.remove(&number)
    }

    /// Removes commands whose callers are gone.
    pub(super) fn drop_abandoned(&mut self) {
        self.arrived.retain(|command| !command.is_abandoned());
        self.waiting.retain(|number, command| {
            let abandoned = command.is_abandoned();
            if abandoned {
                self.deadlines.remove(&(command.deadline, *number));
            }
            !abandoned
        });
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = Box<PendingCommand<R>>> + use<R> {
        self.deadlines.clear();
        let waiting = std::mem::take(&mut self.waiting).into_values();
        waiting.chain(std::mem::take(&mut self.arrived))
    }

    /// The earliest deadline of the commands that wait.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.arrived.len()
    }
}

impl<R: Waiter> Machine<R> {
    pub(super) fn command(&mut self, command: Box<PendingCommand<R>>, now: Instant) {
        let refused = match &self.state {
            State::Closed(because) => Some(ErrorKind::Closed {
                because: because.clone(),
            }),
            State::Session(_) => None,
            _ if command.when_not_ready == WhenNotReady::Fail => Some(ErrorKind::NotReady),
            _ => None,
        };
        if let Some(error) = refused {
            self.resolve(command, Err(error));
            return;
        }
        // The number of callers is bounded by this; commands of gone callers can come on top of it.
        if self.queue.len() >= self.config.max_pending {
            self.queue.drop_abandoned();
        }
        self.queue.push(command);
        self.send_due = Some(now);
    }

    /// Sends as many requests as the limit permits: subscriptions first, then commands in their order.
    pub(super) fn send_requests(&mut self, now: Instant) {
        self.reconcile(now);
        while let State::Session(session) = &mut self.state {
            if session.open_commands() >= self.config.max_in_flight {
                break;
            }
            let Some(command) = self.queue.pop() else {
                break;
            };
            // A command whose caller is gone has no line.
            let Some(line) = command.line.upgrade() else {
                continue;
            };
            if command.deadline <= now {
                self.time_out(command, Sent::NotSent);
                continue;
            }
            let (link, deadline) = (session.link, command.deadline);
            let owner = command.line.clone();
            let span = (!command.span.is_none()).then(|| command.span.clone());
            let purpose = Purpose::Command {
                command,
                written: false,
            };
            let id = session.begin(purpose, now, deadline);
            if let Some(span) = span {
                span.record("id", id);
            }
            if self.hears_commands {
                session.own.sent(id, &line);
            }
            self.outbox.push_back(Output::Send {
                link,
                id,
                line,
                owner: Some(owner),
            });
        }
        self.queue.keep_arrived();
    }

    pub(super) fn written(&mut self, link: LinkId, id: u32) {
        let State::Session(session) = &mut self.state else {
            return;
        };
        if session.link != link {
            return;
        }
        if let Some(command) = session.written(id) {
            command.span.in_scope(|| tracing::debug!("sent"));
            self.counters.commands.add_one();
        }
    }

    /// The frame will not be sent: the caller is gone, or the command has timed out.
    pub(super) fn not_sent(&mut self, link: LinkId, id: u32, now: Instant) {
        let State::Session(session) = &mut self.state else {
            return;
        };
        if session.link != link {
            return;
        }
        session.not_written(id, now);
        if let Some(command) = session.recalling.remove(&id) {
            self.time_out(command, Sent::NotSent);
        }
        self.send_due = Some(now);
    }

    pub(super) fn timed_out_after_sending(&mut self, link: LinkId, id: u32) {
        if let State::Session(session) = &mut self.state
            && session.link == link
            && let Some(command) = session.recalling.remove(&id)
        {
            self.time_out(command, Sent::MayHaveRun);
        }
    }

    pub(super) fn reply(&mut self, id: Option<u32>, frame: Frame, now: Instant) {
        let State::Session(session) = &mut self.state else {
            return;
        };
        let Some(id) = id else {
            tracing::debug!("skipping a reply without an id");
            self.counters.unknown_replies.add_one();
            return;
        };
        match session.reply(id, now) {
            Reply::To(purpose) => {
                match purpose {
                    Purpose::Command { command, .. } => {
                        self.counters.replies.add_one();
                        self.resolve(command, Ok(Some(frame)));
                    }
                    Purpose::Subscribe(name) => self.subscribe_replied(&name, frame, now),
                    Purpose::Unsubscribe(name) => self.unsubscribe_replied(&name, frame, now),
                }
                self.send_due = Some(now);
            }
            Reply::Late => {
                tracing::debug!(id, "skipping a reply whose request had ended");
                self.counters.late_replies.add_one();
            }
            Reply::Unknown => {
                tracing::debug!(id, "skipping a reply to a request that was never sent");
                self.counters.unknown_replies.add_one();
            }
        }
    }

    pub(super) fn expire_queued(&mut self, now: Instant) {
        while let Some(command) = self.queue.pop_expired(now) {
            self.time_out(command, Sent::NotSent);
        }
    }

    pub(super) fn expire_sent(&mut self, now: Instant) {
        while let State::Session(session) = &mut self.state {
            let Some((id, purpose)) = session.expire(now) else {
                break;
            };
            match purpose {
                Purpose::Command {
                    command,
                    written: true,
                } => self.time_out(command, Sent::MayHaveRun),
                Purpose::Command { command, .. } => {
                    let link = session.link;
                    session.recalling.insert(id, command);
                    self.outbox.push_back(Output::Recall(link, id));
                }
                Purpose::Subscribe(name) | Purpose::Unsubscribe(name) => {
                    self.topics.no_reply(&name);
                }
            }
        }
    }

    /// The connection is lost. Sent commands end now; the others return to the head of the queue.
    pub(super) fn disconnect_commands(&mut self, mut session: Session<R>, because: &NotConnected) {
        let recalled = std::mem::take(&mut session.recalling).into_values();
        for command in recalled {
            self.time_out(command, Sent::NotSent);
        }
        let mut unsent = Vec::new();
        for purpose in session.drain() {
            match purpose {
                Purpose::Command {
                    command,
                    written: true,
                } => {
                    let error = ErrorKind::Disconnected {
                        because: because.clone(),
                        sent: Sent::MayHaveRun,
                    };
                    self.resolve(command, Err(error));
                }
                Purpose::Command { command, .. } => unsent.push(command),
                Purpose::Subscribe(_) | Purpose::Unsubscribe(_) => {}
            }
        }
        let waiting: Vec<_> = self.queue.drain().collect();
        for command in unsent.into_iter().chain(waiting) {
            match command.when_not_ready {
                WhenNotReady::Fail if !matches!(self.state, State::Closed(_)) => {
                    self.resolve(command, Err(ErrorKind::NotReady));
                }
                _ => self.queue.push(command),
            }
        }
        self.queue.keep_arrived();
    }

    fn time_out(&mut self, command: Box<PendingCommand<R>>, sent: Sent) {
        let after = command.timeout;
        self.resolve(command, Err(ErrorKind::TimedOut { after, sent }));
    }

    #[allow(
        clippy::boxed_local,
        reason = "callers have a box: unboxing copies the value"
    )]
    pub(super) fn resolve(
        &mut self,
        command: Box<PendingCommand<R>>,
        outcome: Result<Option<Frame>, ErrorKind>,
    ) {
        command.span.in_scope(|| match &outcome {
            Ok(_) => tracing::debug!("replied"),
            Err(error) => tracing::debug!(%error, "failed"),
        });
        self.outbox
            .push_back(Output::Resolve(command.reply, outcome));
    }
}
