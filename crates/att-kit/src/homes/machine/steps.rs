//! The steps of one player's teleports.

use super::{After, Entry, Event, Machine, Output, Reply, State, Step, Ticket, Trip, pause};
use crate::effect::Effect;
use crate::homes::debt::{Debt, MAX_DEBTS};
use crate::homes::error::{Moved, TeleportError, TeleportErrorKind};
use alta_model::{UserId, Vector3};
use tokio::time::Instant;

/// The most teleports of one player that wait for an earlier one.
const MAX_WAITING: usize = 16;

impl Machine {
    pub(super) fn requested(&mut self, player: UserId, trip: Trip, now: Instant) {
        let entry = self.players.entry(player).or_insert_with(Entry::new);
        let position = trip.position;
        // A server stores single precision.
        let is_finite = [position.x, position.y, position.z]
            .iter()
            .all(|part| part.abs() <= f64::from(f32::MAX));
        let refused = if !is_finite || position == Vector3::ZERO {
            Some(TeleportErrorKind::Position)
        } else if entry.waiting.len() >= MAX_WAITING {
            Some(TeleportErrorKind::TooManyWaiting(MAX_WAITING))
        } else {
            None
        };
        if let Some(kind) = refused {
            self.finish(player, trip.ticket, Moved::No, Some(kind));
        } else {
            entry.waiting.push_back(trip);
        }
        self.next(player, now);
    }

    /// Starts the next teleport of an idle player.
    pub(super) fn next(&mut self, player: UserId, now: Instant) {
        let Some(entry) = self.players.get_mut(&player) else {
            return;
        };
        if !entry.is_idle() {
            return;
        }
        if let Some(trip) = entry.waiting.pop_front() {
            entry.state = State::Reading(Some(trip));
            self.run(player, Step::ReadHome);
        } else if entry.debt.is_none() {
            self.players.remove(&player);
        } else if entry.retry_at.is_none() && self.online.contains(&player) {
            entry.retry_at = Some(now + pause(entry.failures));
            entry.failures += 1;
        }
    }

    pub(super) fn ended(&mut self, player: UserId, reply: Reply, now: Instant) {
        let Some(entry) = self.players.get_mut(&player) else {
            return;
        };
        match std::mem::replace(&mut entry.state, State::Idle) {
            State::Reading(trip) => self.read(player, trip, reply),
            State::Setting(trip) => self.set(player, trip, reply),
            State::Teleporting(trip) => self.teleported(player, &trip, reply),
            State::Restoring(after) => self.restored(player, after, reply),
            // No command is in flight.
            other => entry.state = other,
        }
        self.next(player, now);
    }

    pub(super) fn read(&mut self, player: UserId, trip: Option<Trip>, reply: Reply) {
        let home = match reply {
            Reply::Home(home) => home,
            Reply::Failed(error) => {
                match trip {
                    Some(trip) => {
                        let kind = TeleportErrorKind::ReadHome(error);
                        self.finish(player, trip.ticket, Moved::No, Some(kind));
                    }
                    None => self.log(player, Event::NotRestored(error)),
                }
                return;
            }
            // No reply to this command.
            Reply::Done => return,
        };
        let Some(entry) = self.players.get_mut(&player) else {
            return;
        };
        match &entry.debt {
            Some(debt) if debt.explains(home) => {
                let step = Step::SetHome(debt.home);
                entry.state = State::Restoring(After::Repair(trip));
                self.run(player, step);
                return;
            }
            Some(_) => {
                self.settle(player);
                self.log(player, Event::ChosenAnew);
            }
            None => {}
        }
        if let Some(trip) = trip {
            self.begin(player, trip, home);
        }
    }

    /// Adds the debt, before the home is changed.
    pub(super) fn begin(&mut self, player: UserId, trip: Trip, home: Option<Vector3>) {
        let debts = self.players.values();
        if debts.filter(|entry| entry.debt.is_some()).count() >= MAX_DEBTS {
            let kind = TeleportErrorKind::TooManyDebts(MAX_DEBTS);
            self.finish(player, trip.ticket, Moved::No, Some(kind));
            return;
        }
        let since = (self.clock)();
        let version = self.changed();
        let Some(entry) = self.players.get_mut(&player) else {
            return;
        };
        entry.debt = Some(Debt {
            player,
            home,
            set_to: trip.position,
            since,
        });
        match version {
            Some(version) => entry.state = State::Saving(trip, version),
            None => self.set_home(player, trip),
        }
    }

    pub(super) fn set_home(&mut self, player: UserId, trip: Trip) {
        let step = Step::SetHome(Some(trip.position));
        if let Some(entry) = self.players.get_mut(&player) {
            entry.state = State::Setting(trip);
            self.run(player, step);
        }
    }

    pub(super) fn set(&mut self, player: UserId, trip: Trip, reply: Reply) {
        match reply {
            Reply::Failed(error) if Effect::of(&error) == Effect::NotSent => {
                self.settle(player);
                let kind = TeleportErrorKind::SetHome(error);
                self.finish(player, trip.ticket, Moved::No, Some(kind));
            }
            // A server that replies with an error may still have changed the home.
            Reply::Failed(error) => {
                let kind = TeleportErrorKind::SetHome(error);
                self.restore(player, trip.ticket, Moved::No, Some(kind));
            }
            _ => {
                if let Some(entry) = self.players.get_mut(&player) {
                    entry.state = State::Teleporting(trip);
                    self.run(player, Step::Teleport);
                }
            }
        }
    }

    pub(super) fn teleported(&mut self, player: UserId, trip: &Trip, reply: Reply) {
        let (moved, failed) = match reply {
            Reply::Failed(error) => {
                let moved = match Effect::of(&error) {
                    Effect::MayHaveRun => Moved::Perhaps,
                    _ => Moved::No,
                };
                (moved, Some(TeleportErrorKind::Teleport(error)))
            }
            _ => (Moved::Yes, None),
        };
        self.restore(player, trip.ticket, moved, failed);
    }

    pub(super) fn restore(
        &mut self,
        player: UserId,
        ticket: Ticket,
        moved: Moved,
        failed: Option<TeleportErrorKind>,
    ) {
        let Some(entry) = self.players.get_mut(&player) else {
            return;
        };
        let home = entry.debt.as_ref().and_then(|debt| debt.home);
        entry.state = State::Restoring(After::Trip {
            ticket,
            moved,
            failed,
        });
        self.run(player, Step::SetHome(home));
    }

    pub(super) fn restored(&mut self, player: UserId, after: After, reply: Reply) {
        let error = match reply {
            Reply::Failed(error) => Some(error),
            _ => None,
        };
        let home = self
            .players
            .get(&player)
            .and_then(|entry| entry.debt.as_ref()?.home);
        if let Some(error) = &error {
            self.log(player, Event::NotRestored(error.clone()));
        } else {
            self.settle(player);
            self.log(player, Event::Restored);
        }
        match after {
            After::Trip {
                ticket,
                moved,
                failed,
            } => {
                let failed = failed.or(error.map(TeleportErrorKind::RestoreHome));
                self.finish(player, ticket, moved, failed);
            }
            After::Repair(Some(trip)) => match error {
                Some(error) => {
                    let kind = TeleportErrorKind::RestoreHome(error);
                    self.finish(player, trip.ticket, Moved::No, Some(kind));
                }
                None => self.begin(player, trip, home),
            },
            After::Repair(None) => {}
        }
    }

    /// Removes a debt: the home is right.
    pub(super) fn settle(&mut self, player: UserId) {
        if let Some(entry) = self.players.get_mut(&player) {
            entry.debt = None;
            entry.failures = 0;
            entry.retry_at = None;
            self.changed();
        }
    }

    pub(super) fn finish(
        &mut self,
        player: UserId,
        ticket: Ticket,
        moved: Moved,
        failed: Option<TeleportErrorKind>,
    ) {
        let owes_home = self
            .players
            .get(&player)
            .is_some_and(|entry| entry.debt.is_some());
        let outcome = failed.map_or(Ok(()), |kind| {
            let doing = format!("teleporting player {player}");
            Err(TeleportError::new(kind, doing).with(moved, owes_home))
        });
        self.outputs.push_back(Output::Finished(ticket, outcome));
    }
}
