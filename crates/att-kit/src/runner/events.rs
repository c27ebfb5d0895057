//! The events of one console on their way to the handlers.

use super::console_task::ConsoleTask;
use super::queue_key::QueueKey;
use crate::calls::{Call, Unreadable};
use crate::failure::{FailureKind, HandlerInfo};
use crate::handlers::Work;
use crate::player::player_of;
use att_console::{Event, EventName, Missed};
use serde_json::Value;
use std::sync::Arc;
use tracing::warn;

/// The names of these methods.
const IN_ORDER: &str = "on_any_in_order";
const ON_MISSED: &str = "on_missed";

impl<K: Clone> ConsoleTask<K> {
    pub(super) fn event(&mut self, event: Option<Result<Event<Value>, Missed>>) {
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

    pub(super) fn missed(&mut self, missed: &Missed) {
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

    pub(super) fn push(
        &mut self,
        key: QueueKey,
        info: HandlerInfo,
        function: impl FnOnce() -> Work + Send + 'static,
    ) {
        let call = Call::new(info, Some(self.calls.limits().handler_timeout), function);
        self.queue.push(key, call);
    }

    /// Reports each handler of an event that the server does not have: it would never be called.
    pub(super) fn unknown(&self, names: Vec<EventName>) {
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
}
