//! Where handlers are called: each in a task of its own, so that one that panics or hangs harms nobody else.

use super::context::Context;
use super::deadline::Deadline;
use super::failure::{Failure, FailureKind};
use super::handlers::Work;
use super::lanes::Lanes;
use crate::panics::caught;
use alta_model::chain;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinError, JoinSet};
use tracing::{Instrument as _, Span};

/// Calls of handlers, in lanes.
pub(crate) struct Desk<K> {
    context: Arc<Context>,
    lanes: Lanes<K, Call>,
    tasks: JoinSet<()>,
    keys: HashMap<Id, K>,
}

/// One call, with what is said of it if it fails. The function is called when it is its turn, not before.
pub(crate) struct Call {
    pub(crate) about: Failure,
    pub(crate) work: Box<dyn FnOnce() -> Work + Send>,
    /// How long it may take; none if it sees to that by itself.
    pub(crate) limit: Option<Duration>,
}

impl<K: Clone + Eq + Hash> Desk<K> {
    pub(crate) fn new(context: Arc<Context>, at_once: usize) -> Self {
        let waiting = context.limits.waiting;
        Self {
            context,
            lanes: Lanes::new(at_once, waiting),
            tasks: JoinSet::new(),
            keys: HashMap::new(),
        }
    }

    /// Whether to wait for [`turn`](Self::turn) before bringing more.
    pub(crate) fn is_full(&self) -> bool {
        self.lanes.is_full()
    }

    /// Whether there are calls that have not begun.
    pub(crate) fn has_waiting(&self) -> bool {
        self.lanes.has_waiting()
    }

    pub(crate) fn push(&mut self, key: K, call: Call) {
        self.lanes.push(key, call);
        self.begin();
    }

    /// A call that waits for everything before it, and that everything after it waits for.
    pub(crate) fn push_alone(&mut self, key: K, call: Call) {
        self.lanes.push_alone(key, call);
        self.begin();
    }

    /// Waits until a call ends, and begins the next. Never ends if there is none. Cancel safe.
    pub(crate) async fn turn(&mut self) {
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
            self.lanes.done(&key);
        }
        self.begin();
    }

    fn begin(&mut self) {
        while let Some((key, call)) = self.lanes.begin() {
            let task = call.run(Arc::clone(&self.context));
            let task = self.tasks.spawn(task.instrument(Span::current()));
            self.keys.insert(task.id(), key);
        }
    }

    /// Begins nothing more, lets what runs go on until the deadline, and ends the rest where it waits. Tells how many calls
    /// were not made or not let finish.
    pub(crate) async fn finish(mut self, mut deadline: Deadline) -> usize {
        let given_up = self.lanes.clear();
        tokio::select! {
            () = self.idle() => {}
            () = deadline.over() => {}
        }
        let running = self.tasks.len();
        self.tasks.shutdown().await;
        given_up + running
    }

    /// Waits until no call runs any more.
    async fn idle(&mut self) {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.ended(&ended);
        }
    }
}

impl Call {
    async fn run(self, context: Arc<Context>) {
        // The semaphore is never closed.
        let _permit = context.permits.acquire().await;
        let _running = context.meter.running();
        watched(self.about, self.work, self.limit, &context).await;
    }
}

/// Calls a handler and reports it if it fails.
pub(crate) async fn watched(
    about: Failure,
    work: impl FnOnce() -> Work + Send,
    limit: Option<Duration>,
    context: &Context,
) {
    let work = caught(async move { work().await });
    let ended = match limit {
        Some(limit) => tokio::time::timeout(limit, work).await.map_err(|_| limit),
        None => Ok(work.await),
    };
    let kind = match ended {
        Ok(Ok(Ok(()))) => return,
        Ok(Ok(Err(error))) => match error.downcast_ref::<Unreadable>() {
            Some(Unreadable(error)) => FailureKind::Unreadable(error.to_string()),
            None => FailureKind::Failed(chain(&*error).to_string()),
        },
        Ok(Err(panic)) => FailureKind::Panicked(panic),
        Err(limit) => FailureKind::TimedOut(limit),
    };
    context.report(&Failure { kind, ..about });
}

/// Stands for a handler that was not called, since its event could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the event could not be read")]
pub(crate) struct Unreadable(#[source] pub(crate) Box<dyn std::error::Error + Send + Sync>);
