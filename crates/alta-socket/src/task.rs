use std::future::Future;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// A task's ear for the wish to stop.
#[derive(Clone, Debug)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// Resolves when the task should stop. Cancel safe.
    pub async fn requested(&self) {
        self.0.cancelled().await;
    }

    /// Whether the task should stop.
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// The owner of a task: dropping it asks the task to stop, [`close`](Self::close) waits until it has.
#[derive(Debug)]
pub struct TaskGuard {
    stop: CancellationToken,
    done: CancellationToken,
}

impl TaskGuard {
    /// Starts a task on the current tokio runtime.
    pub fn spawn<F>(task: impl FnOnce(Shutdown) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let guard = Self {
            stop: CancellationToken::new(),
            done: CancellationToken::new(),
        };
        // Boxed: a future that awaits another by value holds room for it twice.
        let future = Box::pin(task(Shutdown(guard.stop.clone())));
        // Dropped with the task, however it ends: by return, by panic, by the runtime's end.
        let done = guard.done.clone().drop_guard();
        tokio::spawn(async move {
            let _done = done;
            future.await;
        });
        guard
    }

    /// Asks the task to stop, without waiting.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Asks the task to stop and waits until it has ended. Cancel safe; may be called any number of times.
    pub async fn close(&self) {
        self.stop.cancel();
        self.done.cancelled().await;
    }

    /// Waits for an answer that the task owes; `None` if it ends without giving it. A call can slip into a task's channel
    /// when the task is just gone, and would lie there unanswered as long as the channel lives.
    pub async fn answer<T>(&self, mut answer: oneshot::Receiver<T>) -> Option<T> {
        tokio::select! {
            biased;
            answered = &mut answer => answered.ok(),
            () = self.ended() => answer.try_recv().ok(),
        }
    }

    /// Waits until the task has ended, without asking it to. Cancel safe.
    pub async fn ended(&self) {
        self.done.cancelled().await;
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
