//! The task of one console while a runner holds it.

use super::condition_streams::{TransitionsOf, transitions};
use super::end::{End, Ended, Report};
use super::queue_key::QueueKey;
use super::unknown_events::unknown_events;
use crate::calls::Calls;
use crate::clock::deadline_after;
use crate::deadline::{Deadline, StopBy, stop_requested};
use crate::failure::HandlerInfo;
use crate::handler_queue::HandlerQueue;
use alta_model::{GroupId, Timestamp};
use att_console::{Console, Event, EventName, Missed, Statuses, Subscription};
use futures_util::StreamExt as _;
use futures_util::stream::SelectAll;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tracing::Instrument as _;

pub(crate) struct ConsoleTask<K> {
    pub(super) key: K,
    pub(super) group: Option<GroupId>,
    pub(super) console: Console,
    pub(super) calls: Calls,
    pub(super) reports: mpsc::Sender<(K, Report)>,
    pub(super) statuses: Statuses,
    pub(super) events: Option<Subscription<Value>>,
    pub(super) transitions: SelectAll<TransitionsOf>,
    pub(super) queue: HandlerQueue<QueueKey>,
    /// The handlers of the present session, and its number.
    pub(super) session: JoinSet<()>,
    pub(super) session_number: Option<u64>,
    /// The handlers of states, and the request to stop their calls.
    pub(super) states: JoinSet<()>,
    pub(super) stop_states: watch::Sender<()>,
    /// The time at which the latest item that was read was received.
    pub(super) read_until: Timestamp,
    /// The time at which the oldest item with pending handlers was received.
    pub(super) waiting_since: Option<Timestamp>,
    /// Finds the events that the server does not have.
    pub(super) confirming: JoinSet<Vec<EventName>>,
}

impl<K: Clone> ConsoleTask<K> {
    pub(crate) fn new(
        key: K,
        group: Option<GroupId>,
        console: Console,
        calls: Calls,
        reports: mpsc::Sender<(K, Report)>,
        missing: Option<Timestamp>,
    ) -> Self {
        let names = calls.handlers().event_names();
        let events = (!names.is_empty()).then(|| {
            let subscribe = console.subscribe_to(&names);
            match missing {
                Some(since) => subscribe.resuming(since).start(),
                None => subscribe.start(),
            }
        });
        let mut confirming = JoinSet::new();
        confirming.spawn(unknown_events(console.clone(), names).in_current_span());
        let mut task = Self {
            key,
            group,
            statuses: console.statuses(),
            events,
            transitions: transitions(&calls, &console),
            queue: HandlerQueue::new(&calls, calls.limits().handlers_per_console),
            session: JoinSet::new(),
            session_number: None,
            states: JoinSet::new(),
            stop_states: watch::Sender::new(()),
            read_until: Timestamp::now(),
            waiting_since: None,
            confirming,
            console,
            calls,
            reports,
        };
        task.follow_states();
        task
    }

    /// Runs until a stop is requested, or until the console is closed permanently.
    pub(crate) async fn run(mut self, stop: &mut watch::Receiver<StopBy>) -> Ended {
        let (end, by) = loop {
            tokio::select! {
                by = stop_requested(stop) => break (End::Stopped, by),
                status = self.statuses.next() => {
                    if let Some(end) = self.status(status).await {
                        break (end, deadline_after(self.calls.limits().grace));
                    }
                }
                event = next(&mut self.events), if !self.queue.is_full() => self.event(event),
                Some((place, item)) = self.transitions.next(), if !self.transitions.is_empty() && !self.queue.is_full() => {
                    self.transition(place, item);
                }
                () = self.queue.progress() => self.forget_handled(),
                Some(_) = self.session.join_next() => {}
                Some(unknown) = self.confirming.join_next() => self.unknown(unknown.unwrap_or_default()),
            }
        };
        if end == End::Stopped {
            self.stop_states.send_replace(());
        }
        self.end_session().await;
        self.confirming.shutdown().await;
        let missing = self.missing();
        // After the session has ended, since its handler may wait for events of its own.
        self.events = None;
        self.transitions.clear();
        let (calls, calls_of_states) = tokio::join!(
            self.queue.finish(Deadline::new(by, stop)),
            // If the console is closed, they are called with its last state.
            finish(self.states, Deadline::new(by, stop)),
        );
        Ended {
            end,
            given_up: calls + calls_of_states,
            missing,
        }
    }

    /// The instant since which handlers miss events if no more are read; `None` if the console was never connected.
    fn missing(&self) -> Option<Timestamp> {
        let status = self.console.status();
        let until = if status.state.is_closed() {
            self.console.last_disconnect()
        } else {
            (status.totals.connects > 0).then(Timestamp::now)
        };
        let events = self.events.as_ref();
        let unread = events.is_some_and(|events| events.queued() > 0);
        let unread = unread.then_some(self.read_until);
        let interrupted = events.and_then(Subscription::interrupted_since);
        let since = [self.waiting_since, unread, interrupted, until];
        since.into_iter().flatten().min()
    }

    /// If no call waits, every item that was read has been passed to its handlers.
    pub(super) fn forget_handled(&mut self) {
        if !self.queue.has_waiting() {
            self.waiting_since = None;
        }
    }

    pub(super) fn info(&self, handler: &'static str) -> HandlerInfo {
        let mut info = HandlerInfo::new(handler)
            .server(self.console.server())
            .group(self.group);
        info.console = Some(self.console.label());
        info
    }
}

/// Waits for the tasks until the deadline, and cancels the rest. Returns how many did not finish.
async fn finish(mut tasks: JoinSet<()>, mut deadline: Deadline) -> usize {
    let all = async { while tasks.join_next().await.is_some() {} };
    tokio::select! {
        () = all => {}
        () = deadline.passed() => {}
    }
    let running = tasks.len();
    tasks.shutdown().await;
    running
}

async fn next(events: &mut Option<Subscription<Value>>) -> Option<Result<Event<Value>, Missed>> {
    match events {
        Some(events) => events.next().await,
        None => std::future::pending().await,
    }
}
