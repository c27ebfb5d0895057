//! One console for as long as it is open: its sessions, and its events on their way to the handlers.

use super::context::Context;
use super::crew::Ended;
use super::deadline::{Deadline, Order, stop};
use super::desk::{Call, Desk, Unreadable, watched};
use super::failure::{Failure, FailureKind};
use super::handlers::Work;
use super::plan::End;
use crate::error::is_event_not_found;
use crate::time::after;
use alta_model::{GroupId, ServerId, Timestamp};
use att_console::{
    Closed, Console, Event, EventName, Missed, State, Status, Statuses, Subscription,
};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tracing::{Instrument as _, Span, debug, info, warn};

/// How a console is known to those who look after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Key {
    Server(ServerId),
    /// The place of a self-hosted one in their list.
    Own(usize),
}

/// What a host tells of its console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    Connected,
    Disconnected,
}

/// The name of that method.
const IN_ORDER: &str = "on_events_in_order";

/// Whose events keep their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Lane {
    Player(i64),
    /// What one handler in order is told, by the place of the handler.
    InOrder(usize),
    /// What concerns no player keeps its order, too.
    Nobody,
}

pub(crate) struct Host {
    key: Key,
    group: Option<GroupId>,
    console: Console,
    context: Arc<Context>,
    reports: mpsc::Sender<(Key, Report)>,
    statuses: Statuses,
    events: Option<Subscription<Value>>,
    desk: Desk<Lane>,
    /// The handlers of the present session, and which session that is.
    session: JoinSet<()>,
    session_number: Option<u64>,
    /// When the latest item was received that was read of the events.
    read_until: Timestamp,
    /// When the oldest item was received that some handler still waits for.
    waiting_since: Option<Timestamp>,
    /// Finds out which events the server doesn't have.
    confirming: JoinSet<Vec<EventName>>,
}

impl Host {
    pub(crate) fn new(
        key: Key,
        group: Option<GroupId>,
        console: Console,
        context: Arc<Context>,
        reports: mpsc::Sender<(Key, Report)>,
        missing: Option<Timestamp>,
    ) -> Self {
        let names = context.handlers.event_names();
        let events = (!names.is_empty()).then(|| {
            let subscribe = console.subscribe_to(&names);
            match missing {
                Some(since) => subscribe.resuming(since).start(),
                None => subscribe.start(),
            }
        });
        let mut confirming = JoinSet::new();
        confirming.spawn(unknown_to(console.clone(), names).in_current_span());
        Self {
            key,
            group,
            statuses: console.statuses(),
            events,
            desk: Desk::new(Arc::clone(&context), context.limits.handlers_per_console),
            session: JoinSet::new(),
            session_number: None,
            read_until: Timestamp::now(),
            waiting_since: None,
            confirming,
            console,
            context,
            reports,
        }
    }

    /// Runs until told to stop, or until the console is closed for good.
    pub(crate) async fn run(mut self, orders: &mut watch::Receiver<Order>) -> Ended {
        let (end, by) = loop {
            tokio::select! {
                by = stop(orders) => break (End::AsTold, by),
                status = self.statuses.next() => {
                    if let Some(end) = self.status(status).await {
                        break (end, after(self.context.limits.grace));
                    }
                }
                event = next(&mut self.events), if !self.desk.is_full() => self.event(event),
                () = self.desk.turn() => self.look_at_desk(),
                Some(_) = self.session.join_next() => {}
                Some(unknown) = self.confirming.join_next() => self.unknown(unknown.unwrap_or_default()),
            }
        };
        self.end_session().await;
        self.confirming.shutdown().await;
        let missing = self.missing();
        // Not before the session is over: its handler may wait for events of its own.
        self.events = None;
        Ended {
            end,
            given_up: self.desk.finish(Deadline::new(by, orders)).await,
            missing,
        }
    }

    /// Since when handlers miss events if nothing more is read; none if there never was a connection.
    fn missing(&self) -> Option<Timestamp> {
        let status = self.console.status();
        let until = if status.state.is_closed() {
            self.console.heard_until()
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

    /// Everything that was received by then was handed to its handlers, if nothing waits.
    fn look_at_desk(&mut self) {
        if !self.desk.has_waiting() {
            self.waiting_since = None;
        }
    }

    /// Begins and ends sessions. Tells the console's end.
    async fn status(&mut self, status: Option<Status>) -> Option<End> {
        let Some(status) = status else {
            return Some(End::ByHand);
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
                    return Some(End::ByHand);
                }
                warn!(%because, "a console is closed for good");
                self.context.refused(&self.console.label(), because);
                return Some(End::Refused);
            }
            _ => self.end_session().await,
        }
        None
    }

    fn begin_session(&mut self, connects: u64) {
        info!(session = connects, "a console session begins");
        self.session_number = Some(connects);
        self.context.meter.session();
        for function in &self.context.handlers.consoles {
            let function = Arc::clone(function);
            let console = self.console.clone();
            let about = self.about("on_console");
            let context = Arc::clone(&self.context);
            let work =
                async move { watched(about, move || function(console), None, &context).await };
            self.session.spawn(work.instrument(Span::current()));
        }
    }

    /// When this returns, nothing of the old session runs any more.
    async fn end_session(&mut self) {
        self.session_number = None;
        while self.session.try_join_next().is_some() {}
        let handlers = self.session.len();
        if handlers > 0 {
            info!(
                handlers,
                "on_console handlers are ended where they wait, with their session"
            );
        }
        self.session.shutdown().await;
    }

    async fn report(&mut self, report: Report) {
        // Nobody listens any more when the bot is being shut down.
        let _ = self.reports.send((self.key, report)).await;
    }

    fn event(&mut self, event: Option<Result<Event<Value>, Missed>>) {
        let Some(event) = event else {
            // The console is closed: its status says so as well.
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
        self.look_at_desk();
    }

    fn handle(&mut self, event: Event<Value>) {
        self.context.meter.event(event.name.as_str());
        let lane = player(&event.data).map_or(Lane::Nobody, Lane::Player);
        let (event, context) = (Arc::new(event), Arc::clone(&self.context));
        for on in &context.handlers.events {
            if !on.names.contains(&event.name) {
                continue;
            }
            let mut about = self.about(on.handler);
            about.event = Some(event.name.clone());
            let function = Arc::clone(&on.function);
            let (console, event) = (self.console.clone(), Arc::clone(&event));
            let work = move || {
                function(&console, &event).unwrap_or_else(|error| {
                    let error = Unreadable(console.redactor().cause(error));
                    Box::pin(async move { Err(error.into()) })
                })
            };
            self.call(lane, about, work);
        }
        for (place, on) in context.handlers.in_order.iter().enumerate() {
            if on.names.contains(&event.name) {
                let mut about = self.about(IN_ORDER);
                about.event = Some(event.name.clone());
                let function = Arc::clone(&on.function);
                let (console, event) = (self.console.clone(), Event::clone(&event));
                self.call(Lane::InOrder(place), about, move || {
                    function((console, Ok(event)))
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
        let context = Arc::clone(&self.context);
        context.meter.missed(events);
        for (place, on) in context.handlers.in_order.iter().enumerate() {
            let function = Arc::clone(&on.function);
            let (console, missed) = (self.console.clone(), missed.clone());
            let about = self.about(IN_ORDER);
            self.call(Lane::InOrder(place), about, move || {
                function((console, Err(missed)))
            });
        }
        for function in &context.handlers.missed {
            let function = Arc::clone(function);
            let (console, missed) = (self.console.clone(), missed.clone());
            let work = move || function((console, missed));
            let call = self.call_of(self.about("on_missed"), work);
            self.desk.push_alone(Lane::Nobody, call);
        }
    }

    fn call(&mut self, lane: Lane, about: Failure, work: impl FnOnce() -> Work + Send + 'static) {
        let call = self.call_of(about, work);
        self.desk.push(lane, call);
    }

    fn call_of(&self, about: Failure, work: impl FnOnce() -> Work + Send + 'static) -> Call {
        Call {
            about,
            work: Box::new(work),
            limit: Some(self.context.limits.handler_time),
        }
    }

    /// Nobody would ever hear of handlers of events that the server doesn't have.
    fn unknown(&self, names: Vec<EventName>) {
        for name in names {
            let handlers = &self.context.handlers;
            let on = handlers.events.iter();
            let on = on.filter(|on| on.names.contains(&name));
            let in_order = handlers.in_order.iter();
            let in_order = in_order.filter(|on| on.names.contains(&name));
            let handlers = on.map(|on| on.handler).chain(in_order.map(|_| IN_ORDER));
            for handler in handlers {
                let suggestions = name.suggestions().into_iter().map(str::to_owned).collect();
                let mut about = self.about(handler);
                about.event = Some(name.clone());
                about.kind = FailureKind::NoSuchEvent { suggestions };
                self.context.report(&about);
            }
        }
    }

    fn about(&self, handler: &'static str) -> Failure {
        Failure {
            console: Some(self.console.label()),
            server: self.console.server(),
            group: self.group,
            ..Failure::of(handler)
        }
    }
}

/// Those of the events that the console's server doesn't have. It ends when the server has said so of the last.
async fn unknown_to(console: Console, names: Vec<EventName>) -> Vec<EventName> {
    let mut unknown = Vec::new();
    for name in names {
        let confirmed = console.subscribe_to([&name]).await;
        if confirmed.is_err_and(|error| is_event_not_found(&error)) {
            unknown.push(name);
        }
    }
    unknown
}

async fn next(events: &mut Option<Subscription<Value>>) -> Option<Result<Event<Value>, Missed>> {
    match events {
        Some(events) => events.next().await,
        None => std::future::pending().await,
    }
}

/// The player that an event is about: the one it happened to, before the one who did it.
fn player(data: &Value) -> Option<i64> {
    const FIELDS: [&str; 7] = [
        "user",
        "player",
        "killedPlayer",
        "killerPlayer",
        "reportedBy",
        "bannedBy",
        "buyer",
    ];
    let data = data.as_object()?;
    FIELDS.iter().find_map(|field| {
        let mut fields = data.iter();
        let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case(field))?;
        let id = value.get("id").unwrap_or(value);
        id.as_i64().or_else(|| id.as_str()?.parse().ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_player_of_an_event_is_found_however_the_event_calls_them() {
        for (data, expected) in [
            (json!({"user": {"id": 7, "username": "Ashwick"}}), Some(7)),
            (json!({"User": {"id": "7"}, "Quantity": 2}), Some(7)),
            (
                json!({"player": {"id": 7}, "newChunk": "Cave Layer 3"}),
                Some(7),
            ),
            (
                json!({"killerPlayer": {"id": 8}, "killedPlayer": {"id": 7}}),
                Some(7),
            ),
            (
                json!({"name": "Turabada", "killerPlayer": {"id": 8}}),
                Some(8),
            ),
            (json!({"buyer": 9, "seller": 10}), Some(9)),
            (json!({"user": null, "killerPlayer": {"id": 8}}), Some(8)),
            (json!({"logger": "x"}), None),
            (json!("text"), None),
        ] {
            assert_eq!(player(&data), expected, "{data}");
        }
    }
}
