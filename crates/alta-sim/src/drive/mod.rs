//! Driving the world: everything a test can make happen.

mod groups;
mod players;
mod servers;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::journal::Service;
use crate::json::Node;
use crate::link::Outgoing;
use crate::shared::State;
use crate::sim::Sim;

impl Sim {
    /// Whether after a migration the old main websocket still gets the events too.
    pub fn set_migration_overlap(&self, overlap: bool) {
        self.shared
            .with(|state, _| state.migration_overlap = overlap);
    }

    /// How long [`wait_for`](Self::wait_for) and its like wait from now on, in place of
    /// [`Builder::patience`](crate::Builder::patience).
    pub fn set_patience(&self, patience: Duration) {
        self.shared.with(|state, _| state.patience = patience);
    }

    /// Ends every main websocket without a close frame.
    pub fn drop_main_sockets(&self) {
        self.end_all(|service| service == Service::MainSocket, &Outgoing::Cut);
    }

    /// Ends one main websocket without a close frame: what was sent before still arrives, nothing is sent any more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such connection.
    pub fn drop_main_socket(&self, connection: u64) -> Result<(), Error> {
        self.change("dropping a main websocket", |state, _| {
            let main = state.mains.get(&connection)?;
            main.link.push(Outgoing::Cut);
            state.ended(connection);
            Some(())
        })
    }

    /// How long the main websocket rests after each frame it reads, from now on.
    pub fn read_main_sockets_slowly(&self, rest: Duration) {
        self.shared.with(|state, _| state.main_read_delay = rest);
    }

    /// Closes every main websocket with a code.
    pub fn close_main_sockets(&self, code: u16, reason: &str) {
        self.end_all(
            |service| service == Service::MainSocket,
            &Outgoing::Close(code, reason.to_owned()),
        );
    }

    /// Ends every connection to a server's console without a close frame. What was sent before still arrives.
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

    /// Leaves every connection to a server's console open, but neither reads nor writes any more.
    pub fn silence_consoles(&self, server: u64) {
        self.end_all(
            |service| service == Service::Console(server),
            &Outgoing::Silence,
        );
    }

    /// Leaves every main websocket open, but neither reads nor writes any more.
    pub fn silence_main_sockets(&self) {
        self.end_all(|service| service == Service::MainSocket, &Outgoing::Silence);
    }

    fn end_all(&self, which: impl Fn(Service) -> bool, how: &Outgoing) {
        self.shared.with(|state, _| {
            for (_, link) in state.open.values().filter(|(service, _)| which(*service)) {
                link.push(how.clone());
            }
        });
    }

    /// Sends a console event of any type with any data to whoever subscribed to it.
    pub fn emit_console_event(&self, server: u64, event_type: &str, data: Value) {
        let data = Node::from(data);
        self.shared
            .with(|state, _| state.world.tell_console(server, event_type, data));
    }

    /// Sends a console event many times, as fast as the slowest client takes them: no queue overflows. `data` gets the
    /// numbers from 0.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] if a client takes nothing for [`Builder::patience`](crate::Builder::patience).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops after what was sent so far.
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
                    state
                        .world
                        .tell_console(server, event_type, Node::from(data(number)));
                }
            });
            self.flush().await?;
        }
    }

    /// Sends an event of the main websocket to whoever subscribed to it; the content goes out as text.
    pub fn emit_main_event(&self, event: &str, key: u64, content: Value) {
        let content = Node::from(content);
        self.shared
            .with(|state, _| state.world.tell_main(event, key, content));
    }

    /// The same, and tells to which connections it was sent.
    pub fn emit_main_event_traced(&self, event: &str, key: u64, content: Value) -> Vec<u64> {
        let content = Node::from(content);
        self.shared.with(|state, _| {
            let wanted = (event.to_owned(), key.to_string());
            state.world.tell_main(event, key, content);
            let mains = state.mains.iter();
            let subscribed = mains.filter(|(_, main)| main.subscriptions.contains(&wanted));
            subscribed.map(|(connection, _)| *connection).collect()
        })
    }

    /// Sends an event to one main websocket, whatever it is subscribed to: during a migration to the old one, the new
    /// one, or both.
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
        if self
            .shared
            .send_main_event(connection, event, key, &content)
        {
            Ok(())
        } else {
            let doing = format!("sending an event on connection {connection}");
            Err(Error::new(ErrorKind::NotFound, doing))
        }
    }

    pub(crate) fn change<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut State, Timestamp) -> Option<T>,
    ) -> Result<T, Error> {
        self.shared
            .with(work)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, doing))
    }
}
