use super::cloud::{Cloud, Event};
use super::groups::Membership;
use super::main_socket::MainSocket;
use crate::net::{Env, Hook, Outgoing};
use crate::wire::json::Node;
use crate::wire::main_socket;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Events that wait until their changes are stored.
#[derive(Debug)]
pub(crate) struct Events(Vec<Event>);

/// The code and the reason with which the main websocket of an account ends whose tokens are revoked.
const REVOKED: (u16, &str) = (1008, "the account is removed or has a new secret");

impl Cloud {
    /// Sends the events that were added since the last call to the main websockets that have subscribed to them. Their changes cannot
    /// be undone anymore. A main websocket whose account's tokens are revoked gets no event, and is closed.
    pub fn deliver(&mut self, env: &Env) {
        self.settle();
        for event in std::mem::take(&mut self.events) {
            let wanted = (event.name, event.key);
            let name: Arc<str> = wanted.0.as_str().into();
            let path = format!("{}/{}", wanted.0, wanted.1);
            let mut made = None;
            let mut revoked = Vec::new();
            for (id, socket) in &self.sockets {
                if !socket.subscriptions.contains(&wanted) {
                    continue;
                }
                if socket.generation != self.tokens.generation(socket.identity.id()) {
                    revoked.push(*id);
                    continue;
                }
                if !self.may_receive(socket, &wanted) {
                    continue;
                }
                let (frame, text) = made.get_or_insert_with(|| {
                    let frame = frame_of(&wanted.0, &wanted.1, &event.content);
                    let text = Utf8Bytes::from(frame.to_string());
                    (frame, text)
                });
                match env.fault(Hook::MainEvent, None, &path) {
                    // All connections share the text.
                    None => {
                        let name = Some(Arc::clone(&name));
                        socket.link.push(Outgoing::Text(text.clone(), name));
                    }
                    fault => socket.link.send(frame, "id", Some(&name), fault),
                }
            }
            for id in revoked {
                self.close_revoked(id);
            }
        }
    }

    fn close_revoked(&mut self, id: u64) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.subscriptions.clear();
            let (code, reason) = REVOKED;
            socket.link.push(Outgoing::Close(code, reason.to_owned()));
        }
    }

    /// Returns whether the account of a main websocket may get an event: the membership may have ended after the subscription.
    fn may_receive(&self, socket: &MainSocket, (event, key): &(String, String)) -> bool {
        // The key of these is the account itself, which a subscription checks.
        if event.starts_with("me-") {
            return true;
        }
        let group = key.parse().ok().and_then(|id: u64| self.groups.get(&id));
        let me = socket.identity.id();
        group.is_some_and(|group| group.member(me, Membership::Accepted).is_some())
    }

    /// Removes the events that were added since they were last delivered.
    pub(crate) fn take_events(&mut self) -> Events {
        Events(std::mem::take(&mut self.events))
    }

    /// Adds removed events again.
    pub(crate) fn put_events(&mut self, events: Events) {
        self.events.extend(events.0);
    }

    /// Forgets the events that were added since they were last delivered.
    pub fn drop_events(&mut self) {
        self.events.clear();
    }

    /// Sends an event to one main websocket, whether or not it has subscribed to it. Returns whether there is such a
    /// connection.
    pub fn emit_on(
        &self,
        env: &Env,
        connection: u64,
        event: &str,
        key: u64,
        content: &Node,
    ) -> bool {
        let Some(socket) = self.sockets.get(&connection) else {
            return false;
        };
        let key = key.to_string();
        let fault = env.fault(Hook::MainEvent, None, &format!("{event}/{key}"));
        let frame = frame_of(event, &key, content);
        socket.link.send(&frame, "id", Some(&event.into()), fault);
        true
    }
}

/// The frame of an event. Its content is a string that holds JSON.
fn frame_of(event: &str, key: &str, content: &Node) -> Node {
    main_socket("event-group-update", 0)
        .with("event", event)
        .with("key", key)
        .with("content", content.to_string())
}
