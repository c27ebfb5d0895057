use crate::calls::{Call, Calls};
use crate::deadline::Deadline;
use crate::keyed_queues::KeyedQueues;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use tokio::task::{Id, JoinError, JoinSet};
use tracing::{Instrument as _, Span};

/// The calls of handlers: those of one key one after another, those of different keys concurrently within the limits. Each runs
/// in a task of its own, so one that panics or hangs harms no other.
pub struct HandlerQueue<K> {
    calls: Calls,
    queues: KeyedQueues<K, Call>,
    tasks: JoinSet<()>,
    keys: HashMap<Id, K>,
}

impl<K: Clone + Eq + Hash> HandlerQueue<K> {
    /// A queue that runs at most `at_once` calls at the same time.
    pub fn new(calls: &Calls, at_once: usize) -> Self {
        Self {
            queues: KeyedQueues::new(at_once, calls.limits().waiting),
            calls: calls.clone(),
            tasks: JoinSet::new(),
            keys: HashMap::new(),
        }
    }

    /// Returns whether the caller must wait for [`progress`](Self::progress) before it pushes more calls.
    pub fn is_full(&self) -> bool {
        self.queues.is_full()
    }

    /// Returns whether there are calls that have not begun.
    pub fn has_waiting(&self) -> bool {
        self.queues.has_waiting()
    }

    /// Adds a call to the queue of a key.
    pub fn push(&mut self, key: K, call: Call) {
        self.queues.push(key, call);
        self.begin();
    }

    /// Adds a call that waits for all earlier ones, and that all later ones wait for.
    pub fn push_barrier(&mut self, key: K, call: Call) {
        self.queues.push_barrier(key, call);
        self.begin();
    }

    /// Waits until a call ends, and begins the next. Pending while no call runs.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn progress(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.ended(&ended),
            None => std::future::pending().await,
        }
    }

    fn ended(&mut self, ended: &Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        if let Some(key) = self.keys.remove(&id) {
            self.queues.done(&key);
        }
        self.begin();
    }

    fn begin(&mut self) {
        while let Some((key, call)) = self.queues.begin() {
            let task = call.run(self.calls.clone());
            let task = self.tasks.spawn(task.instrument(Span::current()));
            self.keys.insert(task.id(), key);
        }
    }

    /// Begins no more calls, lets those that run continue until the deadline, and cancels the rest. Returns how many calls were
    /// not made or did not finish.
    pub async fn finish(mut self, mut deadline: Deadline) -> usize {
        let dropped = self.queues.clear();
        tokio::select! {
            () = self.idle() => {}
            () = deadline.passed() => {}
        }
        let running = self.tasks.len();
        self.tasks.shutdown().await;
        dropped + running
    }

    /// Waits until no call runs.
    async fn idle(&mut self) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.ended(&ended);
        }
    }
}

impl<K> fmt::Debug for HandlerQueue<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerQueue")
            .field("running", &self.tasks.len())
            .finish_non_exhaustive()
    }
}
