//! Sending what happened in the world to whoever subscribed to it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::clock::console_time;
use crate::faults::Hook;
use crate::json::Node;
use crate::recordings;
use crate::shared::{Shared, State};
use crate::world::Effect;

impl State {
    /// Sends everything the world has to tell.
    pub(crate) fn send_effects(&mut self, shared: &Shared, now: Timestamp) {
        for effect in self.world.take_effects() {
            match effect {
                Effect::Main {
                    event,
                    key,
                    content,
                } => self.send_main(shared, &event, &key, &content),
                Effect::Console {
                    server,
                    event,
                    data,
                } => self.send_console(shared, server, &event, data, now),
            }
        }
    }

    fn send_main(&mut self, shared: &Shared, event: &str, key: &str, content: &Node) {
        let wanted = (event.to_owned(), key.to_owned());
        let name: Arc<str> = event.into();
        let mut frame = None;
        for main in self
            .mains
            .values()
            .filter(|main| main.subscriptions.contains(&wanted))
        {
            let frame = frame.get_or_insert_with(|| main_event(event, key, content));
            let action = self
                .faults
                .take(Hook::MainEvent, None, &format!("{event}/{key}"));
            main.link.send(shared, frame, "id", Some(&name), action);
        }
    }

    fn send_console(
        &mut self,
        shared: &Shared,
        server: u64,
        event: &str,
        data: Node,
        now: Timestamp,
    ) {
        let numeric = self
            .world
            .servers
            .get(&server)
            .is_some_and(|server| server.numeric_enums);
        let name: Arc<str> = event.into();
        let mut data = Some(data);
        let mut frame = None;
        for console in self.consoles.values() {
            if console.server != server || !console.session.subscriptions.contains(event) {
                continue;
            }
            let frame = frame.get_or_insert_with(|| {
                console_event(event, data.take().unwrap_or(Node::Null), now, numeric)
            });
            let action = self.faults.take(Hook::ConsoleEvent, Some(server), event);
            console
                .link
                .send(shared, frame, "commandId", Some(&name), action);
        }
    }
}

impl Shared {
    /// Sends an event to one main websocket, whatever it is subscribed to; false if there is no such one.
    pub(crate) fn send_main_event(
        &self,
        connection: u64,
        event: &str,
        key: u64,
        content: &Node,
    ) -> bool {
        self.with(|state, _| {
            let key = key.to_string();
            let action = state
                .faults
                .take(Hook::MainEvent, None, &format!("{event}/{key}"));
            let Some(main) = state.mains.get(&connection) else {
                return false;
            };
            let frame = main_event(event, &key, content);
            main.link
                .send(self, &frame, "id", Some(&event.into()), action);
            true
        })
    }
}

/// An event frame of the main websocket: the content is text that holds JSON.
fn main_event(event: &str, key: &str, content: &Node) -> Node {
    recordings::main_socket("event-group-update", 0)
        .with("event", event)
        .with("key", key)
        .with("content", content.to_string())
}

/// An event frame of a console.
fn console_event(event: &str, data: Node, now: Timestamp, numeric: bool) -> Node {
    let template = if numeric {
        recordings::console("numeric-enums", 2)
    } else {
        recordings::console("event-player-joined", 0)
    };
    template
        .with("timeStamp", console_time(now))
        .with("eventType", event)
        .with("data", data)
}
