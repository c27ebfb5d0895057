//! The work that is due at a time of the clock: heartbeats, the events of the town, the steps of players, and the actions of the
//! timeline.

use crate::config::{Config, Scenario};
use crate::town;
use crate::world::World;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// Something that happens at equal intervals.
#[derive(Debug)]
struct Recurring {
    next: Timestamp,
    every: Duration,
}

impl Recurring {
    /// `None` for an interval of zero.
    fn new(first: Timestamp, every: Duration) -> Option<Self> {
        (!every.is_zero()).then_some(Self { next: first, every })
    }

    /// Returns whether it is due at a time. Then it is due again one interval later; intervals that are over by `now` are left
    /// out, so a late task does not cause a burst.
    fn is_due(&mut self, at: Timestamp, now: Timestamp) -> bool {
        if self.next > at {
            return false;
        }
        let later = |time: Timestamp| time.checked_add(self.every).unwrap_or(Timestamp::MAX);
        let regular = later(self.next);
        self.next = if regular > now { regular } else { later(now) };
        true
    }
}

/// An action of the timeline that was not possible.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The number of the action in the order in which they were added, from 0.
    pub number: usize,
    /// The time of the action since the start.
    pub at: Duration,
    /// The reason.
    pub reason: String,
}

/// The next time of everything that the clock makes happen.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    heartbeats: Option<Recurring>,
    /// The events of the town.
    town: Option<Recurring>,
    /// The times of the actions of the timeline that are not due yet.
    later: VecDeque<Timestamp>,
    /// The number of the actions that are due.
    due: usize,
    /// The number of the actions whose performance has begun.
    begun: usize,
    /// `true` while an action is performed.
    performing: bool,
}

impl Agenda {
    pub(crate) fn new(config: &Config, now: Timestamp) -> Self {
        let every = config.heartbeats;
        let first = now.checked_add(every).unwrap_or(Timestamp::MAX);
        let pace = match config.scenario {
            Scenario::Empty => Duration::ZERO,
            Scenario::Town => config.pace.max(Duration::from_millis(1)),
        };
        Self {
            heartbeats: Recurring::new(first, every),
            town: Recurring::new(now, pace),
            later: config
                .timeline
                .iter()
                .map(|at| now.checked_add(*at).unwrap_or(Timestamp::MAX))
                .collect(),
            due: 0,
            begun: 0,
            performing: false,
        }
    }

    /// Takes the next action that is due: its place in the order of times. The caller performs it.
    pub(crate) fn begin_action(&mut self) -> Option<usize> {
        self.due = self.due.checked_sub(1)?;
        self.performing = true;
        self.begun += 1;
        Some(self.begun - 1)
    }

    /// Notes that the action was performed.
    pub(crate) fn end_action(&mut self) {
        self.performing = false;
    }

    /// Returns whether an action is due.
    pub(crate) fn has_actions(&self) -> bool {
        self.due > 0
    }

    /// Returns whether all actions that were due have been performed.
    pub(crate) fn is_idle(&self) -> bool {
        self.due == 0 && !self.performing
    }

    /// The time at which something is due.
    pub(crate) fn next(&self, world: &World) -> Option<Timestamp> {
        let recurring = [&self.heartbeats, &self.town].into_iter().flatten();
        let times = recurring.map(|it| it.next);
        let action = self.later.front().copied();
        times.chain(world.next_step()).chain(action).min()
    }

    /// Lets everything happen that is due at a time, which is over by `now`.
    pub(crate) fn run(&mut self, world: &mut World, at: Timestamp, now: Timestamp) {
        world.step(at);
        let is_due = |it: &mut Option<Recurring>| it.as_mut().is_some_and(|it| it.is_due(at, now));
        if is_due(&mut self.heartbeats) {
            for server in world.online_servers() {
                world
                    .cloud
                    .emit_server("group-server-heartbeat", server, at);
            }
        }
        while self.later.front().is_some_and(|time| *time <= at) {
            self.later.pop_front();
            self.due += 1;
        }
        if is_due(&mut self.town) {
            for server in world.online_servers() {
                // An online server has a game, and its players do not leave in between.
                let _ = town::happen(world, server, at);
            }
        }
    }
}
