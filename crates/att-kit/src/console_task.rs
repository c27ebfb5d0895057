//! The task of one console while a runner holds it: its sessions, and its events on their way to the handlers.

use crate::calls::{Call, Calls, Unreadable};
use crate::clock::deadline_after;
use crate::deadline::{Deadline, StopBy, stop_requested};
use crate::failure::{FailureKind, HandlerInfo};
use crate::handler_queue::HandlerQueue;
use crate::handlers::Work;
use crate::player::player_of;
use alta_model::{GroupId, Timestamp};
use att_console::{
    Closed, Console, ErrorKind, Event, EventName, Missed, State, Status, Statuses, Subscription,
};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tracing::{Instrument as _, Span, debug, info, warn};

/// A change of a console's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    Connected,
    Disconnected,
}

/// The reason why a console is no longer handled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// It was removed from the set, or a stop was requested.
    Stopped,
    /// The program has closed it.
    Closed,
    /// It was closed permanently by something else, such as a refusal of the server.
    Refused(Closed),
    /// It could not be opened.
    NotOpened,
}

/// The names of these methods.
const IN_ORDER: &str = "on_any_in_order";
const ON_MISSED: &str = "on_missed";
const ON_STATE: &str = "on_state";
const ON_SESSION: &str = "on_session";

/// The key of a handler call: calls of one key keep their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum QueueKey {
    Player(i64),
    /// The calls of one handler in order, by its place among them.
    InOrder(usize),
    /// Events of no player.
    NoPlayer,
}

pub(crate) struct ConsoleTask<K> {
    key: K,
    group: Option<GroupId>,
    console: Console,
    calls: Calls,
    reports: mpsc::Sender<(K, Report)>,
    statuses: Statuses,
    events: Option<Subscription<Value>>,
    queue: HandlerQueue<QueueKey>,
    /// The handlers of the present session, and its number.
    session: JoinSet<()>,
    session_number: Option<u64>,
    /// The handlers of states, and the request to stop their calls.
    states: JoinSet<()>,
    stop_states: watch::Sender<()>,
    /// The time at which the latest item that was read was received.
    read_until: Timestamp,
    /// The time at which the oldest item with pending handlers was received.
    waiting_since: Option<Timestamp>,
    /// Finds the events that the server does not have.
    confirming: JoinSet<Vec<EventName>>,
}

/// The end of a console's task.
pub(crate) struct Ended {
    pub(crate) end: End,
    /// Calls of handlers that were not made or did not finish.
    pub(crate) given_up: usize,
    /// The instant since which handlers miss events of the console; `None` if they never received any.
    pub(crate) missing: Option<Timestamp>,
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
        confirming.spawn(unknown_to(console.clone(), names).in_current_span());
        let mut task = Self {
            key,
            group,
            statuses: console.statuses(),
            events,
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
    fn forget_handled(&mut self) {
        if !self.queue.has_waiting() {
            self.waiting_since = None;
        }
    }

    /// Begins and ends sessions. Returns the end of the console.
    async fn status(&mut self, status: Option<Status>) -> Option<End> {
        let Some(status) = status else {
            return Some(End::Closed);
        };
        let connects = status.totals.connects;
        match status.state {
            State::Ready | State::Stalled if self.session_number != Some(connects) => {
                self.end_session().await;
                self.begin_session(connects);
                self.report(Report::Connected).await;
            }
            State::Ready | State::Stalled => {}
            State::Recovering { because, .. } => {
                if self.session_number.is_some() {
                    info!(%because, "a console session has ended");
                } else {
                    debug!(%because, "a console cannot be reached yet");
                }
                self.end_session().await;
                self.report(Report::Disconnected).await;
            }
            State::Closed { because } => {
                self.end_session().await;
                if because == Closed::ByUs {
                    return Some(End::Closed);
                }
                warn!(%because, "a console is closed permanently");
                return Some(End::Refused(because));
            }
            _ => self.end_session().await,
        }
        None
    }

    fn begin_session(&mut self, connects: u64) {
        info!(session = connects, "a console session begins");
        self.session_number = Some(connects);
        self.calls.counters().session();
        for function in &self.calls.handlers().sessions {
            let (function, console) = (Arc::clone(function), self.console.clone());
            let call = Call::new(self.info(ON_SESSION), None, move || function(console));
            let calls = self.calls.clone();
            let work = async move { calls.call(call).await };
            self.session.spawn(work.instrument(Span::current()));
        }
    }

    /// When this returns, no handler of the old session runs.
    async fn end_session(&mut self) {
        self.session_number = None;
        while self.session.try_join_next().is_some() {}
        let handlers = self.session.len();
        if handlers > 0 {
            info!(
                handlers,
                "on_session handlers are canceled where they wait, with their session"
            );
        }
        self.session.shutdown().await;
    }

    /// Each handler of states reads the states by itself, so a slow one skips some instead of delaying others.
    fn follow_states(&mut self) {
        for function in &self.calls.handlers().states {
            let function = Arc::clone(function);
            let (console, calls) = (self.console.clone(), self.calls.clone());
            let (info, timeout) = (
                self.info(ON_STATE),
                Some(self.calls.limits().handler_timeout),
            );
            let mut statuses = console.statuses();
            let mut stop = self.stop_states.subscribe();
            let work = async move {
                loop {
                    let status = tokio::select! {
                        biased;
                        _ = stop.changed() => return,
                        status = statuses.next() => status,
                    };
                    let Some(status) = status else { return };
                    let (function, console) = (Arc::clone(&function), console.clone());
                    let call = Call::new(info.clone(), timeout, move || {
                        function(console, status.state)
                    });
                    call.run(calls.clone()).await;
                }
            };
            self.states.spawn(work.instrument(Span::current()));
        }
    }

    async fn report(&mut self, report: Report) {
        // The runner no longer receives when it is shutting down.
        let _ = self.reports.send((self.key.clone(), report)).await;
    }

    fn event(&mut self, event: Option<Result<Event<Value>, Missed>>) {
        let Some(event) = event else {
            // The console is closed, and its status ends the task.
            self.events = None;
            return;
        };
        let (since, until) = match &event {
            Ok(event) => (event.received(), event.received()),
            Err(Missed::Gap { since, until }) => (*since, *until),
            Err(_) => (self.read_until, self.read_until),
        };
        self.waiting_since.get_or_insert(since);
        self.read_until = until;
        match event {
            Ok(event) => self.handle(event),
            Err(missed) => self.missed(&missed),
        }
        self.forget_handled();
    }

    fn handle(&mut self, event: Event<Value>) {
        self.calls.counters().event(event.name.as_str());
        let key = player_of(&event.data).map_or(QueueKey::NoPlayer, QueueKey::Player);
        let (event, calls) = (Arc::new(event), self.calls.clone());
        for on in &calls.handlers().events {
            if !on.names.contains(&event.name) {
                continue;
            }
            let info = self.info(on.handler).event(&event.name);
            let function = Arc::clone(&on.function);
            let (console, event) = (self.console.clone(), Arc::clone(&event));
            self.push(key, info, move || {
                function(&console, &event).unwrap_or_else(|error| {
                    let error = Unreadable(console.redactor().cause(error));
                    Box::pin(async move { Err(error.into()) })
                })
            });
        }
        for (place, on) in calls.handlers().in_order.iter().enumerate() {
            if on.names.contains(&event.name) {
                let info = self.info(IN_ORDER).event(&event.name);
                let function = Arc::clone(&on.function);
                let (console, event) = (self.console.clone(), Event::clone(&event));
                self.push(QueueKey::InOrder(place), info, move || {
                    function(console, Ok(event))
                });
            }
        }
    }

    fn missed(&mut self, missed: &Missed) {
        let events = match missed {
            Missed::Lagged(events) => *events,
            _ => 1,
        };
        warn!(%missed, "events of a console are missing");
        let calls = self.calls.clone();
        calls.counters().missed(events);
        for (place, on) in calls.handlers().in_order.iter().enumerate() {
            let function = Arc::clone(&on.function);
            let (console, missed) = (self.console.clone(), missed.clone());
            let info = self.info(IN_ORDER);
            self.push(QueueKey::InOrder(place), info, move || {
                function(console, Err(missed))
            });
        }
        for function in &calls.handlers().missed {
            let function = Arc::clone(function);
            let (console, missed) = (self.console.clone(), missed.clone());
            let call = Call::new(
                self.info(ON_MISSED),
                Some(self.calls.limits().handler_timeout),
                move || function(console, missed),
            );
            self.queue.push_barrier(QueueKey::NoPlayer, call);
        }
    }

    fn push(
        &mut self,
        key: QueueKey,
        info: HandlerInfo,
        function: impl FnOnce() -> Work + Send + 'static,
    ) {
        let call = Call::new(info, Some(self.calls.limits().handler_timeout), function);
        self.queue.push(key, call);
    }

    /// Reports each handler of an event that the server does not have: it would never be called.
    fn unknown(&self, names: Vec<EventName>) {
        for name in names {
            let handlers = self.calls.handlers();
            let on = handlers.events.iter();
            let on = on.filter(|on| on.names.contains(&name));
            let in_order = handlers.in_order.iter();
            let in_order = in_order.filter(|on| on.names.contains(&name));
            let handlers = on.map(|on| on.handler).chain(in_order.map(|_| IN_ORDER));
            for handler in handlers {
                let suggestions = name.suggestions().into_iter().map(str::to_owned).collect();
                let info = self.info(handler).event(&name);
                self.calls
                    .report(info, FailureKind::NoSuchEvent { suggestions });
            }
        }
    }

    fn info(&self, handler: &'static str) -> HandlerInfo {
        let mut info = HandlerInfo::new(handler)
            .server(self.console.server())
            .group(self.group);
        info.console = Some(self.console.label());
        info
    }
}

/// Returns the events that the console's server does not have, when the server has replied to the last.
async fn unknown_to(console: Console, names: Vec<EventName>) -> Vec<EventName> {
    let mut unknown = Vec::new();
    for name in names {
        let confirmed = console.subscribe_to([&name]).await;
        let is_unknown =
            |error: att_console::Error| matches!(error.kind(), ErrorKind::EventNotFound { .. });
        if confirmed.is_err_and(is_unknown) {
            unknown.push(name);
        }
    }
    unknown
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
