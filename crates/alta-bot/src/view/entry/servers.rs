//! The state of a group's servers, from events, consoles and readings.

use super::{Entry, Verdict};
use crate::view::model_io::{ConsoleState, Fetched};
use crate::view::schedule::Part;
use crate::view::{Known, ServerView};
use alta_model::{Server, ServerId, Timestamp};
use std::sync::Arc;
use std::time::Instant;

/// The state of a server that the view does not show.
#[derive(Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a server"
)]
pub(super) struct Signals {
    /// The number of its events and console states.
    pub(super) stamp: u64,
    /// True if it has ever sent a heartbeat.
    beats: bool,
    /// When the next heartbeat is overdue.
    pub(super) due: Option<Instant>,
    /// True if events may have been missed since its last event or reading.
    pub(super) gap: bool,
    /// True if the server was made while the bot followed the group.
    pub(super) is_new: bool,
    /// True if its console is connected.
    console: bool,
    /// True if its console was connected since the server was last found not to run.
    served: bool,
    /// True if its console has delivered anything since the running reading began.
    pub(super) delivered: bool,
}

impl Entry {
    /// Compares a reading that began at this stamp with everything since.
    pub(in crate::view) fn verdict(
        &self,
        part: Part,
        found: &Fetched,
        stamp: u64,
        wall: Timestamp,
    ) -> Verdict {
        let Fetched::Server(record) = found else {
            return Verdict::by(self.stamp(part) != stamp);
        };
        let is_up = record.is_up_at(wall);
        let known = self.view.servers.get(&record.id);
        let differs = known.is_some_and(|known| known.known.is_some() && known.is_online != is_up);
        match self.servers.get(&record.id).filter(|_| differs) {
            Some(signals) if signals.stamp != stamp || (signals.delivered && !is_up) => {
                Verdict::Contradicted
            }
            Some(signals) if signals.console && !is_up => Verdict::Doubtful,
            _ => Verdict::Agrees,
        }
    }

    /// Takes over a server from a reading, unless it has changed since.
    pub(super) fn take_server(
        &mut self,
        record: Server,
        stamp: u64,
        due: Option<Instant>,
        wall: Timestamp,
    ) {
        let server = record.id;
        self.gone.remove(&server);
        let is_outdated = self.stamp(Part::Server(self.view.id(), server)) != stamp;
        if !is_outdated || self.server(server).record.is_none() {
            let is_up = record.is_up_at(wall);
            self.keep(record, is_up, wall);
        }
        let is_online = self.server(server).is_online;
        if let Some(signals) = self.servers.get_mut(&server) {
            signals.due = due.filter(|_| is_online && signals.beats);
        }
    }

    /// The view of a server, which is added if it is new.
    pub(super) fn server(&mut self, server: ServerId) -> &mut Arc<ServerView> {
        let view = Arc::make_mut(&mut self.view);
        let id = view.group.id;
        view.servers.entry(server).or_insert_with(|| {
            self.structure += 1;
            let signals = self.servers.entry(server).or_default();
            signals.is_new = view.complete;
            Arc::new(ServerView::new(server, id, ""))
        })
    }

    /// Takes over the record of a heartbeat or a status event. Returns the parts that must be read.
    pub(super) fn hear(
        &mut self,
        record: Server,
        is_heartbeat: bool,
        due: Option<Instant>,
        wall: Timestamp,
    ) -> Vec<Part> {
        let (id, server) = (self.view.id(), record.id);
        let is_listed = self.view.servers.contains_key(&server);
        let mut to_read = Vec::new();
        if !is_listed {
            to_read.push(Part::Group(id));
        }
        if !has_state(&record) {
            to_read.push(Part::Server(id, server));
            return to_read;
        }
        let is_up = record.is_up_at(wall);
        self.keep(record, is_up, wall);
        if let Some(signals) = self.servers.get_mut(&server) {
            signals.stamp += 1;
            signals.beats |= is_heartbeat && is_up;
            signals.due = due.filter(|_| is_up && signals.beats);
        }
        to_read
    }

    fn keep(&mut self, record: Server, is_up: bool, wall: Timestamp) {
        self.found(record.id, is_up);
        let server = Arc::make_mut(self.server(record.id));
        if !record.name.is_empty() {
            server.name.clone_from(&record.name);
        }
        server.is_stale = false;
        server.record_at = Some(wall);
        server.record = Some(Arc::new(record));
    }

    /// Sets whether the state of a server may be outdated.
    pub(super) fn set_stale(&mut self, server: ServerId, is_stale: bool) {
        let known = self.view.servers.get(&server);
        if known.is_some_and(|known| known.known.is_some() && known.is_stale != is_stale) {
            Arc::make_mut(self.server(server)).is_stale = is_stale;
        }
    }

    /// Sets whether a server runs.
    fn found(&mut self, id: ServerId, is_up: bool) {
        self.server(id);
        let signals = self.servers.entry(id).or_default();
        let after_gap = std::mem::take(&mut signals.gap);
        let is_new = std::mem::take(&mut signals.is_new);
        signals.served &= is_up;
        let server = Arc::make_mut(self.server(id));
        if server.known.is_none() || server.is_online != is_up {
            server.known = Some(match server.known {
                None if !is_new => Known::AtStart,
                _ if after_gap => Known::AfterGap,
                _ => Known::Now,
            });
            server.is_online = is_up;
        }
    }

    /// The console of a server has another state. Returns the parts that must be read. If the console is connected, the next
    /// heartbeat is overdue at `due`.
    pub(in crate::view) fn console(
        &mut self,
        server: ServerId,
        state: ConsoleState,
        due: Option<Instant>,
    ) -> Vec<Part> {
        let Some(known) = self.view.servers.get(&server) else {
            return Vec::new();
        };
        let was_online = known.is_online;
        let signals = self.servers.entry(server).or_default();
        signals.console = state == ConsoleState::Connected;
        signals.served |= signals.console;
        let is_up = match state {
            ConsoleState::Connected => true,
            // A server that boots counts as online before its console accepts connections.
            ConsoleState::NotUp if was_online && !signals.served => {
                return vec![Part::Server(self.view.id(), server)];
            }
            ConsoleState::NotUp => false,
            ConsoleState::Lost => return Vec::new(),
        };
        signals.stamp += 1;
        signals.due = signals.due.and(due).filter(|_| is_up);
        // A console always knows the state of its server, so it misses no change.
        signals.gap &= was_online == is_up;
        self.found(server, is_up);
        self.set_stale(server, false);
        Vec::new()
    }

    /// The console of a server has delivered something, so the server runs. Its next heartbeat is overdue at `due`.
    pub(in crate::view) fn console_delivered(&mut self, server: ServerId, due: Option<Instant>) {
        let Some(signals) = self.servers.get_mut(&server) else {
            return;
        };
        signals.delivered = true;
        signals.due = signals.due.and(due);
        if !signals.gap {
            self.set_stale(server, false);
        }
    }

    /// The servers whose heartbeats have become overdue since the last call.
    pub(in crate::view) fn take_overdue(&mut self, now: Instant) -> Vec<ServerId> {
        let mut silent = Vec::new();
        for (server, signals) in &mut self.servers {
            if signals.due.is_some_and(|due| due <= now) {
                signals.due = None;
                silent.push(*server);
            }
        }
        for server in &silent {
            self.set_stale(*server, true);
        }
        silent
    }
}

/// Returns whether a record contains the state of the server.
fn has_state(server: &Server) -> bool {
    server.is_online.is_some() || server.final_status.is_some() || server.online_ping.is_some()
}
