//! The state of a part of the kit on one console, and the task that updates it.

use att_console::Console;
use std::future::Future;
use std::sync::Arc;
use tokio::task::AbortHandle;

/// A task that is aborted when this is dropped.
#[derive(Debug)]
pub(crate) struct TaskGuard(AbortHandle);

impl TaskGuard {
    /// Starts a task.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(task).abort_handle())
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The value that all handles of a console share.
struct Extension<S> {
    state: Arc<S>,
    _task: TaskGuard,
}

/// The state of this type, which all handles of the console share. The first call makes it and starts its task, which ends with
/// the console: it must not hold a handle.
///
/// # Panics
///
/// Outside a tokio runtime.
pub(crate) fn console_state<S, F>(
    console: &Console,
    make: impl FnOnce() -> S,
    task: impl FnOnce(Arc<S>) -> F,
) -> Arc<S>
where
    S: Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let extension = console.extension(|| {
        let state = Arc::new(make());
        let task = TaskGuard::spawn(task(Arc::clone(&state)));
        Extension { state, _task: task }
    });
    Arc::clone(&extension.state)
}
