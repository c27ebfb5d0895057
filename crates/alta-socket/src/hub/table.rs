//! The streams of each subscription, and the state of the subscription for each stream.

use crate::outage::{KeyState, Outage};
use crate::queue::{Footprint, Queue, now};
use foldhash::fast::RandomState;
use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Instant;

pub(super) struct Table<K, F> {
    pub(super) topics: HashMap<K, Topic<F>, RandomState>,
    pub(super) observers: Vec<Observer<F>>,
    pub(super) notes: HashSet<K, RandomState>,
    pub(super) ended: bool,
}

pub(super) struct Topic<F> {
    pub(super) readers: Vec<Reader<F>>,
    /// Observers that want this key. Their frames come through `Table::observers`.
    pub(super) interested: Vec<Reader<F>>,
    /// When the task noticed that the server no longer holds it.
    pub(super) lost: Option<Instant>,
}

pub(super) struct Observer<F> {
    pub(super) queue: Arc<Queue<F>>,
    /// Set if it has no keys of its own: it misses every event that any key misses after this instant.
    pub(super) keyless_since: Option<Instant>,
}

pub(super) struct Reader<F> {
    pub(super) queue: Arc<Queue<F>>,
    pub(super) came: Instant,
    pub(super) state: KeyState,
}

impl<K: Eq + Hash, F> Table<K, F> {
    pub(super) fn readers<Q>(&self, key: &Q) -> &[Reader<F>]
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let topic = self.topics.get(key);
        topic.map_or(&[], |topic| &topic.readers)
    }
}

impl<F> Default for Topic<F> {
    fn default() -> Self {
        Self {
            readers: Vec::new(),
            interested: Vec::new(),
            lost: None,
        }
    }
}

impl<F> Topic<F> {
    pub(super) fn is_wanted(&self) -> bool {
        !self.interested.is_empty() || !self.readers.is_empty()
    }

    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Reader<F>> {
        self.readers.iter_mut().chain(&mut self.interested)
    }
}

impl<F: Footprint> Topic<F> {
    /// Ends the loss of the key, also for the observers without keys.
    pub(super) fn not_lost(&mut self, observers: &[Observer<F>], change: impl Fn(&mut Outage)) {
        if let Some(noticed) = self.lost.take() {
            for observer in observers {
                observer.tell(noticed, |outage| {
                    outage.remove(KeyState::Lost);
                    change(outage);
                });
            }
        }
    }
}

impl<F: Footprint> Reader<F> {
    pub(super) fn lost(&mut self, since: Instant, noticed: Instant) {
        let is_lost = match self.state {
            KeyState::Held | KeyState::Asked => self.came <= noticed,
            KeyState::Lost => true,
            // It has missed nothing yet, or its gap begins when the server confirms the refused subscription.
            KeyState::Unserved | KeyState::Refused { .. } => false,
        };
        if is_lost {
            self.queue.outage(|outage| {
                outage.change(&mut self.state, KeyState::Lost);
                outage.begins(since);
            });
        }
    }

    pub(super) fn asked(&mut self) {
        if self.state == KeyState::Held {
            self.queue
                .outage(|outage| outage.change(&mut self.state, KeyState::Asked));
        }
    }

    pub(super) fn refused(&mut self) {
        let served = match self.state {
            KeyState::Unserved => false,
            KeyState::Refused { served } => served,
            KeyState::Held | KeyState::Asked | KeyState::Lost => true,
        };
        let to = KeyState::Refused { served };
        self.queue
            .outage(|outage| outage.change(&mut self.state, to));
    }

    pub(super) fn confirmed(&mut self, gap: Option<(Instant, Instant)>) {
        let before = self.state;
        self.queue.outage(|outage| {
            outage.change(&mut self.state, KeyState::Held);
            match (before, gap) {
                (KeyState::Unserved | KeyState::Refused { served: false }, _) => {}
                (KeyState::Lost, None) => {
                    let until = now();
                    outage.ends(outage.since().unwrap_or(until), until);
                }
                // A gap that ended before the stream began is not a gap of this stream.
                (_, Some((since, until))) if until >= self.came => outage.ends(since, until),
                (_, _) => {}
            }
        });
    }
}

impl<F: Footprint> Observer<F> {
    /// Applies a change of any key to an observer without keys, if it existed when the task noticed the change.
    pub(super) fn tell(&self, noticed: Instant, change: impl FnOnce(&mut Outage)) {
        if self.keyless_since.is_some_and(|came| came <= noticed) {
            self.queue.outage(change);
        }
    }
}
