use std::future::Future;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The tasks of one service: they run on one runtime and end together.
#[derive(Clone, Debug)]
pub struct Tasks {
    runtime: Handle,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// No tasks yet; they will run on this runtime.
    pub fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Starts a task. [`stop`](Self::stop) cancels it.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let stop = self.stop.clone();
        let task = async move {
            let _ = stop.run_until_cancelled_owned(task).await;
        };
        self.tracker.spawn_on(task, &self.runtime)
    }

    /// The runtime of the tasks.
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// A token that [`stop`](Self::stop) cancels, and that can be canceled by itself.
    pub fn child_token(&self) -> CancellationToken {
        self.stop.child_token()
    }

    /// Cancels all tasks.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Cancels all tasks and waits until they have ended.
    pub async fn stop_and_wait(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
