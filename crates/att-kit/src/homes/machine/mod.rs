//! The machine of the teleports, without I/O.
//!
//! A teleport reads the home, adds a debt, saves it, sets the home, teleports and restores the home. A debt is removed only
//! when the home is known to be restored, or known to be unchanged. A debt that remains is repaired later: the home is read, and
//! restored unless the player has chosen another one since.

mod saving;
mod steps;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

use self::saving::File;
use super::debt::Debt;
use super::error::{Moved, TeleportError, TeleportErrorKind};
use alta_model::{Timestamp, UserId, Vector3};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// The pauses between failed attempts to restore a home, or to write the file.
const RETRY: Duration = Duration::from_secs(1);
const RETRY_AT_MOST: Duration = Duration::from_secs(300);

pub(super) type Outcome = Result<(), TeleportError>;

/// The number of a requested teleport.
pub(super) type Ticket = u64;

#[derive(Clone, Debug)]
pub(super) enum Input {
    Teleport {
        ticket: Ticket,
        player: UserId,
        position: Vector3,
    },
    /// The command in flight for this player has ended.
    Ended(UserId, Reply),
    /// The write of the file has ended.
    Saved(Result<(), String>),
    /// The file has these debts, and is written from now on.
    Loaded(Vec<Debt>),
    /// The console is connected anew, or not connected any more.
    Connected(bool),
    Online(UserId),
    Offline(UserId),
    Tick,
}

#[derive(Clone, Debug)]
pub(super) enum Reply {
    Home(Option<Vector3>),
    Done,
    Failed(att_console::Error),
}

#[derive(Clone, Debug)]
pub(super) enum Output {
    Run(UserId, Step),
    /// The file is to be replaced.
    Save(Vec<Debt>),
    Finished(Ticket, Outcome),
    /// A debt was settled or could not be settled yet.
    Log(UserId, Event),
}

/// A command.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    ReadHome,
    SetHome(Option<Vector3>),
    Teleport,
}

#[derive(Clone, Debug)]
pub(super) enum Event {
    Restored,
    /// The player has a home that no teleport has set.
    ChosenAnew,
    NotRestored(att_console::Error),
}

#[derive(Debug)]
pub(super) struct Machine {
    players: BTreeMap<UserId, Entry>,
    online: BTreeSet<UserId>,
    is_connected: bool,
    file: Option<File>,
    outputs: VecDeque<Output>,
    clock: fn() -> Timestamp,
}

#[derive(Debug)]
struct Entry {
    debt: Option<Debt>,
    state: State,
    waiting: VecDeque<Trip>,
    failures: u32,
    retry_at: Option<Instant>,
}

/// A requested teleport.
#[derive(Debug)]
struct Trip {
    ticket: Ticket,
    position: Vector3,
}

#[derive(Debug)]
enum State {
    Idle,
    /// The home is read: for a teleport, or to repair a debt.
    Reading(Option<Trip>),
    /// The file is written, from this version on.
    Saving(Trip, u64),
    Setting(Trip),
    Teleporting(Trip),
    /// The home is restored after a teleport, or to repair a debt, after which a teleport may follow.
    Restoring(After),
}

#[derive(Debug)]
enum After {
    Repair(Option<Trip>),
    Trip {
        ticket: Ticket,
        moved: Moved,
        failed: Option<TeleportErrorKind>,
    },
}

impl Machine {
    pub(super) fn new(clock: fn() -> Timestamp) -> Self {
        Self {
            players: BTreeMap::new(),
            online: BTreeSet::new(),
            is_connected: false,
            file: None,
            outputs: VecDeque::new(),
            clock,
        }
    }

    pub(super) fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Teleport {
                ticket,
                player,
                position,
            } => self.requested(player, Trip { ticket, position }, now),
            Input::Ended(player, reply) => self.ended(player, reply, now),
            Input::Saved(result) => self.saved(&result, now),
            Input::Loaded(debts) => self.loaded(debts, now),
            Input::Connected(is_connected) => {
                self.is_connected = is_connected;
                if is_connected {
                    self.players.values_mut().for_each(|entry| entry.retry(now));
                }
            }
            Input::Online(player) => {
                self.online.insert(player);
                if let Some(entry) = self.players.get_mut(&player) {
                    entry.retry(now);
                }
            }
            Input::Offline(player) => {
                self.online.remove(&player);
            }
            Input::Tick => {}
        }
        self.repair(now);
        self.write(now);
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The instant at which [`Input::Tick`] is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let repairs = self.players.values().filter(|entry| entry.is_idle());
        let repairs = repairs.filter_map(|entry| entry.retry_at);
        let repair = repairs.min().filter(|_| self.is_connected);
        let file = self.file.as_ref().filter(|file| file.is_behind());
        let file = file.and_then(|file| file.retry_at);
        repair.into_iter().chain(file).min()
    }

    pub(super) fn debts(&self) -> Vec<Debt> {
        let debts = self.players.values();
        debts.filter_map(|entry| entry.debt.clone()).collect()
    }

    /// Returns whether a command of a teleport is in flight or follows: the console must stay open.
    pub(super) fn is_busy(&self) -> bool {
        self.players.values().any(|entry| !entry.is_idle())
    }

    /// Returns whether a debt waits for its player.
    pub(super) fn needs_players(&self) -> bool {
        let mut entries = self.players.values();
        entries.any(|entry| entry.is_idle() && entry.debt.is_some())
    }

    /// Forgets the debt of a player, unless a command for it is in flight.
    pub(super) fn forgive(&mut self, player: UserId, now: Instant) -> Option<Debt> {
        let entry = self.players.get_mut(&player)?;
        let debt = entry.is_idle().then(|| entry.debt.take()).flatten()?;
        self.players.remove(&player);
        self.changed();
        self.write(now);
        Some(debt)
    }

    /// Starts the repairs that are due.
    fn repair(&mut self, now: Instant) {
        if !self.is_connected {
            return;
        }
        let mut due = Vec::new();
        for (player, entry) in &mut self.players {
            if entry.is_idle() && entry.debt.is_some() && entry.retry_at.is_some_and(|at| at <= now)
            {
                entry.retry_at = None;
                entry.state = State::Reading(None);
                due.push(*player);
            }
        }
        for player in due {
            self.run(player, Step::ReadHome);
        }
    }

    fn run(&mut self, player: UserId, step: Step) {
        self.outputs.push_back(Output::Run(player, step));
    }

    fn log(&mut self, player: UserId, event: Event) {
        self.outputs.push_back(Output::Log(player, event));
    }
}

/// The pause after this number of consecutive failures.
fn pause(failures: u32) -> Duration {
    RETRY
        .saturating_mul(1 << failures.min(16))
        .min(RETRY_AT_MOST)
}

impl Entry {
    fn new() -> Self {
        Self {
            debt: None,
            state: State::Idle,
            waiting: VecDeque::new(),
            failures: 0,
            retry_at: None,
        }
    }

    fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Makes a repair due.
    fn retry(&mut self, now: Instant) {
        self.failures = 0;
        self.retry_at = Some(now);
    }
}
