//! The transitions of conditions on one console, on their way to the handlers.

use super::console_task::ConsoleTask;
use super::queue_key::QueueKey;
use crate::conditions::Transition;
use att_console::Missed;
use std::sync::Arc;

impl<K: Clone> ConsoleTask<K> {
    pub(super) fn transition(&mut self, place: usize, item: Result<Transition, Missed>) {
        let transition = match item {
            Ok(transition) => transition,
            Err(missed @ Missed::Lagged(_)) => return self.missed(&missed),
            Err(gap) => {
                // It is an item of the console's events, too, and of each stream of transitions.
                if self.events.is_none() && place == 0 {
                    self.missed(&gap);
                }
                return;
            }
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
