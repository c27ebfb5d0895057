//! The tasks in which callbacks are called.

use alta_socket::TaskGuard;
use att_kit::{Outcome, catch_panic};
use futures_util::FutureExt as _;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The tasks of a bot. Dropping them ends them.
#[derive(Default)]
pub(crate) struct Callbacks(Mutex<Tasks>);

#[derive(Default)]
struct Tasks {
    running: Vec<Arc<TaskGuard>>,
    is_closed: bool,
}

impl Callbacks {
    /// Runs a task until it ends or this is closed.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.lock();
        if tasks.is_closed {
            return;
        }
        tasks
            .running
            .retain(|task| task.ended().now_or_never().is_none());
        tasks
            .running
            .push(Arc::new(TaskGuard::spawn(|shutdown| async move {
                tokio::select! {
                    biased;
                    () = shutdown.requested() => {}
                    () = task => {}
                }
            })));
    }

    /// Ends all tasks and waits until they have ended. A task that waits here ends as well, in the middle of it.
    pub(crate) async fn close(&self) {
        let tasks = {
            let mut tasks = self.lock();
            tasks.is_closed = true;
            tasks.running.clone()
        };
        // All at the same time: one that is slow to end delays no other.
        for task in &tasks {
            task.stop();
        }
        for task in &tasks {
            task.close().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tasks> {
        // It is changed in single steps, so it stays consistent if something panics beside it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
