use futures_util::FutureExt;
use std::future::Future;
use std::pin::pin;
use std::time::Instant;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// A task's view of the shutdown request.
#[derive(Clone, Debug)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// Resolves when the task must stop. Cancel safe.
    pub async fn requested(&self) {
        self.0.cancelled().await;
    }

    /// Returns whether the task must stop.
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// The timers of a task's runtime. A caller that waits for the task can be on another runtime, on one without timers,
/// or on none.
#[derive(Clone, Debug)]
pub struct Timers(Handle);

impl Timers {
    /// The timers of the current runtime.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[track_caller]
    pub fn current() -> Self {
        Self(Handle::current())
    }

    /// Waits for a future until the deadline; `None` if it was not ready by then. A future that can outlive the runtime must
    /// become ready when the runtime ends, since its timers end with it. As cancel safe as the future.
    pub async fn timeout_at<F: Future>(&self, deadline: Instant, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        // Most futures are ready at once, and need no timer.
        if let Some(output) = future.as_mut().now_or_never() {
            return Some(output);
        }
        let timeout = {
            let _inside = self.0.enter();
            tokio::time::timeout_at(deadline.into(), future)
        };
        timeout.await.ok()
    }
}

/// The owner of a task: dropping it requests the task to stop; [`close`](Self::close) also waits for its end.
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
        // Dropped with the task, whether it returns, panics or is canceled.
        let done = guard.done.clone().drop_guard();
        // A future that awaits another by value would reserve its size twice.
        tokio::spawn(task(Shutdown(guard.stop.clone())).map(|()| drop(done)));
        guard
    }

    /// Requests the task to stop, without waiting.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Requests the task to stop and waits until it has ended. Cancel safe; repeated calls are allowed.
    pub async fn close(&self) {
        self.stop.cancel();
        self.done.cancelled().await;
    }

    /// Waits for the reply of the task; `None` if the task ends without one. A call can enter the task's channel
    /// just after the task has ended, and would stay there without a reply as long as the channel exists.
    pub async fn reply<T>(&self, mut receiver: oneshot::Receiver<T>) -> Option<T> {
        tokio::select! {
            biased;
            reply = &mut receiver => reply.ok(),
            () = self.ended() => receiver.try_recv().ok(),
        }
    }

    /// Waits for a future that only this task makes ready; `None` if the task ends before.
    pub async fn unless_ended<F: Future>(&self, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = future => Some(output),
            () = self.ended() => None,
        }
    }

    /// Waits until the task has ended, without requesting it. Cancel safe.
    pub async fn ended(&self) {
        self.done.cancelled().await;
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
