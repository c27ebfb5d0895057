//! The methods by which a test changes the world, moves its clock and ends connections.

mod accounts;
mod clock;
pub(crate) mod entities;
mod groups;
mod paths;
mod players;
mod replay;
mod reset;
mod servers;

use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::sim::Sim;
use crate::world::Missing;
use alta_cloud::net::{Outgoing, Service};
use alta_cloud::wire::json::Node;
use serde_json::Value;
use std::time::Duration;

impl Sim {
    /// Sets whether after a migration the old main websocket still gets events.
    pub fn set_migration_overlap(&self, overlap: bool) {
        self.shared
            .with(|state, _| state.world.cloud.config.migration_overlap = overlap);
    }

    /// Sets the timeout of [`wait_for`](Self::wait_for) and the other waits, in place of
    /// [`Builder::timeout`](crate::Builder::timeout).
    pub fn set_timeout(&self, timeout: Duration) {
        self.shared.with(|state, _| state.timeout = timeout);
    }

    /// Ends every main websocket without a close frame.
    pub fn drop_main_sockets(&self) {
        self.end_all(|service| service == Service::MainSocket, &Outgoing::Cut);
    }

    /// Ends one connection, of a console or a main websocket, without a close frame. Frames that were sent before still arrive; none
    /// are sent afterwards.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such connection.
    pub fn drop_connection(&self, connection: u64) -> Result<(), Error> {
        self.end_one(connection, Outgoing::Cut)
    }

    /// Closes one connection, of a console or a main websocket, with a code.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such connection.
    pub fn close_connection(&self, connection: u64, code: u16, reason: &str) -> Result<(), Error> {
        self.end_one(connection, Outgoing::Close(code, reason.to_owned()))
    }

    /// Keeps one connection, of a console or a main websocket, open, but neither reads nor writes it any more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such connection.
    pub fn silence_connection(&self, connection: u64) -> Result<(), Error> {
        self.end_one(connection, Outgoing::Silence)
    }

    fn end_one(&self, connection: u64, how: Outgoing) -> Result<(), Error> {
        self.change("ending a connection", |state, _| {
            let is_cut = matches!(how, Outgoing::Cut);
            let connections = &self.shared.env.connections;
            if !connections.push_to(connection, how) {
                return Err(Missing::Connection(connection));
            }
            if is_cut {
                state.world.cloud.sockets.remove(&connection);
                state.remove_console(connection);
                connections.ended(connection);
            }
            Ok(())
        })
    }

    /// Lets every main websocket pause after each frame that it reads.
    pub fn read_main_sockets_slowly(&self, pause: Duration) {
        self.shared
            .with(|state, _| state.world.cloud.config.read_pause = pause);
    }

    /// Closes every main websocket with a code.
    pub fn close_main_sockets(&self, code: u16, reason: &str) {
        self.end_all(
            |service| service == Service::MainSocket,
            &Outgoing::Close(code, reason.to_owned()),
        );
    }

    /// Ends every connection to a server's console without a close frame. Frames that were sent before still arrive.
    pub fn drop_consoles(&self, server: u64) {
        self.end_all(
            |service| service == Service::Console(server),
            &Outgoing::Cut,
        );
    }

    /// Closes every connection to a server's console with a code.
    pub fn close_consoles(&self, server: u64, code: u16, reason: &str) {
        self.end_all(
            |service| service == Service::Console(server),
            &Outgoing::Close(code, reason.to_owned()),
        );
    }

    /// Keeps every connection to a server's console open, but neither reads nor writes it any more.
    pub fn silence_consoles(&self, server: u64) {
        self.end_all(
            |service| service == Service::Console(server),
            &Outgoing::Silence,
        );
    }

    /// Keeps every main websocket open, but neither reads nor writes it any more.
    pub fn silence_main_sockets(&self) {
        self.end_all(|service| service == Service::MainSocket, &Outgoing::Silence);
    }

    fn end_all(&self, which: impl Fn(Service) -> bool, how: &Outgoing) {
        self.shared.env.connections.push_all(which, how);
        self.shared.env.touch();
    }

    /// Sends a console event with any name and data to the consoles that have subscribed to it.
    pub fn emit_console_event(&self, server: u64, event_type: &str, data: Value) {
        let data = Node::from(data);
        self.shared
            .with(|state, _| state.world.emit(server, event_type, data));
    }

    /// Sends a console event many times, as fast as the slowest client reads: no queue overflows. `data` gets the numbers
    /// from 0.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] if a client reads nothing within [`Builder::timeout`](crate::Builder::timeout).
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, no further events are sent.
    pub async fn emit_console_events(
        &self,
        server: u64,
        event_type: &str,
        count: u64,
        mut data: impl FnMut(u64) -> Value,
    ) -> Result<(), Error> {
        let burst = (self.shared.config.queue / 2).max(1);
        let mut left = 0..count;
        loop {
            let numbers: Vec<u64> = left.by_ref().take(burst).collect();
            if numbers.is_empty() {
                return Ok(());
            }
            self.shared.with(|state, _| {
                for number in numbers {
                    let data = Node::from(data(number));
                    state.world.emit(server, event_type, data);
                }
            });
            self.flush().await?;
        }
    }

    /// Sends an event to the main websockets that have subscribed to it. The content is sent as a string.
    pub fn emit_main_event(&self, event: &str, key: u64, content: Value) {
        let content = Node::from(content);
        self.shared
            .with(|state, _| state.world.cloud.emit(event, key, content));
    }

    /// Sends an event like [`emit_main_event`](Self::emit_main_event). Returns the ids of the connections that got it.
    pub fn emit_main_event_traced(&self, event: &str, key: u64, content: Value) -> Vec<u64> {
        let content = Node::from(content);
        self.shared.with(|state, _| {
            let wanted = (event.to_owned(), key.to_string());
            let cloud = &mut state.world.cloud;
            cloud.emit(event, key, content);
            let sockets = cloud.sockets.iter();
            let subscribed = sockets.filter(|(_, socket)| socket.subscriptions.contains(&wanted));
            subscribed.map(|(connection, _)| *connection).collect()
        })
    }

    /// Sends an event to one main websocket, whether or not it has subscribed to it: during a migration to the old one, to
    /// the new one, or to both.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such connection.
    pub fn emit_main_event_on(
        &self,
        connection: u64,
        event: &str,
        key: u64,
        content: Value,
    ) -> Result<(), Error> {
        let content = Node::from(content);
        self.change("sending an event on a connection", |state, _| {
            let env = &self.shared.env;
            let sent = state
                .world
                .cloud
                .emit_on(env, connection, event, key, &content);
            sent.then_some(()).ok_or(Missing::Connection(connection))
        })
    }
}
