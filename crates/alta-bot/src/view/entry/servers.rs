//! What is known of a group's servers, and who says so.

use super::{Entry, Verdict};
use crate::view::agenda::Part;
use crate::view::exchange::{ConsoleSays, Found};
use crate::view::{Known, ServerView};
use alta_model::{Server, ServerId, Timestamp};
use std::sync::Arc;
use std::time::Instant;

/// What a server's events and its console have told, besides what the view shows.
#[derive(Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a server"
)]
pub(super) struct Heard {
    /// Counts what events and its console said of it.
    pub(super) stamp: u64,
    /// Whether it has ever sent a heartbeat.
    beats: bool,
    /// When the next heartbeat is overdue.
    pub(super) due: Option<Instant>,
    /// Whether events may have been missed since it was last heard of.
    pub(super) gap: bool,
    /// Whether the server was made while the bot looked on.
    pub(super) is_new: bool,
    /// Whether its console is connected.
    console: bool,
    /// Whether its console has been connected since the server was last found not to run.
    served: bool,
    /// Whether its console has delivered anything since the running reading began.
    pub(super) delivered: bool,
}

impl Entry {
    /// What a reading that began at this stamp is worth.
    pub(in crate::view) fn verdict(
        &self,
        part: Part,
        found: &Found,
        stamp: u64,
        wall: Timestamp,
    ) -> Verdict {
        let Found::Server(record) = found else {
            return Verdict::by(self.stamp(part) != stamp);
        };
        let is_up = record.is_up_at(wall);
        let known = self.view.servers.get(&record.id);
        let differs = known.is_some_and(|known| known.known.is_some() && known.is_online != is_up);
        match self.servers.get(&record.id).filter(|_| differs) {
            Some(heard) if heard.stamp != stamp || (heard.delivered && !is_up) => {
                Verdict::Contradicted
            }
            Some(heard) if heard.console && !is_up => Verdict::Doubtful,
            _ => Verdict::Agrees,
        }
    }

    /// Takes over a server as it was read, but for what was heard since.
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
        if let Some(heard) = self.servers.get_mut(&server) {
            heard.due = due.filter(|_| is_online && heard.beats);
        }
    }

    /// The group has a server, perhaps since now.
    pub(super) fn server(&mut self, server: ServerId) -> &mut Arc<ServerView> {
        let view = Arc::make_mut(&mut self.view);
        let id = view.group.id;
        view.servers.entry(server).or_insert_with(|| {
            self.structure += 1;
            let heard = self.servers.entry(server).or_default();
            heard.is_new = view.complete;
            Arc::new(ServerView::new(server, id, ""))
        })
    }

    /// Keeps the record of a heartbeat or a status event. Returns what is to be read.
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
        if !tells_state(&record) {
            to_read.push(Part::Server(id, server));
            return to_read;
        }
        let is_up = record.is_up_at(wall);
        self.keep(record, is_up, wall);
        if let Some(heard) = self.servers.get_mut(&server) {
            heard.stamp += 1;
            heard.beats |= is_heartbeat && is_up;
            heard.due = due.filter(|_| is_up && heard.beats);
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
        server.heard = Some(wall);
        server.record = Some(Arc::new(record));
    }

    /// Whether what is known of a server may be outdated.
    pub(super) fn set_stale(&mut self, server: ServerId, is_stale: bool) {
        let known = self.view.servers.get(&server);
        if known.is_some_and(|known| known.known.is_some() && known.is_stale != is_stale) {
            Arc::make_mut(self.server(server)).is_stale = is_stale;
        }
    }

    /// Whether a server runs has been found out.
    fn found(&mut self, id: ServerId, is_up: bool) {
        self.server(id);
        let heard = self.servers.entry(id).or_default();
        let after_gap = std::mem::take(&mut heard.gap);
        let is_new = std::mem::take(&mut heard.is_new);
        heard.served &= is_up;
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

    /// The console of a server says something about it. Returns what is to be read. If the console is connected, the next
    /// heartbeat is overdue at `due`.
    pub(in crate::view) fn console(
        &mut self,
        server: ServerId,
        says: ConsoleSays,
        due: Option<Instant>,
    ) -> Vec<Part> {
        let Some(known) = self.view.servers.get(&server) else {
            return Vec::new();
        };
        let was_online = known.is_online;
        let heard = self.servers.entry(server).or_default();
        heard.console = says == ConsoleSays::Connected;
        heard.served |= heard.console;
        let is_up = match says {
            ConsoleSays::Connected => true,
            // A server that boots is told to run before its console can be had.
            ConsoleSays::NotUp if was_online && !heard.served => {
                return vec![Part::Server(self.view.id(), server)];
            }
            ConsoleSays::NotUp => false,
            ConsoleSays::Lost => return Vec::new(),
        };
        heard.stamp += 1;
        heard.due = heard.due.and(due).filter(|_| is_up);
        // A console looks at its server all the time: it has missed nothing.
        heard.gap &= was_online == is_up;
        self.found(server, is_up);
        self.set_stale(server, false);
        Vec::new()
    }

    /// The console of a server has delivered something, so the server runs. Its next heartbeat is overdue at `due`.
    pub(in crate::view) fn be_heard(&mut self, server: ServerId, due: Option<Instant>) {
        let Some(heard) = self.servers.get_mut(&server) else {
            return;
        };
        heard.delivered = true;
        heard.due = heard.due.and(due);
        if !heard.gap {
            self.set_stale(server, false);
        }
    }

    /// The servers whose heartbeats have become overdue since the last call.
    pub(in crate::view) fn silenced(&mut self, now: Instant) -> Vec<ServerId> {
        let mut silent = Vec::new();
        for (server, heard) in &mut self.servers {
            if heard.due.is_some_and(|due| due <= now) {
                heard.due = None;
                silent.push(*server);
            }
        }
        for server in &silent {
            self.set_stale(*server, true);
        }
        silent
    }
}

/// Whether a record says anything about whether the server runs.
fn tells_state(server: &Server) -> bool {
    server.is_online.is_some() || server.final_status.is_some() || server.online_ping.is_some()
}
