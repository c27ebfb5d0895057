//! The tasks that call the callbacks of a bot.

use alta_socket::TaskGuard;
use att_kit::{Outcome, catch_panic};
use futures_util::FutureExt as _;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The tasks of a bot. They end when this is dropped.
#[derive(Default)]
pub(crate) struct Callbacks(Mutex<Tasks>);

#[derive(Default)]
struct Tasks {
    running: Vec<Arc<TaskGuard>>,
    is_closed: bool,
}

impl Callbacks {
    /// Runs a task until it ends, or until [`close`](Self::close).
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

    /// Ends all tasks, and waits until they have ended. A task that calls this is canceled while it waits.
    pub(crate) async fn close(&self) {
        let tasks = {
            let mut tasks = self.lock();
            tasks.is_closed = true;
            tasks.running.clone()
        };
        // All at the same time: a slow one delays no other.
        for task in &tasks {
            task.stop();
        }
        for task in &tasks {
            task.close().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tasks> {
        // Each change is one step, so the state stays consistent after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls a callback. An error or a panic is logged, and the callback is called again for the next event.
pub(crate) async fn call<F: Future<Output: Outcome>>(
    event: &(dyn fmt::Display + Sync),
    handler: impl FnOnce() -> F,
) {
    let result = catch_panic(async move { handler().await }).await;
    match result.map(Outcome::result) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%event, error = &*error, "a callback failed"),
        Err(panic) => tracing::error!(%event, panic, "a callback panicked"),
    }
}
