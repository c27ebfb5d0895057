//! Looking at what clients did and what was sent to them.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::timeout;

use crate::error::{Error, ErrorKind};
use crate::journal::{Received, Service};
use crate::sim::Sim;

/// A message that a player got from a command.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// The player's id.
    pub player: u64,
    /// What it says.
    pub text: String,
    /// How long it is shown, in seconds.
    pub duration: f64,
    /// How long the player had been there. Below about 15 s a real player sees nothing yet.
    pub since_join: Duration,
}

/// Event frames written to one connection.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SentTo {
    /// The connection's id, as in [`Received`].
    pub connection: u64,
    /// Whether it is still open.
    pub open: bool,
    /// Whether it was ended because the client was too slow.
    pub overflowed: bool,
    /// Frames written, by the event's name.
    pub events: BTreeMap<String, u64>,
}

impl SentTo {
    /// Frames written in all.
    pub fn total(&self) -> u64 {
        self.events.values().sum()
    }
}

/// Event frames written by a service: each counts once per connection it was written to, when it was flushed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Sent {
    /// Frames written in all, also to connections no longer listed.
    pub total: u64,
    /// The connections there were, oldest first.
    pub connections: Vec<SentTo>,
}

impl Sent {
    /// Frames written of one event.
    pub fn of(&self, event: &str) -> u64 {
        self.connections
            .iter()
            .filter_map(|sent| sent.events.get(event))
            .sum()
    }
}

impl Sim {
    /// Everything received so far, oldest first, as far as [`Builder::journal`](crate::Builder::journal) remembers.
    pub fn received(&self) -> Vec<Received> {
        self.shared.journal.entries().to_vec()
    }

    /// Waits until what was received satisfies something.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::patience`](crate::Builder::patience).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn wait_for(
        &self,
        mut happened: impl FnMut(&[Received]) -> bool,
    ) -> Result<(), Error> {
        self.wait("", |sim| happened(&sim.shared.journal.entries()))
            .await
    }

    /// Waits until something holds for the simulator; asked again at every change.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::patience`](crate::Builder::patience).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn wait_until(&self, mut holds: impl FnMut(&Sim) -> bool) -> Result<(), Error> {
        self.wait("", |sim| holds(sim)).await
    }

    /// `what` is waited for is said in the error, as far as it is known.
    async fn wait(&self, what: &str, mut holds: impl FnMut(&Sim) -> bool) -> Result<(), Error> {
        let mut changes = self.shared.changes();
        let waiting = async {
            loop {
                changes.mark_unchanged();
                if holds(self) || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        let patience = self.shared.look(|state| state.patience);
        timeout(patience, waiting)
            .await
            .map_err(|_| Error::new(ErrorKind::TimedOut, format!("waiting {patience:?}{what}")))
    }

    /// Waits until a server has that many consoles that are let in.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::patience`](crate::Builder::patience).
    pub async fn wait_for_consoles(&self, server: u64, count: usize) -> Result<(), Error> {
        let what = format!(" for {count} consoles of server {server}");
        self.wait(&what, |sim| sim.console_connections(server).len() == count)
            .await
    }

    /// Waits until a server's console has a subscription to that event.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::patience`](crate::Builder::patience).
    pub async fn wait_for_console_subscription(
        &self,
        server: u64,
        event_type: &str,
    ) -> Result<(), Error> {
        let what = format!(" until somebody subscribes to {event_type} on server {server}");
        self.wait(&what, |sim| {
            sim.console_subscriptions(server)
                .iter()
                .any(|(_, name)| name == event_type)
        })
        .await
    }

    /// Waits for a message to a player: the first for 0, the second for 1, and so on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::patience`](crate::Builder::patience).
    pub async fn wait_for_message(
        &self,
        server: u64,
        player: u64,
        nth: usize,
    ) -> Result<Message, Error> {
        let what = format!(" for message {} to player {player}", nth + 1);
        let mut found = None;
        self.wait(&what, |sim| {
            let messages = sim.messages(server).into_iter();
            let mut to_them = messages.filter(|message| message.player == player);
            found = to_them.nth(nth);
            found.is_some()
        })
        .await?;
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, "looking for a message"))
    }

    /// Waits for a command to a server whose line begins with these words, such as `player teleport`: the first that was
    /// received after the number `after`, or of all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::patience`](crate::Builder::patience).
    pub async fn wait_for_command(
        &self,
        server: u64,
        words: &str,
        after: Option<u64>,
    ) -> Result<Received, Error> {
        let what = format!(" for a command {words:?} to server {server}");
        let is_it = |one: &Received| {
            one.service == Service::Console(server)
                && after.is_none_or(|after| one.number > after)
                && one.command().is_some_and(|line| line.starts_with(words))
        };
        let mut found = None;
        self.wait(&what, |sim| {
            found = sim
                .shared
                .journal
                .entries()
                .iter()
                .find(|one| is_it(one))
                .cloned();
            found.is_some()
        })
        .await?;
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, "looking for a command"))
    }

    /// Waits until everything sent has been written to connections that are open.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::patience`](crate::Builder::patience).
    pub async fn flush(&self) -> Result<(), Error> {
        self.wait(" until everything is written", |sim| {
            sim.shared.look(|state| {
                state
                    .open
                    .values()
                    .all(|(_, link)| link.ledger.is_drained())
            })
        })
        .await
    }

    /// Ids of the connections to a server's console that are let in.
    pub fn console_connections(&self, server: u64) -> Vec<u64> {
        self.shared.look(|state| {
            state
                .consoles
                .iter()
                .filter(|(_, console)| console.server == server)
                .map(|(id, _)| *id)
                .collect()
        })
    }

    /// What a server's consoles are subscribed to: connection and event.
    pub fn console_subscriptions(&self, server: u64) -> Vec<(u64, String)> {
        self.shared.look(|state| {
            let consoles = state
                .consoles
                .iter()
                .filter(|(_, console)| console.server == server);
            consoles
                .flat_map(|(id, console)| {
                    console
                        .session
                        .subscriptions
                        .iter()
                        .map(|name| (*id, name.clone()))
                })
                .collect()
        })
    }

    /// Ids of the main websockets that are open.
    pub fn main_sockets(&self) -> Vec<u64> {
        self.shared
            .look(|state| state.mains.keys().copied().collect())
    }

    /// What the main websockets are subscribed to: connection, event and key.
    pub fn main_socket_subscriptions(&self) -> Vec<(u64, String, String)> {
        self.shared.look(|state| {
            let mains = state.mains.iter();
            mains
                .flat_map(|(id, main)| {
                    main.subscriptions
                        .iter()
                        .map(|(event, key)| (*id, event.clone(), key.clone()))
                })
                .collect()
        })
    }

    /// Event frames written to a server's consoles.
    pub fn sent_console_events(&self, server: u64) -> Sent {
        self.sent(Service::Console(server))
    }

    /// Event frames written to main websockets.
    pub fn sent_main_events(&self) -> Sent {
        self.sent(Service::MainSocket)
    }

    fn sent(&self, service: Service) -> Sent {
        self.shared.look(|state| {
            let connections: Vec<SentTo> = state
                .past
                .iter()
                .filter(|past| past.service == service)
                .map(|past| SentTo {
                    connection: past.connection,
                    open: past.open,
                    overflowed: past.ledger.overflowed(),
                    events: past
                        .ledger
                        .events()
                        .into_iter()
                        .map(|(name, count)| (name.to_string(), count))
                        .collect(),
                })
                .collect();
            let forgotten = state.forgotten.get(&service).copied().unwrap_or_default();
            Sent {
                total: forgotten + connections.iter().map(SentTo::total).sum::<u64>(),
                connections,
            }
        })
    }

    /// Messages that players of a server got, oldest first.
    pub fn messages(&self, server: u64) -> Vec<Message> {
        self.shared.look(|state| {
            let told = state
                .world
                .servers
                .get(&server)
                .map(|server| server.told.as_slice())
                .unwrap_or_default();
            told.iter()
                .map(|told| Message {
                    player: told.player,
                    text: told.text.clone(),
                    duration: told.duration,
                    since_join: told.at.duration_since(told.joined_at).unsigned_abs(),
                })
                .collect()
        })
    }

    /// Ids and names of the players on a server.
    pub fn players(&self, server: u64) -> Vec<(u64, String)> {
        self.shared.look(|state| {
            let players = state
                .world
                .servers
                .get(&server)
                .map(|server| &server.players);
            players
                .into_iter()
                .flatten()
                .map(|(id, player)| (*id, player.username.clone()))
                .collect()
        })
    }

    /// The chunk a player is in.
    pub fn chunk_of(&self, server: u64, player: u64) -> Option<String> {
        self.shared
            .look(|state| Some(state.world.player(server, player)?.chunk.clone()))
    }

    /// What a server is called.
    pub fn name_of(&self, server: u64) -> Option<String> {
        self.shared
            .look(|state| Some(state.world.servers.get(&server)?.name.clone()))
    }

    /// Whether a server is online.
    pub fn is_online(&self, server: u64) -> bool {
        self.shared.look(|state| {
            state
                .world
                .servers
                .get(&server)
                .is_some_and(|server| server.online)
        })
    }
}
