//! The file of the debts: when it is written, and the teleports that wait for it.

use super::{Entry, Machine, Output, State, pause};
use crate::homes::debt::Debt;
use crate::homes::error::{Moved, TeleportErrorKind};
use tokio::time::Instant;

/// The state of the file.
#[derive(Debug, Default)]
pub(super) struct File {
    /// Counts the changes of the debts.
    version: u64,
    written: u64,
    /// The version that is being written.
    writing: Option<u64>,
    failures: u32,
    /// The end of the pause after a failed write.
    pub(super) retry_at: Option<Instant>,
}

impl File {
    /// Returns whether it must be written, and is not being written.
    pub(super) fn is_behind(&self) -> bool {
        self.writing.is_none() && self.version > self.written
    }
}

impl Machine {
    /// The debts of the file are added to those of the present run. Of two debts of a player, the older one has the right home.
    pub(super) fn loaded(&mut self, debts: Vec<Debt>, now: Instant) {
        self.file.get_or_insert_default();
        for loaded in debts {
            let entry = self.players.entry(loaded.player).or_insert_with(Entry::new);
            match &mut entry.debt {
                Some(debt) if loaded.since < debt.since => debt.home = loaded.home,
                Some(_) => {}
                none => *none = Some(loaded),
            }
            entry.retry(now);
        }
        self.changed();
    }

    /// Notes a change of the debts. Returns the version to wait for, if there is a file.
    pub(super) fn changed(&mut self) -> Option<u64> {
        let file = self.file.as_mut()?;
        file.version += 1;
        Some(file.version)
    }

    /// Writes the file, if it is behind and no pause holds. A teleport that waits for it ends the pause.
    pub(super) fn write(&mut self, now: Instant) {
        let mut entries = self.players.values();
        let is_urgent = entries.any(|entry| matches!(entry.state, State::Saving(..)));
        let debts = self.debts();
        if let Some(file) = &mut self.file
            && file.is_behind()
            && (is_urgent || file.retry_at.is_none_or(|at| at <= now))
        {
            file.retry_at = None;
            file.writing = Some(file.version);
            self.outputs.push_back(Output::Save(debts));
        }
    }

    pub(super) fn saved(&mut self, result: &Result<(), String>, now: Instant) {
        let Some(file) = &mut self.file else {
            return;
        };
        let Some(written) = file.writing.take() else {
            return;
        };
        if result.is_ok() {
            file.written = written;
            file.failures = 0;
        } else {
            file.retry_at = Some(now + pause(file.failures));
            file.failures += 1;
        }
        let waits =
            |entry: &Entry| matches!(entry.state, State::Saving(_, version) if version <= written);
        let waiting = self.players.iter().filter(|(_, entry)| waits(entry));
        let waiting: Vec<_> = waiting.map(|(player, _)| *player).collect();
        for player in waiting {
            let Some(entry) = self.players.get_mut(&player) else {
                continue;
            };
            let State::Saving(trip, _) = std::mem::replace(&mut entry.state, State::Idle) else {
                continue;
            };
            match result {
                Ok(()) => self.set_home(player, trip),
                Err(error) => {
                    self.settle(player);
                    let kind = TeleportErrorKind::Save(error.clone());
                    self.finish(player, trip.ticket, Moved::No, Some(kind));
                    self.next(player, now);
                }
            }
        }
    }
}
