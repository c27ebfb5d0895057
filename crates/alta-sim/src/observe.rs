//! Reads and waits for actions of clients, and counts the frames sent to them.

use crate::error::{Error, ErrorKind};
use crate::sim::Sim;
use alta_cloud::net::{Received, Sent, Service};
use std::time::Duration;
use tokio::time::timeout;

/// A message that a command has shown to a player.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// The player's id.
    pub player: u64,
    /// The text.
    pub text: String,
    /// The time that it is shown, in seconds.
    pub duration: f64,
    /// The time since the player joined. In the first 15 s or so, a real player does not see messages.
    pub since_join: Duration,
}

impl Sim {
    /// Everything that clients sent so far, oldest first, within the limit of [`Builder::journal`](crate::Builder::journal).
    pub fn received(&self) -> Vec<Received> {
        self.shared.env.received().to_vec()
    }

    /// Waits until the entries of the journal satisfy a condition.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::timeout`](crate::Builder::timeout).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn wait_for(
        &self,
        mut happened: impl FnMut(&[Received]) -> bool,
    ) -> Result<(), Error> {
        self.wait("", |sim| happened(&sim.shared.env.received()))
            .await
    }

    /// Waits until a condition holds. Tests it after every change.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::timeout`](crate::Builder::timeout).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub async fn wait_until(&self, mut holds: impl FnMut(&Sim) -> bool) -> Result<(), Error> {
        self.wait("", |sim| holds(sim)).await
    }

    /// `what` describes the condition in the error.
    async fn wait(&self, what: &str, holds: impl FnMut(&Sim) -> bool) -> Result<(), Error> {
        let limit = self.shared.look(|state| state.timeout);
        self.wait_at_most(limit, what, holds).await
    }

    pub(crate) async fn wait_at_most(
        &self,
        limit: Duration,
        what: &str,
        mut holds: impl FnMut(&Sim) -> bool,
    ) -> Result<(), Error> {
        let mut changes = self.shared.env.changes();
        let waiting = async {
            loop {
                changes.mark_unchanged();
                if holds(self) || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        timeout(limit, waiting)
            .await
            .map_err(|_| Error::new(ErrorKind::TimedOut, format!("waiting {limit:?}{what}")))
    }

    /// Waits until a server has this many console connections whose token was accepted.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::timeout`](crate::Builder::timeout).
    pub async fn wait_for_consoles(&self, server: u64, count: usize) -> Result<(), Error> {
        let what = format!(" for {count} consoles of server {server}");
        self.wait(&what, |sim| sim.console_connections(server).len() == count)
            .await
    }

    /// Waits until a server's console has a subscription to that event.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::timeout`](crate::Builder::timeout).
    pub async fn wait_for_console_subscription(
        &self,
        server: u64,
        event_type: &str,
    ) -> Result<(), Error> {
        let what = format!(" until a client subscribes to {event_type} on server {server}");
        self.wait(&what, |sim| {
            sim.console_subscriptions(server)
                .iter()
                .any(|(_, name)| name == event_type)
        })
        .await
    }

    /// Waits for the `nth` message to a player, from 0.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::timeout`](crate::Builder::timeout).
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
            let mut to_player = messages.filter(|message| message.player == player);
            found = to_player.nth(nth);
            found.is_some()
        })
        .await?;
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, "looking up a message"))
    }

    /// Waits for a command to a server whose line begins with these words, such as `player teleport`. Returns the first one with
    /// a [number](Received::number) above `after`, or the first of all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::timeout`](crate::Builder::timeout).
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
            let received = sim.shared.env.received();
            found = received.iter().find(|one| is_it(one)).cloned();
            found.is_some()
        })
        .await?;
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, "looking up a command"))
    }

    /// Waits until everything that was sent to open connections has been written.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] after [`Builder::timeout`](crate::Builder::timeout).
    pub async fn flush(&self) -> Result<(), Error> {
        self.wait(" until everything is written", |sim| {
            sim.shared.env.connections.are_drained()
        })
        .await
    }

    /// Waits until the actions of the timeline that were due have been performed.
    pub(crate) async fn wait_for_timeline(&self) -> Result<(), Error> {
        self.wait(" for the actions of the timeline", |sim| {
            sim.shared.look(|state| state.agenda.is_idle())
        })
        .await
    }

    /// The ids of the connections to a server's console whose token was accepted.
    pub fn console_connections(&self, server: u64) -> Vec<u64> {
        self.shared
            .look(|state| state.consoles_of(server).map(|(id, _)| id).collect())
    }

    /// The subscriptions of a server's consoles: connection and event.
    pub fn console_subscriptions(&self, server: u64) -> Vec<(u64, String)> {
        self.shared.look(|state| {
            state
                .consoles_of(server)
                .flat_map(|(id, console)| {
                    console
                        .session
                        .subscriptions
                        .iter()
                        .map(move |name| (id, name.clone()))
                })
                .collect()
        })
    }

    /// The ids of the open main websockets.
    pub fn main_sockets(&self) -> Vec<u64> {
        self.shared
            .look(|state| state.world.cloud.sockets.keys().copied().collect())
    }

    /// The subscriptions of the main websockets: connection, event and key.
    pub fn main_socket_subscriptions(&self) -> Vec<(u64, String, String)> {
        self.shared.look(|state| {
            let sockets = state.world.cloud.sockets.iter();
            sockets
                .flat_map(|(id, socket)| {
                    socket
                        .subscriptions
                        .iter()
                        .map(|(event, key)| (*id, event.clone(), key.clone()))
                })
                .collect()
        })
    }

    /// The event frames that were written to a server's consoles.
    pub fn sent_console_events(&self, server: u64) -> Sent {
        self.shared.env.connections.sent(Service::Console(server))
    }

    /// The event frames that were written to main websockets.
    pub fn sent_main_events(&self) -> Sent {
        self.shared.env.connections.sent(Service::MainSocket)
    }

    /// The messages to players of a server, oldest first.
    pub fn messages(&self, server: u64) -> Vec<Message> {
        self.shared.look(|state| {
            let game = state.world.servers.get(&server);
            let shown = game.map(|game| game.messages.as_slice());
            shown
                .unwrap_or_default()
                .iter()
                .map(|shown| Message {
                    player: shown.player,
                    text: shown.text.clone(),
                    duration: shown.duration,
                    since_join: shown.at.duration_since(shown.joined_at).unsigned_abs(),
                })
                .collect()
        })
    }

    /// The ids and names of the players on a server.
    pub fn players(&self, server: u64) -> Vec<(u64, String)> {
        self.shared.look(|state| {
            let game = state.world.servers.get(&server);
            let players = game.into_iter().flat_map(|game| game.players.values());
            players
                .map(|player| (player.id, player.username.clone()))
                .collect()
        })
    }

    /// The ids and names of all servers.
    pub fn servers(&self) -> Vec<(u64, String)> {
        self.shared.look(|state| {
            let servers = state.world.cloud.servers.values();
            servers
                .map(|server| (server.id, server.name.clone()))
                .collect()
        })
    }

    /// The ids and names of all groups.
    pub fn groups(&self) -> Vec<(u64, String)> {
        self.shared.look(|state| {
            let groups = state.world.cloud.groups.values();
            groups.map(|group| (group.id, group.name.clone())).collect()
        })
    }

    /// The ids and names of all users of the cloud, bots included.
    pub fn users(&self) -> Vec<(u64, String)> {
        self.shared.look(|state| {
            let users = state.world.cloud.users.iter();
            users.map(|user| (user.id, user.username.clone())).collect()
        })
    }

    /// The chunk of a player.
    pub fn chunk_of(&self, server: u64, player: u64) -> Option<String> {
        self.shared
            .look(|state| Some(state.world.player(server, player).ok()?.chunk.clone()))
    }

    /// The position of a player, in meters. A player on a [path](Self::player_follows) moves between calls, which
    /// wakes no [`wait_until`](Self::wait_until).
    pub fn position_of(&self, server: u64, player: u64) -> Option<[f64; 3]> {
        self.shared
            .look(|state| Some(state.world.player(server, player).ok()?.position))
    }

    /// The home of a user, in meters. `None` if it has not been set; `player get-home` writes 0, 0, 0 then.
    pub fn home_of(&self, server: u64, user: u64) -> Option<[f64; 3]> {
        self.shared
            .look(|state| state.world.game(server).ok()?.homes.get(&user).copied())
    }

    /// The balance of a user at the bank.
    pub fn balance_of(&self, server: u64, user: u64) -> i64 {
        let balance = self
            .shared
            .look(|state| state.world.game(server).ok()?.balances.get(&user).copied());
        balance.unwrap_or_default()
    }

    /// The name of a server.
    pub fn name_of(&self, server: u64) -> Option<String> {
        self.shared
            .look(|state| Some(state.world.cloud.servers.get(&server)?.name.clone()))
    }

    /// Returns whether a server is online.
    pub fn is_online(&self, server: u64) -> bool {
        self.shared.look(|state| state.world.is_online(server))
    }
}
