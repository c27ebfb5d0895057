//! The machine that makes the transitions of one condition: fed with changes, snapshots and a clock. It has no I/O.

#[cfg(test)]
mod tests;

use super::condition::Condition;
use super::known::Known;
use super::transition::{Transition, TransitionKind};
use crate::clock::deadline_from;
use crate::players::{ChangeKind, Evidence, Online, Player, PlayerChange, Snapshot};
use alta_model::console::result::{Inventory, PlayerDetailed};
use alta_model::{Timestamp, UserId};
use att_console::Missed;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The timing of a stream of transitions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    pub(super) hold: Duration,
    pub(super) cooldown: Duration,
    /// The margin that is added to the distances of the condition while it is true, in meters.
    pub(super) exit_margin: f64,
    /// An older snapshot is not used any more.
    pub(super) max_age: Duration,
}

#[derive(Clone, Debug)]
pub(super) enum Input {
    Changed(PlayerChange),
    Missed(Missed),
    /// The players who are online, after changes were dropped.
    Online(Arc<Online>),
    Details(Arc<Snapshot<PlayerDetailed>>),
    Inventories(Arc<Snapshot<Inventory>>),
    /// Time has passed.
    Tick(Timestamp),
}

pub(super) type Output = Result<Transition, Missed>;

pub(super) struct Machine {
    condition: Condition,
    timing: Timing,
    players: BTreeMap<UserId, Watched>,
    details: Option<Arc<Snapshot<PlayerDetailed>>>,
    inventories: Option<Arc<Snapshot<Inventory>>>,
    /// Until when entries of a player are ignored. This outlasts the player's stay.
    cooldowns: BTreeMap<UserId, Instant>,
    outputs: VecDeque<Output>,
}

/// A player who is online.
struct Watched {
    /// The chunk in it is known from events, or before the first one from a snapshot.
    player: Arc<Player>,
    phase: Phase,
    /// True if the player was online before the stream began, and the condition was never known since.
    may_be_initial: bool,
    /// A snapshot that was requested before is not used for the player.
    since: Instant,
    /// True if the connection was lost while the player was inside, and the condition was not known since.
    is_unconfirmed: bool,
}

#[derive(Clone, Copy)]
enum Phase {
    /// The condition is false, or was never known.
    Outside,
    /// The condition is true, but not yet for the hold time.
    Holding(Holding),
    /// The condition is true, and the entry was yielded.
    Inside,
    /// The condition is true, but its entry fell into the cool-down.
    Ignored,
}

#[derive(Clone, Copy)]
struct Holding {
    until: Instant,
    is_initial: bool,
    /// The evidence with which the clock ends it. `None` if a snapshot has to confirm the condition.
    by_clock: Option<Evidence>,
}

/// The reason of an evaluation.
#[derive(Clone, Copy)]
struct Cause {
    evidence: Evidence,
    at: Timestamp,
}

impl Machine {
    pub(super) fn new(condition: Condition, timing: Timing) -> Self {
        Self {
            condition,
            timing,
            players: BTreeMap::new(),
            details: None,
            inventories: None,
            cooldowns: BTreeMap::new(),
            outputs: VecDeque::new(),
        }
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When the next hold time ends.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let ends = self.players.values().filter_map(Watched::end_by_clock);
        ends.map(|(until, _)| until).min()
    }

    pub(super) fn needs_details(&self) -> bool {
        let needs = self.condition.needs();
        let is_chunk_unknown = |watched: &Watched| watched.player.chunk.is_none();
        (needs.details && !self.players.is_empty())
            || (needs.chunk && self.players.values().any(is_chunk_unknown))
    }

    pub(super) fn needs_inventories(&self) -> bool {
        self.condition.needs().inventories && !self.players.is_empty()
    }

    pub(super) fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Changed(change) => self.changed(change, now),
            Input::Missed(missed) => {
                let is_gap = matches!(missed, Missed::Gap { .. });
                for watched in self.players.values_mut() {
                    watched.forget(now);
                    // Nothing confirms a state.
                    watched.is_unconfirmed |= is_gap
                        && matches!(watched.phase, Phase::Inside)
                        && !self.condition.needs().is_of_states();
                }
                self.outputs.push_back(Err(missed));
            }
            Input::Online(online) => self.compare(&online, now),
            Input::Details(snapshot) => {
                let at = snapshot.received();
                for (id, watched) in &mut self.players {
                    watched.read_chunk(*id, &snapshot);
                }
                self.details = self.condition.needs().details.then_some(snapshot);
                self.evaluate_all(at, now);
            }
            Input::Inventories(snapshot) => {
                let at = snapshot.received();
                self.inventories = Some(snapshot);
                self.evaluate_all(at, now);
            }
            Input::Tick(at) => self.tick(at, now),
        }
    }

    fn changed(&mut self, change: PlayerChange, now: Instant) {
        let PlayerChange { player, kind, .. } = change;
        let id = player.id();
        let cause = Cause {
            evidence: change.evidence,
            at: change.at,
        };
        match kind {
            ChangeKind::Left => return self.left(id, cause),
            ChangeKind::Moved { from, .. } => {
                let watched = self.watch(&player, false, now);
                if watched.player.chunk.is_none() && !from.trim().is_empty() {
                    // The player was there before the event.
                    watched.set_chunk(Some(from));
                    self.evaluate(id, cause, now);
                }
                let watched = self.watch(&player, false, now);
                watched.player = player;
            }
            kind => {
                let is_found = kind == ChangeKind::Found;
                let watched = self.watch(&player, is_found, now);
                watched.update(player);
            }
        }
        self.evaluate(id, cause, now);
    }

    fn watch(&mut self, player: &Arc<Player>, is_found: bool, now: Instant) -> &mut Watched {
        let watched = self.players.entry(player.id());
        watched.or_insert_with(|| Watched {
            player: Arc::clone(player),
            phase: Phase::Outside,
            may_be_initial: is_found,
            since: now,
            is_unconfirmed: false,
        })
    }

    fn left(&mut self, id: UserId, cause: Cause) {
        let Some(watched) = self.players.remove(&id) else {
            return;
        };
        if matches!(watched.phase, Phase::Inside) {
            let left = transition(&watched, TransitionKind::Left, false, cause, None);
            self.outputs.push_back(Ok(left));
        }
    }

    fn compare(&mut self, online: &Online, now: Instant) {
        let (evidence, at) = (Evidence::List, online.as_of());
        let cause = Cause { evidence, at };
        let ids = self.players.keys().copied();
        let gone: Vec<_> = ids.filter(|id| online.by_id(*id).is_none()).collect();
        for id in gone {
            self.left(id, cause);
        }
        for player in online {
            let watched = self.watch(player, false, now);
            watched.update(Arc::clone(player));
            self.evaluate(player.id(), cause, now);
        }
    }

    fn evaluate_all(&mut self, at: Timestamp, now: Instant) {
        let evidence = Evidence::Snapshot;
        let ids: Vec<_> = self.players.keys().copied().collect();
        for id in ids {
            self.evaluate(id, Cause { evidence, at }, now);
        }
    }

    fn tick(&mut self, at: Timestamp, now: Instant) {
        let ends = self.players.iter_mut();
        let ended = ends.filter_map(|(id, watched)| {
            let (_, evidence) = watched.end_by_clock().filter(|(until, _)| *until <= now)?;
            // If the condition is unknown now, the next evaluation ends it, not the clock.
            if let Phase::Holding(holding) = &mut watched.phase {
                holding.by_clock = None;
            }
            Some((*id, evidence))
        });
        let ended: Vec<_> = ended.collect();
        for (id, evidence) in ended {
            self.evaluate(id, Cause { evidence, at }, now);
        }
    }

    fn evaluate(&mut self, id: UserId, cause: Cause, now: Instant) {
        let Some(watched) = self.players.get_mut(&id) else {
            return;
        };
        let max_age = self.timing.max_age;
        let details = row(self.details.as_ref(), id, watched.since, now, max_age);
        let inventory = row(self.inventories.as_ref(), id, watched.since, now, max_age);
        let known = Known {
            player: &watched.player,
            details: details.map(|details| &**details),
            inventory: inventory.map(|inventory| &**inventory),
        };
        let was = !matches!(watched.phase, Phase::Outside);
        let is_true = self.condition.evaluate(known, was, self.timing.exit_margin);
        let Some(is_true) = is_true else {
            return;
        };
        let may_be_initial = std::mem::take(&mut watched.may_be_initial);
        let is_unconfirmed = std::mem::take(&mut watched.is_unconfirmed);
        let details = details.filter(|_| self.condition.needs().details).cloned();
        let phase = match watched.phase {
            Phase::Outside if is_true => {
                let is_of_events = self.condition.needs().is_of_events();
                Phase::Holding(Holding {
                    until: deadline_from(now, self.timing.hold),
                    is_initial: may_be_initial,
                    by_clock: is_of_events.then_some(cause.evidence),
                })
            }
            Phase::Inside if !is_true => {
                let left = transition(watched, TransitionKind::Left, false, cause, details.clone());
                self.outputs.push_back(Ok(left));
                Phase::Outside
            }
            _ if !is_true => Phase::Outside,
            phase => phase,
        };
        let is_cool = self.cooldowns.get(&id).is_none_or(|until| *until <= now);
        let (phase, entry) = match phase {
            Phase::Holding(holding) if holding.until <= now => {
                if is_cool {
                    (Phase::Inside, Some(holding.is_initial))
                } else {
                    (Phase::Ignored, None)
                }
            }
            // The player may have left and entered again while the connection was lost.
            Phase::Inside if is_unconfirmed && is_cool => (Phase::Inside, Some(true)),
            phase => (phase, None),
        };
        watched.phase = phase;
        if let Some(is_initial) = entry {
            let kind = TransitionKind::Entered;
            let entered = transition(watched, kind, is_initial, cause, details);
            self.outputs.push_back(Ok(entered));
            self.cooldowns.retain(|_, until| *until > now);
            self.cooldowns
                .insert(id, deadline_from(now, self.timing.cooldown));
        }
    }
}

impl Watched {
    /// Takes over a change that is not about the chunk.
    fn update(&mut self, player: Arc<Player>) {
        let before = std::mem::replace(&mut self.player, player);
        if self.player.chunk.is_none() {
            self.set_chunk(before.chunk.clone());
        }
    }

    fn set_chunk(&mut self, chunk: Option<String>) {
        if self.player.chunk != chunk {
            Arc::make_mut(&mut self.player).chunk = chunk;
        }
    }

    /// Forgets the data that may have changed meanwhile.
    fn forget(&mut self, now: Instant) {
        self.set_chunk(None);
        self.since = now;
    }

    fn read_chunk(&mut self, id: UserId, snapshot: &Snapshot<PlayerDetailed>) {
        if self.player.chunk.is_none() && snapshot.sent() >= self.since {
            let name = snapshot.by_id(id).and_then(|player| player.chunk_name());
            let name = name.filter(|name| !name.is_empty());
            self.set_chunk(name.map(str::to_owned));
        }
    }

    /// When the clock alone ends the hold time, and the evidence of its beginning.
    fn end_by_clock(&self) -> Option<(Instant, Evidence)> {
        match self.phase {
            Phase::Holding(holding) => Some((holding.until, holding.by_clock?)),
            _ => None,
        }
    }
}

/// A player's part of a snapshot, if that is new enough.
fn row<T>(
    snapshot: Option<&Arc<Snapshot<T>>>,
    id: UserId,
    since: Instant,
    now: Instant,
    max_age: Duration,
) -> Option<&Arc<T>> {
    let snapshot = snapshot?;
    let sent = snapshot.sent();
    let is_new = sent >= since && now.saturating_duration_since(sent) <= max_age;
    snapshot.by_id(id).filter(|_| is_new)
}

fn transition(
    watched: &Watched,
    kind: TransitionKind,
    is_initial: bool,
    cause: Cause,
    details: Option<Arc<PlayerDetailed>>,
) -> Transition {
    Transition {
        player: Arc::clone(&watched.player),
        kind,
        is_initial,
        evidence: cause.evidence,
        at: cause.at,
        details,
    }
}
