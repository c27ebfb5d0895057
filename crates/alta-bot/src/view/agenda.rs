//! What is to be read over REST, and when: at most one reading of each part at a time, a bounded number altogether, and
//! whatever asks for a part that is already due changes nothing.

use super::ViewConfig;
use alta_model::{GroupId, ServerId};
use alta_socket::{Backoff, BackoffPolicy, later};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::time::{Duration, Instant};

/// The doublings of the pause before a reading that has to be repeated; see [`Agenda::repeat`].
const LONGEST_REPEAT: u32 = 8;

/// Something that is read by itself: one that fails holds up no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Part {
    /// The list of the bot's groups.
    List,
    /// A group, with its roles and the list of its servers.
    Group(GroupId),
    /// A group's members, or only the bot's own membership.
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

pub(super) struct Agenda {
    readings: HashMap<Part, Reading>,
    due: BTreeSet<(Instant, Part)>,
    running: usize,
    at_once: usize,
    /// Counts the readings that have begun.
    serial: u64,
    retry: BackoffPolicy,
    spread: Duration,
    seed: u64,
}

/// Where the reading of a part stands.
struct Reading {
    due: Option<Instant>,
    /// The number of the reading that runs.
    running: Option<u64>,
    /// When it is to be read again after the reading that runs.
    again: Option<Instant>,
    /// How often in a row it had to be repeated.
    repeats: u32,
    backoff: Backoff,
}

impl Agenda {
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

    /// A part is to be read then, or earlier if it is already due earlier. If it is being read, it is read once more.
    pub(super) fn want(&mut self, part: Part, at: Instant) {
        let (retry, seed) = (self.retry, self.seed);
        let reading = self.readings.entry(part).or_insert_with(|| Reading {
            due: None,
            running: None,
            again: None,
            repeats: 0,
            // Other parts, and other bots, don't try again at the same moments.
            backoff: Backoff::new(retry, seed ^ seed_of(part)),
        });
        if reading.running.is_some() {
            reading.again = Some(earlier(reading.again, at));
        } else {
            let at = earlier(reading.due, at);
            self.schedule(part, Some(at));
        }
    }

    /// The next part to read, and the number of its reading; the caller tells its [end](Self::ended).
    pub(super) fn begin(&mut self, now: Instant) -> Option<(Part, u64)> {
        let (at, part) = *self.due.first()?;
        if at > now || self.running >= self.at_once {
            return None;
        }
        self.schedule(part, None);
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

    /// A reading has ended. False if the part was [forgotten](Self::forget) meanwhile: what it brought says nothing of
    /// now.
    pub(super) fn ended(&mut self, part: Part, serial: u64) -> bool {
        self.running = self.running.saturating_sub(1);
        let reading = self.readings.get_mut(&part);
        reading.is_some_and(|reading| reading.running.take_if(|it| *it == serial).is_some())
    }

    /// Whether a part could not be read the last time.
    pub(super) fn is_failing(&self, part: Part) -> bool {
        let reading = self.readings.get(&part);
        reading.is_some_and(|reading| reading.backoff.attempt() > 0)
    }

    /// How often in a row a part had to be repeated.
    pub(super) fn repeats(&self, part: Part) -> u32 {
        self.readings.get(&part).map_or(0, |it| it.repeats)
    }

    /// What was read is taken.
    pub(super) fn succeeded(&mut self, part: Part) {
        if let Some(reading) = self.readings.get_mut(&part) {
            reading.backoff.reset();
            reading.repeats = 0;
            let again = reading.again.take();
            self.schedule(part, again);
        }
    }

    /// What was read is outdated: it is read again, later each time.
    pub(super) fn repeat(&mut self, part: Part, now: Instant) {
        if let Some(reading) = self.readings.get_mut(&part) {
            reading.backoff.reset();
            reading.again = None;
            let doublings = reading.repeats.min(LONGEST_REPEAT);
            reading.repeats = reading.repeats.saturating_add(1);
            let pause = self.spread.saturating_mul(1 << doublings);
            self.schedule(part, Some(later(now, pause)));
        }
    }

    /// It could not be read: it is tried again.
    pub(super) fn failed(&mut self, part: Part, now: Instant) {
        if let Some(reading) = self.readings.get_mut(&part) {
            reading.again = None;
            let at = now.checked_add(reading.backoff.next_delay());
            self.schedule(part, at);
        }
    }

    /// Parts that exist no more, or are others from now on: what is being read of them is of no account.
    pub(super) fn forget(&mut self, mut which: impl FnMut(Part) -> bool) {
        self.readings.retain(|part, _| !which(*part));
        self.due.retain(|(_, part)| !which(*part));
    }

    fn schedule(&mut self, part: Part, at: Option<Instant>) {
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
