//! The connection between a set of consoles and a stream over it.

use crate::key::Key;
use alta_model::Timestamp;
use att_console::{Console, EventName, Subscribe, Subscription};
use futures_util::task::AtomicWaker;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The subscribe function of a stream, for one console.
pub(crate) type SubscribeOn<T> = Arc<dyn Fn(&Console) -> Subscribe<T> + Send + Sync>;

/// The state that a stream shares with the set. The set subscribes on a console as soon as it is added, not when the stream is
/// read next: the events in between would be lost.
pub(crate) struct Feed<T, K> {
    names: Vec<EventName>,
    /// The only console that is wanted; `None` for all.
    only: Option<K>,
    subscribe: SubscribeOn<T>,
    state: Mutex<State<T, K>>,
    pub(crate) waker: AtomicWaker,
}

pub(crate) struct State<T, K> {
    /// The changes that the stream has not applied yet.
    pub(crate) changes: VecDeque<Change<T, K>>,
    /// The consoles that were in the set since the stream began.
    pub(crate) seen: BTreeMap<K, Seen>,
    /// Consoles that are no longer wanted, although all others are.
    excluded: BTreeSet<K>,
    /// True if no further console will be added.
    pub(crate) is_complete: bool,
    /// True if the stream was ended.
    pub(crate) is_ended: bool,
}

pub(crate) enum Change<T, K> {
    /// Boxed, since it is much larger than the others.
    Joined(K, Box<Subscription<T>>),
    Left(K),
    Excluded(K),
    /// No console is in the set any more.
    AllLeft,
}

#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) is_member: bool,
    /// The instant since which the stream misses events of a console that has left; for a present console, of the one before.
    pub(crate) since: Option<Timestamp>,
}

impl<T, K: Key> Feed<T, K> {
    pub(crate) fn new(names: Vec<EventName>, only: Option<K>, subscribe: SubscribeOn<T>) -> Self {
        Self {
            names,
            only,
            subscribe,
            state: Mutex::new(State {
                changes: VecDeque::new(),
                seen: BTreeMap::new(),
                excluded: BTreeSet::new(),
                is_complete: false,
                is_ended: false,
            }),
            waker: AtomicWaker::new(),
        }
    }

    pub(crate) fn names(&self) -> &[EventName] {
        &self.names
    }

    fn wants_by(&self, state: &State<T, K>, key: &K) -> bool {
        !state.is_ended
            && self.only.as_ref().is_none_or(|only| only == key)
            && !state.excluded.contains(key)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State<T, K>> {
        // Each change is one step, so the state stays consistent after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The interface of a stream for the set, without the type of its events.
pub(crate) trait Follow<K>: Send + Sync {
    fn names(&self) -> &[EventName];

    /// The only console that it wants; `None` for all.
    fn only(&self) -> Option<&K>;

    /// Returns whether it wants the events of this console.
    fn wants(&self, key: &K) -> bool;

    /// A console was added: the stream subscribes if it wants it.
    fn joined(&self, key: &K, console: &Console);

    /// A console has left the set. Its events are missing since this instant; `None` if it was never connected.
    fn left(&self, key: &K, since: Option<Timestamp>);

    /// No more consoles will be added.
    fn complete(&self);

    /// Excludes this console from now on, or ends the stream if it has no other. Returns false if that has already happened.
    fn exclude(&self, key: &K) -> bool;

    /// Ends the stream. Returns false if it has ended already.
    fn end(&self) -> bool;
}

impl<T: 'static, K: Key> Follow<K> for Feed<T, K> {
    fn names(&self) -> &[EventName] {
        &self.names
    }

    fn only(&self) -> Option<&K> {
        self.only.as_ref()
    }

    fn wants(&self, key: &K) -> bool {
        self.wants_by(&self.lock(), key)
    }

    fn joined(&self, key: &K, console: &Console) {
        // Locked until the end, so that no other call unsubscribes in between.
        let mut state = self.lock();
        if state.is_complete || !self.wants_by(&state, key) {
            return;
        }
        let mut subscribe = (self.subscribe)(console);
        let seen = state.seen.entry(key.clone()).or_insert(Seen {
            is_member: true,
            since: None,
        });
        seen.is_member = true;
        if let Some(since) = seen.since {
            subscribe = subscribe.resuming(since);
        }
        let change = Change::Joined(key.clone(), Box::new(subscribe.start()));
        state.changes.push_back(change);
        state.is_complete |= self.only.is_some();
        drop(state);
        self.waker.wake();
    }

    fn left(&self, key: &K, since: Option<Timestamp>) {
        let mut state = self.lock();
        let Some(seen) = state.seen.get_mut(key) else {
            return;
        };
        let was_member = std::mem::take(&mut seen.is_member);
        seen.since = match (seen.since, since) {
            // The same gap: its earliest known begin counts.
            (Some(before), Some(since)) if !was_member => Some(before.min(since)),
            (before, since) => since.or(before),
        };
        if was_member {
            state.changes.push_back(Change::Left(key.clone()));
            drop(state);
            self.waker.wake();
        }
    }

    fn complete(&self) {
        let mut state = self.lock();
        state.is_complete = true;
        state.changes.push_back(Change::AllLeft);
        drop(state);
        self.waker.wake();
    }

    fn exclude(&self, key: &K) -> bool {
        if self.only.is_some() {
            return self.end();
        }
        let mut state = self.lock();
        let is_first = !state.is_ended && state.excluded.insert(key.clone());
        if is_first {
            state.seen.remove(key);
            state.changes.push_back(Change::Excluded(key.clone()));
        }
        drop(state);
        self.waker.wake();
        is_first
    }

    fn end(&self) -> bool {
        let is_first = !std::mem::replace(&mut self.lock().is_ended, true);
        self.waker.wake();
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use att_console::ConsoleAccess;
    use serde_json::Value;

    fn console() -> Console {
        let url = "ws://127.0.0.1:1/".parse().unwrap();
        Console::open(ConsoleAccess::new(url, "abc".to_owned()))
    }

    fn feed() -> Feed<Value, u32> {
        let names = vec![EventName::from("PlayerJoined")];
        let subscribe = |console: &Console| console.subscribe_to(["PlayerJoined"]);
        Feed::new(names, None, Arc::new(subscribe))
    }

    #[tokio::test]
    async fn a_gap_begins_no_later_when_a_console_that_was_removed_is_closed() {
        let (feed, console) = (feed(), console());
        let at = |second| format!("2024-01-01T00:00:{second:02}Z").parse().unwrap();
        let since = || feed.lock().seen[&1].since;
        feed.joined(&1, &console);
        feed.left(&1, Some(at(10)));
        feed.left(&1, Some(at(20)));
        assert_eq!(since(), Some(at(10)));
        feed.left(&1, Some(at(5)));
        feed.left(&1, None);
        assert_eq!(since(), Some(at(5)));
        feed.joined(&1, &console);
        feed.left(&1, Some(at(30)));
        assert_eq!(since(), Some(at(30)), "the second console closed that gap");
    }

    #[tokio::test]
    async fn a_console_that_has_left_is_forgotten_when_it_is_unsubscribed_from() {
        let (feed, console) = (feed(), console());
        feed.joined(&1, &console);
        feed.left(&1, Some(Timestamp::now()));
        assert!(feed.exclude(&1));
        let events = crate::console_events::ConsoleEvents::new(Arc::new(feed));
        assert_eq!(events.interrupted_since(), None);
        assert!(events.is_live());
    }

    #[tokio::test]
    async fn a_console_that_is_added_just_when_it_is_unsubscribed_from_is_left_out() {
        let (feed, console) = (feed(), console());
        assert!(feed.wants(&1) && feed.exclude(&1));
        feed.joined(&1, &console);
        feed.joined(&2, &console);
        assert!(feed.wants(&3) && feed.end());
        feed.joined(&3, &console);
        let state = feed.lock();
        let joined = state.changes.iter().filter_map(|change| match change {
            Change::Joined(key, _) => Some(*key),
            _ => None,
        });
        assert_eq!(joined.collect::<Vec<_>>(), [2]);
    }
}
