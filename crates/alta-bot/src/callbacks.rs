//! The tasks in which callbacks are called.

use crate::bot::{Bot, Inner};
use alta_socket::TaskGuard;
use att_kit::{Outcome, catch_panic};
use futures_util::FutureExt as _;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The tasks of a bot. Dropping them ends them.
#[derive(Default)]
pub(crate) struct Callbacks(Mutex<Vec<Arc<TaskGuard>>>);

impl Callbacks {
    /// Ends all tasks and waits until they have ended. A task that waits here ends as well, in the middle of it.
    pub(crate) async fn close(&self) {
        let tasks = self.lock().clone();
        // All at once: one that is slow to end holds up no other.
        for task in &tasks {
            task.stop();
        }
        for task in &tasks {
            task.close().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<TaskGuard>>> {
        // A list that is changed in one step is whole whatever panicked beside it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A bot that a task can get a handle of, without keeping it open.
pub(crate) struct WeakBot(Weak<Inner>);

impl WeakBot {
    pub(crate) fn upgrade(&self) -> Option<Bot> {
        self.0.upgrade().map(|inner| Bot { inner })
    }
}

impl Bot {
    /// Runs a task that ends with the bot.
    pub(crate) fn handle<F>(&self, task: impl FnOnce(WeakBot) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let task = task(WeakBot(Arc::downgrade(&self.inner)));
        let mut tasks = self.inner.callbacks.lock();
        tasks.retain(|task| task.ended().now_or_never().is_none());
        if self.inner.closing.get() {
            return;
        }
        tasks.push(Arc::new(TaskGuard::spawn(|shutdown| async move {
            tokio::select! {
                biased;
                () = shutdown.requested() => {}
                () = task => {}
            }
        })));
    }
}

/// Calls a callback. One that fails or panics is logged: the next event may be none of its difficult ones.
pub(crate) async fn call<F: Future<Output: Outcome>>(
    event: &(dyn fmt::Display + Sync),
    handler: impl FnOnce() -> F,
) {
    let outcome = catch_panic(async move { handler().await }).await;
    match outcome.map(Outcome::result) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%event, error = &*error, "a callback failed"),
        Err(panic) => tracing::error!(%event, panic, "a callback panicked"),
    }
}
