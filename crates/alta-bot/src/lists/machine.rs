//! The machine of a followed list, without I/O: events, lists, failed readings, the list's own requests and the time go in; the
//! entries, their changes and the time of the next reading come out.
//!
//! A list that arrives is newer than every event that arrived before its reading began. An event that arrived during the reading
//! may be newer, so its entry stays as the event says. An event that is older than the list and arrives after it changes nothing,
//! or is followed by the event that leads to the state of the list.

use super::change::{ListChange, ListChangeKind};
use super::entry::ListEntry;
use crate::list_limits::LONGEST_LIST;
use crate::view::Known;
use alta_socket::{Backoff, BackoffPolicy, deadline_after};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The time after which the list is read again, in case the service has omitted an event. As for a view.
const REFRESH: Duration = Duration::from_secs(15 * 60);

/// The time in which the event of an own change arrives. Without it, the list is read again.
const OWN_EVENT: Duration = Duration::from_secs(2);

/// The random pause before a reading after a gap: all lists of a service that was down are not read at the same instant, and
/// several requests of a reading cause one.
const SPREAD: Duration = Duration::from_millis(500);

/// The most own changes whose events are expected. More are only possible while the list cannot be read.
const OWN_CHANGES: usize = 1_024;

pub(super) type Entries<T> = BTreeMap<<T as ListEntry>::Key, Arc<T>>;

pub(super) struct Machine<T: ListEntry> {
    entries: Arc<Entries<T>>,
    /// True if an entry of the last list could not be decoded.
    is_partial: bool,
    /// True if the subscription is not confirmed now, so that events can be missing.
    is_interrupted: bool,
    /// True if events may be missing since the last list was requested.
    has_missed: bool,
    reading: Option<Reading<T::Key>>,
    read_at: Option<Instant>,
    own: Vec<Own<T::Key>>,
    next_own: u64,
    retry: Backoff,
    spread: Backoff,
    changes: Vec<ListChange<T>>,
}

/// The running reading.
struct Reading<K> {
    /// The entries that events have changed since it began.
    touched: BTreeSet<K>,
    /// True if events were missed since it began.
    has_missed: bool,
}

/// A list that was read.
#[derive(Clone, Debug)]
pub(super) struct Listed<T> {
    pub(super) entries: Vec<T>,
    /// True if an entry could not be decoded.
    pub(super) is_partial: bool,
    /// True if the body was empty or null, not a list.
    pub(super) is_absent: bool,
}

/// The effect of an own request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Certain,
    /// The reply was lost or was an error after which the request may have taken effect.
    Unclear,
    None,
}

/// A request of this list, whose change is told apart from those of others.
struct Own<K> {
    id: u64,
    key: K,
    /// True if it adds the entry, false if it removes it.
    adds: bool,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The reply is awaited.
    Running,
    /// The change was found before the reply.
    Found,
    /// The reply is known, the change is not. Without its event, the list is read at this instant.
    Ended(Instant),
    /// The running reading began after the reply, so its list contains the change.
    Covered,
}

impl<T: ListEntry> Machine<T> {
    /// A machine with the list that was read after the subscription was confirmed. The `seed` determines the random pauses.
    pub(super) fn new(listed: Listed<T>, seed: u64, now: Instant) -> Self {
        let entries = listed.entries.into_iter();
        let entries = entries.map(|entry| (entry.key(), Arc::new(entry)));
        Self {
            entries: Arc::new(entries.collect()),
            is_partial: listed.is_partial,
            is_interrupted: false,
            has_missed: false,
            reading: None,
            read_at: Some(deadline_after(now, REFRESH)),
            own: Vec::new(),
            next_own: 0,
            retry: Backoff::new(BackoffPolicy::default(), seed),
            spread: Backoff::new(BackoffPolicy::new(SPREAD, SPREAD), seed),
            changes: Vec::new(),
        }
    }

    pub(super) fn entries(&self) -> &Arc<Entries<T>> {
        &self.entries
    }

    /// Returns whether the entries are those of the service, as far as it has sent them.
    pub(super) fn is_current(&self) -> bool {
        !self.is_interrupted && !self.has_missed && !self.is_partial
    }

    pub(super) fn take_changes(&mut self) -> Vec<ListChange<T>> {
        std::mem::take(&mut self.changes)
    }

    /// When [`begin`](Self::begin) is to be called; `None` while a reading runs.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.reading.is_some() {
            return None;
        }
        let own = self.own.iter().filter_map(|own| match own.stage {
            Stage::Ended(due) => Some(due),
            _ => None,
        });
        own.chain(self.read_at).min()
    }

    /// Begins a reading if one is due. Its end is reported to [`listed`](Self::listed) or [`failed`](Self::failed).
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        if self.deadline().is_none_or(|at| now < at) {
            return false;
        }
        self.read_at = None;
        self.reading = Some(Reading {
            touched: BTreeSet::new(),
            has_missed: false,
        });
        for own in &mut self.own {
            if let Stage::Ended(_) = own.stage {
                own.stage = Stage::Covered;
            }
        }
        true
    }

    /// An event has added or changed an entry, or removed it.
    pub(super) fn event(&mut self, entry: T, is_present: bool, now: Instant) {
        let key = entry.key();
        if self.entries.len() >= LONGEST_LIST && is_present && !self.entries.contains_key(&key) {
            // A longer list is an error, as at a reading.
            return self.missed(now);
        }
        if let Some(reading) = &mut self.reading {
            reading.touched.insert(key);
            if reading.touched.len() > LONGEST_LIST {
                // Memory is bounded. The next reading decides.
                reading.touched.clear();
                self.missed(now);
            }
        }
        let is_own = self.take_own(key, is_present);
        if is_present {
            self.put(entry, is_own, Known::Now);
        } else {
            self.remove(key, is_own, Known::Now);
        }
    }

    /// Events were missed or could not be decoded.
    pub(super) fn missed(&mut self, now: Instant) {
        self.has_missed = true;
        if let Some(reading) = &mut self.reading {
            reading.has_missed = true;
        }
        self.doubt(now);
    }

    /// The list may have changed without an event, such as during a migration.
    pub(super) fn doubt(&mut self, now: Instant) {
        let pause = self.spread.next_delay();
        self.want(deadline_after(now, pause));
    }

    /// The subscription is interrupted, or confirmed again.
    pub(super) fn interrupted(&mut self, is_interrupted: bool) {
        self.is_interrupted = is_interrupted;
    }

    /// The reading has failed: nothing changes, and it is tried again.
    pub(super) fn failed(&mut self, now: Instant) {
        self.reading = None;
        let again = deadline_after(now, self.retry.next_delay());
        self.read_at = Some(again);
        for own in &mut self.own {
            match own.stage {
                Stage::Covered => own.stage = Stage::Ended(again),
                Stage::Ended(due) => own.stage = Stage::Ended(due.max(again)),
                Stage::Running | Stage::Found => {}
            }
        }
    }

    /// The reading has ended with a list. Returns false if it cannot be used, which is a failure.
    pub(super) fn listed(&mut self, listed: Listed<T>, now: Instant) -> bool {
        if listed.is_absent && !self.entries.is_empty() {
            self.failed(now);
            return false;
        }
        let Some(reading) = self.reading.take() else {
            return true;
        };
        self.retry.reset();
        self.is_partial = listed.is_partial;
        self.has_missed = reading.has_missed;
        let keys: BTreeSet<_> = listed.entries.iter().map(ListEntry::key).collect();
        if !listed.is_partial {
            let known = self.entries.keys().copied();
            let gone: Vec<_> = known
                .filter(|key| !keys.contains(key) && !reading.touched.contains(key))
                .collect();
            for key in gone {
                let is_own = self.take_own(key, false);
                self.remove(key, is_own, Known::AfterGap);
            }
        }
        for entry in listed.entries {
            let key = entry.key();
            if !reading.touched.contains(&key) {
                let is_own = !self.entries.contains_key(&key) && self.take_own(key, true);
                self.put(entry, is_own, Known::AfterGap);
            }
        }
        self.own.retain(|own| own.stage != Stage::Covered);
        self.want(deadline_after(now, REFRESH));
        true
    }

    /// An own request begins. Returns its number for [`end_own`](Self::end_own).
    pub(super) fn begin_own(&mut self, key: T::Key, adds: bool) -> u64 {
        if self.own.len() == OWN_CHANGES {
            self.own.remove(0);
        }
        let id = self.next_own;
        self.next_own += 1;
        let stage = Stage::Running;
        self.own.push(Own {
            id,
            key,
            adds,
            stage,
        });
        id
    }

    /// An own request has ended. If its change was not found yet, an event or a reading tells it.
    pub(super) fn end_own(&mut self, id: u64, effect: Effect, now: Instant) {
        let Some(at) = self.own.iter().position(|own| own.id == id) else {
            return;
        };
        if effect == Effect::None || self.own[at].stage == Stage::Found {
            self.own.remove(at);
            return;
        }
        let pause = match effect {
            Effect::Unclear => self.spread.next_delay(),
            _ => OWN_EVENT,
        };
        self.own[at].stage = Stage::Ended(deadline_after(now, pause));
    }

    /// Returns whether an own request has made this change, which happens once for each request.
    fn take_own(&mut self, key: T::Key, adds: bool) -> bool {
        let is_it = |own: &Own<_>| own.key == key && own.adds == adds && own.stage != Stage::Found;
        let Some(at) = self.own.iter().position(is_it) else {
            return false;
        };
        if self.own[at].stage == Stage::Running {
            self.own[at].stage = Stage::Found;
        } else {
            self.own.remove(at);
        }
        true
    }

    fn want(&mut self, at: Instant) {
        self.read_at = Some(self.read_at.map_or(at, |planned| planned.min(at)));
    }

    fn put(&mut self, entry: T, is_own: bool, known: Known) {
        let key = entry.key();
        let old = self.entries.get(&key);
        let kind = match old {
            None => ListChangeKind::Added,
            Some(old) if old.differs(&entry) => ListChangeKind::Changed {
                from: Arc::clone(old),
            },
            // A list has more fields than an event.
            Some(old) if known == Known::AfterGap && **old != entry => {
                Arc::make_mut(&mut self.entries).insert(key, Arc::new(entry));
                return;
            }
            Some(_) => return,
        };
        let entry = Arc::new(entry);
        Arc::make_mut(&mut self.entries).insert(key, Arc::clone(&entry));
        self.changes.push(ListChange {
            entry,
            kind,
            is_own,
            known,
        });
    }

    fn remove(&mut self, key: T::Key, is_own: bool, known: Known) {
        if !self.entries.contains_key(&key) {
            return;
        }
        if let Some(entry) = Arc::make_mut(&mut self.entries).remove(&key) {
            self.changes.push(ListChange {
                entry,
                kind: ListChangeKind::Removed,
                is_own,
                known,
            });
        }
    }
}
