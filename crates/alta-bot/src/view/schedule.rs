//! The schedule of readings over REST, without I/O: at most one reading of each part at the same time, and a bounded number in
//! total. A request for a part that is already due changes nothing.

use super::ViewConfig;
use alta_model::{GroupId, ServerId};
use alta_socket::{Backoff, BackoffPolicy, deadline_after};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::time::{Duration, Instant};

/// The most doublings of the pause before a repeated reading; see [`Schedule::repeat`].
const LONGEST_REPEAT: u32 = 8;

/// A part of the view that is read alone: if it fails, it delays no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Part {
    /// The list of the bot's groups.
    List,
    /// A group, with its roles and the list of its servers.
    Group(GroupId),
    /// The members of a group, or only the bot's own membership.
    Members(GroupId),
    /// A server of a group.
    Server(GroupId, ServerId),
}

impl Part {
    pub(super) fn group(self) -> Option<GroupId> {
        match self {
            Self::List => None,
            Self::Group(group) | Self::Members(group) | Self::Server(group, _) => Some(group),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List => f.write_str("the list of groups"),
            Self::Group(group) => write!(f, "group {group}"),
            Self::Members(group) => write!(f, "the members of group {group}"),
            Self::Server(group, server) => write!(f, "server {server} of group {group}"),
        }
    }
}

pub(super) struct Schedule {
    readings: HashMap<Part, Reading>,
    due: BTreeSet<(Instant, Part)>,
    running: usize,
    at_once: usize,
    /// The number of readings that have begun.
    serial: u64,
    retry: BackoffPolicy,
    spread: Duration,
    seed: u64,
}

/// The schedule of one part.
struct Reading {
    due: Option<Instant>,
    /// The number of the running reading.
    running: Option<u64>,
    /// When it is read again after the running reading.
    again: Option<Instant>,
    /// The number of repetitions in a row.
    repeats: u32,
    backoff: Backoff,
}

impl Schedule {
    pub(super) fn new(config: &ViewConfig, seed: u64) -> Self {
        Self {
            readings: HashMap::new(),
            due: BTreeSet::new(),
            running: 0,
            at_once: config.readings.max(1),
            serial: 0,
            retry: config.retry,
            spread: config.spread,
            seed,
        }
    }

    /// Requests a part at this instant, or earlier if it is due earlier. A part that is being read is read once more.
    pub(super) fn want(&mut self, part: Part, at: Instant) {
        let (retry, seed) = (self.retry, self.seed);
        let reading = self.readings.entry(part).or_insert_with(|| Reading {
            due: None,
            running: None,
            again: None,
            repeats: 0,
            // Each part of each bot has its own seed, so they do not try again together.
            backoff: Backoff::new(retry, seed ^ seed_of(part)),
        });
        if reading.running.is_some() {
            reading.again = Some(earlier(reading.again, at));
        } else {
            let at = earlier(reading.due, at);
            self.set_due(part, Some(at));
        }
    }

    /// The next part to read, and the number of its reading. The caller reports its [end](Self::ended).
    pub(super) fn begin(&mut self, now: Instant) -> Option<(Part, u64)> {
        let (at, part) = *self.due.first()?;
        if at > now || self.running >= self.at_once {
            return None;
        }
        self.set_due(part, None);
        self.running += 1;
        self.serial += 1;
        self.readings.get_mut(&part)?.running = Some(self.serial);
        Some((part, self.serial))
    }

    /// When the next reading can begin.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let (at, _) = self.due.first()?;
        (self.running < self.at_once).then_some(*at)
    }

    /// A reading has ended. Returns false if the part was [forgotten](Self::forget) meanwhile: then its result is outdated.
    pub(super) fn ended(&mut self, part: Part, serial: u64) -> bool {
        self.running = self.running.saturating_sub(1);
        let reading = self.readings.get_mut(&part);
        reading.is_some_and(|reading| reading.running.take_if(|it| *it == serial).is_some())
    }

    /// Returns whether the last reading of a part has failed.
    pub(super) fn is_failing(&self, part: Part) -> bool {
        let reading = self.readings.get(&part);
        reading.is_some_and(|reading| reading.backoff.attempt() > 0)
    }

    /// The number of repetitions of a part in a row.
    pub(super) fn repeats(&self, part: Part) -> u32 {
        self.readings.get(&part).map_or(0, |it| it.repeats)
    }

    /// The result of a reading is used.
    pub(super) fn succeeded(&mut self, part: Part) {
        if let Some(reading) = self.readings.get_mut(&part) {
            reading.backoff.reset();
            reading.repeats = 0;
            let again = reading.again.take();
            self.set_due(part, again);
        }
    }

    /// The result of a reading is outdated: the part is read again, after a pause that doubles each time.
    pub(super) fn repeat(&mut self, part: Part, now: Instant) {
        if let Some(reading) = self.readings.get_mut(&part) {
            reading.backoff.reset();
            reading.again = None;
            let doublings = reading.repeats.min(LONGEST_REPEAT);
            reading.repeats = reading.repeats.saturating_add(1);
            let pause = self.spread.saturating_mul(1 << doublings);
            self.set_due(part, Some(deadline_after(now, pause)));
        }
    }

    /// A reading has failed: it is tried again after the backoff.
    pub(super) fn failed(&mut self, part: Part, now: Instant) {
        if let Some(reading) = self.readings.get_mut(&part) {
            reading.again = None;
            let at = now.checked_add(reading.backoff.next_delay());
            self.set_due(part, at);
        }
    }

    /// Forgets parts that no longer exist or were replaced. The results of their running readings are ignored.
    pub(super) fn forget(&mut self, mut which: impl FnMut(Part) -> bool) {
        self.readings.retain(|part, _| !which(*part));
        self.due.retain(|(_, part)| !which(*part));
    }

    fn set_due(&mut self, part: Part, at: Option<Instant>) {
        let Some(reading) = self.readings.get_mut(&part) else {
            return;
        };
        if let Some(old) = std::mem::replace(&mut reading.due, at) {
            self.due.remove(&(old, part));
        }
        if let Some(at) = at {
            self.due.insert((at, part));
        }
    }
}

fn earlier(one: Option<Instant>, other: Instant) -> Instant {
    one.map_or(other, |one| one.min(other))
}

fn seed_of(part: Part) -> u64 {
    let id = match part {
        Part::List => 0,
        Part::Group(group) => group.get(),
        Part::Members(group) => !group.get(),
        Part::Server(_, server) => server.get().rotate_left(16),
    };
    id.cast_unsigned()
}
