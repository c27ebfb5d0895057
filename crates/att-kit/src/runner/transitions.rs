//! The transitions of conditions on one console, on their way to the handlers.

use super::console_task::ConsoleTask;
use super::queue_key::QueueKey;
use crate::calls::Calls;
use crate::conditions::Transition;
use crate::players::Players;
use att_console::{Console, Missed};
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, SelectAll};
use std::sync::Arc;

/// The transitions of one handler, with its place among the handlers of transitions.
pub(super) type TransitionsOf = BoxStream<'static, (usize, Result<Transition, Missed>)>;

/// Starts the streams of a console.
pub(super) fn transitions(calls: &Calls, console: &Console) -> SelectAll<TransitionsOf> {
    let handlers = calls.handlers().transitions.iter().enumerate();
    let streams = handlers.map(|(place, on)| {
        let transitions = (on.when)(&Players::of(console)).start();
        transitions.map(move |item| (place, item)).boxed()
    });
    streams.collect()
}

impl<K: Clone> ConsoleTask<K> {
    pub(super) fn transition(&mut self, place: usize, item: Result<Transition, Missed>) {
        let transition = match item {
            Ok(transition) => transition,
            Err(missed @ Missed::Lagged(_)) => return self.missed(&missed),
            // A gap is an item of the console's events, too.
            Err(_) => return,
        };
        let calls = self.calls.clone();
        let Some(on) = calls.handlers().transitions.get(place) else {
            return;
        };
        let key = QueueKey::Player(transition.player.id().get());
        let (function, console) = (Arc::clone(&on.function), self.console.clone());
        self.push(key, self.info("on_transition"), move || {
            function(console, transition)
        });
    }
}
