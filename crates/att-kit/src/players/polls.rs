//! The state that the readers of one kind of snapshot share with the task that requests them.

use super::poller::Demand;
use super::snapshot::{SentAt, Snapshot};
use att_console::{Closed, Error, ErrorKind};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// The smallest interval. Bots that sent more requests than this made servers slow.
const FASTEST: Duration = Duration::from_millis(20);

/// Longer than any program runs, and short enough for the arithmetic of clocks.
const SLOWEST: Duration = Duration::from_secs(30 * 365 * 24 * 3_600);

pub(super) struct Polls<T> {
    born: Instant,
    wishes: Mutex<Wishes>,
    /// Notifies the task of other wishes.
    changed: Notify,
    state: watch::Sender<State<T>>,
}

#[derive(Default)]
struct Wishes {
    by_reader: BTreeMap<u64, Wish>,
    last: u64,
}

#[derive(Clone, Copy)]
enum Wish {
    Every(Duration),
    /// One snapshot whose request was sent at this instant or later.
    Since(Instant),
}

pub(super) struct State<T> {
    pub(super) latest: Option<Arc<Snapshot<T>>>,
    /// The latest request, if it failed.
    pub(super) failure: Option<Arc<Failure>>,
    pub(super) closed: Option<Closed>,
}

pub(super) struct Failure {
    /// When the request was sent, or when it failed without being sent.
    at: Instant,
    pub(super) error: Error,
}

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        Self {
            latest: self.latest.clone(),
            failure: self.failure.clone(),
            closed: self.closed.clone(),
        }
    }
}

impl<T> Polls<T> {
    pub(super) fn new() -> Self {
        let (latest, failure, closed) = (None, None, None);
        Self {
            born: Instant::now(),
            wishes: Mutex::default(),
            changed: Notify::new(),
            state: watch::Sender::new(State {
                latest,
                failure,
                closed,
            }),
        }
    }

    pub(super) fn states(&self) -> watch::Receiver<State<T>> {
        self.state.subscribe()
    }

    pub(super) fn latest(&self) -> Option<Arc<Snapshot<T>>> {
        self.state.borrow().latest.clone()
    }

    pub(super) fn failure(&self) -> Option<Error> {
        let failure = self.state.borrow().failure.clone()?;
        Some(failure.error.clone())
    }

    pub(super) fn demand(&self) -> Demand {
        let mut demand = Demand::default();
        for wish in self.wishes().by_reader.values() {
            match *wish {
                Wish::Every(every) => {
                    let least = demand
                        .interval
                        .map_or(every, |interval| interval.min(every));
                    demand.interval = Some(least);
                }
                Wish::Since(since) => demand.since = demand.since.max(Some(since)),
            }
        }
        demand
    }

    /// Waits until the wishes have changed.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(super) fn publish(&self, snapshot: Snapshot<T>) {
        self.state.send_modify(|state| {
            state.latest = Some(Arc::new(snapshot));
            state.failure = None;
        });
    }

    pub(super) fn fail(&self, error: Error, sent: Option<SentAt>) {
        let at = sent.map_or_else(Instant::now, |sent| sent.0);
        self.state
            .send_modify(|state| state.failure = Some(Arc::new(Failure { at, error })));
    }

    /// Ends the streams. The first cause is kept.
    pub(super) fn end(&self, because: Closed) {
        self.state.send_if_modified(|state| {
            let is_first = state.closed.is_none();
            state.closed.get_or_insert(because);
            is_first
        });
    }

    /// Requests snapshots at this interval until the reader is dropped.
    pub(super) fn every(self: &Arc<Self>, every: Duration) -> (Reader<T>, Duration) {
        let every = every.clamp(FASTEST, SLOWEST);
        (self.add(Wish::Every(every)), every)
    }

    /// The newest snapshot, if it is at most this old; or else the next one.
    pub(super) async fn within(
        self: &Arc<Self>,
        max_age: Duration,
        doing: &'static str,
    ) -> Result<Arc<Snapshot<T>>, Error> {
        let since = Instant::now().checked_sub(max_age).unwrap_or(self.born);
        let mut states = self.states();
        if let Some(ended) = ended(&states.borrow(), since, doing) {
            return ended;
        }
        let _reader = self.add(Wish::Since(since));
        let done = states
            .wait_for(|state| ended(state, since, doing).is_some())
            .await;
        let done = done.ok().and_then(|state| ended(&state, since, doing));
        done.unwrap_or_else(|| Err(closed(Closed::ByUs, doing)))
    }

    fn add(self: &Arc<Self>, wish: Wish) -> Reader<T> {
        let mut wishes = self.wishes();
        wishes.last += 1;
        let id = wishes.last;
        wishes.by_reader.insert(id, wish);
        drop(wishes);
        self.changed.notify_one();
        let polls = Arc::clone(self);
        Reader { polls, id }
    }

    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The outcome for a caller that needs a snapshot whose request was sent at this instant or later; `None` if the caller must wait.
fn ended<T>(
    state: &State<T>,
    since: Instant,
    doing: &'static str,
) -> Option<Result<Arc<Snapshot<T>>, Error>> {
    if let Some(latest) = state.latest.as_ref().filter(|it| it.sent() >= since) {
        return Some(Ok(Arc::clone(latest)));
    }
    if let Some(because) = &state.closed {
        return Some(Err(closed(because.clone(), doing)));
    }
    let failure = state.failure.as_ref().filter(|it| it.at >= since)?;
    Some(Err(failure.error.clone()))
}

fn closed(because: Closed, doing: &'static str) -> Error {
    Error::new(ErrorKind::Closed { because }, doing)
}

/// The wish of one reader, until this is dropped.
pub(super) struct Reader<T> {
    pub(super) polls: Arc<Polls<T>>,
    id: u64,
}

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        self.polls.wishes().by_reader.remove(&self.id);
        self.polls.changed.notify_one();
    }
}
