use super::console_permission::{ConsolePermission, console_permission};
use super::counters::Counters;
use super::rules::Rules;
use crate::bot::Bot;
use crate::view::View;
use alta_model::{GroupId, ServerId, Timestamp};
use att_kit::{Calls, Consoles, Totals};
use std::sync::Arc;
use tokio::sync::watch;

/// A snapshot of a managed bot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// The main websocket.
    pub socket: Option<alta_ws::Status>,
    /// The time of the last successful read over REST.
    pub read_at: Option<Timestamp>,
    /// The groups that the bot belongs to.
    pub groups: usize,
    /// The number of groups that are [complete](crate::GroupView::complete).
    pub groups_read: usize,
    /// The servers of these groups that are online.
    pub servers_online: usize,
    /// The servers of these groups whose state is unknown.
    pub servers_unknown: usize,
    /// The players on the servers that are online.
    pub players_online: usize,
    /// The consoles that are open.
    pub consoles: Vec<ConsoleHealth>,
    /// The counters of the handlers.
    pub totals: Totals,
    /// Invitations that were accepted.
    pub invites_accepted: u64,
}

/// A snapshot of one console of a managed bot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConsoleHealth {
    /// The label of the console.
    pub name: String,
    /// Its server.
    pub server: ServerId,
    /// Its group; `None` if the server is no longer in a group of the bot.
    pub group: Option<GroupId>,
    /// The decision whether it should be open; `None` if the server is no longer in a group of the bot. [`ConsolePermission::Offline`] while it
    /// waits for the server; one of the other reasons while it closes.
    pub permission: Option<ConsolePermission>,
    /// Its state and its counters.
    pub status: att_console::Status,
}

/// The parts that a [`Health`] is read from.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) bot: Bot,
    pub(crate) view: View,
    pub(crate) calls: Calls,
    pub(crate) counters: Arc<Counters>,
    pub(crate) consoles: Consoles<ServerId>,
    pub(crate) rules: watch::Receiver<Arc<Rules>>,
}

impl Sources {
    #[cfg(feature = "metrics")]
    pub(crate) fn set_gauges(&self) {
        set_gauges(&self.health());
        att_kit::Health::of(&self.consoles, &self.calls).set_gauges();
    }

    pub(crate) fn health(&self) -> Health {
        let rules = Arc::clone(&self.rules.borrow());
        let mut health = Health {
            socket: self.bot.socket().ok().map(alta_ws::Client::status),
            read_at: self.view.read_at(),
            groups: 0,
            groups_read: 0,
            servers_online: 0,
            servers_unknown: 0,
            players_online: 0,
            consoles: Vec::new(),
            totals: self.calls.totals(),
            invites_accepted: self.counters.invites_accepted(),
        };
        for (server, console) in self.consoles.all() {
            let group = self.view.server(server).map(|known| known.group);
            let permission = group.and_then(|group| {
                let group = self.view.group(group)?;
                let server = group.servers.get(&server)?;
                Some(console_permission(&group, server, &rules))
            });
            health.consoles.push(ConsoleHealth {
                name: console.label().to_string(),
                server,
                group,
                permission,
                status: console.status(),
            });
        }
        for group in self.view.groups() {
            health.groups += 1;
            health.groups_read += usize::from(group.complete);
            let unknown = group.servers.values().filter(|it| it.known.is_none());
            health.servers_unknown += unknown.count();
            for server in group.online_servers() {
                health.servers_online += 1;
                health.players_online += server.player_count();
            }
        }
        health
    }
}

impl Health {
    /// Returns whether the main websocket and the consoles of all running servers are connected.
    pub fn is_connected(&self) -> bool {
        let socket = self.socket.as_ref();
        socket.is_none_or(|socket| socket.state.is_connected())
            && self
                .consoles
                .iter()
                .all(|console| !console.is_expected() || console.is_connected())
    }
}

impl ConsoleHealth {
    /// Returns whether it should be connected: its server is not known to be offline, and the console is not closing.
    pub fn is_expected(&self) -> bool {
        matches!(
            self.permission,
            None | Some(ConsolePermission::Wanted | ConsolePermission::Empty)
        )
    }

    /// Returns whether commands run on it now.
    pub fn is_connected(&self) -> bool {
        self.status.state.is_connected()
    }
}

#[cfg(feature = "metrics")]
#[allow(
    clippy::cast_precision_loss,
    reason = "no bot has 2^52 groups, servers or players"
)]
fn set_gauges(health: &Health) {
    metrics::gauge!("pytale_groups").set(health.groups as f64);
    metrics::gauge!("pytale_servers_online").set(health.servers_online as f64);
    metrics::gauge!("pytale_players_online").set(health.players_online as f64);
}
