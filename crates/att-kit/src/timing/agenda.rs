//! The machine of delayed work on one console. It has no I/O: it is fed with snapshots, sessions and a clock.

use super::scope::{DelayEnd, Scope};
use super::stay::{Presence, Stay};
use crate::clock::NEVER;
use crate::players::Online;
use alta_model::{Timestamp, UserId};
use att_console::Status;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The number of a console's latest session, and whether it continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) number: u64,
    pub(super) is_connected: bool,
}

impl Session {
    pub(super) fn of(status: &Status) -> Self {
        Self {
            number: status.totals.connects,
            is_connected: status.state.is_connected(),
        }
    }
}

#[derive(Debug)]
pub(super) enum Input {
    Add {
        id: u64,
        scope: Scope,
        name: Option<Arc<str>>,
        after: Duration,
        at: Timestamp,
        session: Session,
    },
    /// This player may have joined or left; `None` for every player.
    Players(Option<UserId>),
    Session(Session),
    Cancel(u64),
    /// The work that was started has ended.
    Finished(u64, DelayEnd),
    /// Time has passed.
    Tick,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Start the work; return its end as [`Input::Finished`].
    Start(u64),
    /// Drop the work, also if it runs.
    Ended(u64, DelayEnd),
}

#[derive(Default)]
pub(super) struct Agenda {
    entries: BTreeMap<u64, Entry>,
    /// The delays that have not begun, by the instant at which they do.
    due: BTreeSet<(Instant, u64)>,
    names: HashMap<(Scope, Arc<str>), u64>,
    outputs: VecDeque<Output>,
}

struct Entry {
    scope: Scope,
    name: Option<Arc<str>>,
    session: u64,
    stay: Option<Stay>,
    /// `None` when it has begun.
    due: Option<Instant>,
    /// True if it waits only for a snapshot that shows the player.
    is_overdue: bool,
}

impl Agenda {
    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The number of delays in memory.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len().max(self.due.len()).max(self.names.len())
    }

    pub(super) fn handle(&mut self, input: Input, online: &Online, now: Instant) {
        match input {
            Input::Add {
                id,
                scope,
                name,
                after,
                at,
                session,
            } => {
                let stay = match scope {
                    Scope::Player(player) => Some(Stay::new(player, at, now)),
                    Scope::Session | Scope::Console => None,
                };
                let entry = Entry {
                    scope,
                    name,
                    session: session.number,
                    stay,
                    due: Some(now + after.min(NEVER)),
                    is_overdue: false,
                };
                self.add(id, entry, session.is_connected, online, now);
            }
            Input::Players(player) => self.look(player, online, now),
            Input::Session(session) => self.session(session),
            Input::Cancel(id) => self.end(id, DelayEnd::Canceled),
            Input::Finished(id, end) => self.end(id, end),
            Input::Tick => {}
        }
        self.start_due(online, now);
    }

    fn add(&mut self, id: u64, entry: Entry, is_connected: bool, online: &Online, now: Instant) {
        if !is_connected && entry.scope != Scope::Console {
            let ended = Output::Ended(id, DelayEnd::SessionEnded);
            self.outputs.push_back(ended);
            return;
        }
        if let Some(name) = &entry.name
            && let Some(before) = self.names.insert((entry.scope, Arc::clone(name)), id)
        {
            self.end(before, DelayEnd::Replaced);
        }
        let is_of_player = entry.stay.is_some();
        let player = entry.stay.as_ref().and_then(Stay::player);
        self.due.extend(entry.due.map(|due| (due, id)));
        self.entries.insert(id, entry);
        if is_of_player {
            // Remembers the stay, so that its end is noticed.
            self.look(player, online, now);
        }
    }

    fn look(&mut self, player: Option<UserId>, online: &Online, now: Instant) {
        let mut gone = Vec::new();
        for (id, entry) in &mut self.entries {
            let Some(stay) = &mut entry.stay else {
                continue;
            };
            if player.is_some() && player != stay.player() {
                continue;
            }
            match stay.look(online, now) {
                Presence::Gone => gone.push(*id),
                Presence::Here(_) if entry.is_overdue => {
                    if let Some(due) = &mut entry.due {
                        self.due.remove(&(*due, *id));
                        *due = now;
                        self.due.insert((now, *id));
                    }
                }
                _ => {}
            }
        }
        for id in gone {
            self.end(id, DelayEnd::Left);
        }
    }

    /// Ends the delays of sessions that are over. A delay of a newer session than this stays.
    fn session(&mut self, session: Session) {
        let is_over = |entry: &Entry| {
            entry.session < session.number
                || (entry.session == session.number && !session.is_connected)
        };
        let ended = self.entries.iter();
        let ended = ended.filter(|(_, entry)| entry.scope != Scope::Console && is_over(entry));
        let ended: Vec<_> = ended.map(|(id, _)| *id).collect();
        for id in ended {
            self.end(id, DelayEnd::SessionEnded);
        }
    }

    fn end(&mut self, id: u64, end: DelayEnd) {
        let Some(entry) = self.entries.remove(&id) else {
            return;
        };
        if let Some(due) = entry.due {
            self.due.remove(&(due, id));
        }
        if let Some(name) = entry.name {
            let name = (entry.scope, name);
            if self.names.get(&name) == Some(&id) {
                self.names.remove(&name);
            }
        }
        self.outputs.push_back(Output::Ended(id, end));
    }

    fn start_due(&mut self, online: &Online, now: Instant) {
        while let Some((due, id)) = self.due.first().copied()
            && due <= now
        {
            self.due.pop_first();
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            entry.due = None;
            match entry.stay.as_mut().map(|stay| stay.look(online, now)) {
                None | Some(Presence::Here(_) | Presence::Unknown) => {
                    self.outputs.push_back(Output::Start(id));
                }
                Some(Presence::UnknownUntil(known)) => {
                    entry.due = Some(known);
                    entry.is_overdue = true;
                    self.due.insert((known, id));
                }
                Some(Presence::Gone) => self.end(id, DelayEnd::Left),
            }
        }
    }
}
