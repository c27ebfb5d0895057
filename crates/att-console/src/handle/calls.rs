//! The way of a call from a handle to the console's task, and of its outcome back.

use crate::error::{Closed, ErrorKind, Sent};
use crate::handle::extensions::Extensions;
use crate::shared::{Call, Outcome, Shared};
use crate::wire::frame::Frame;
use alta_socket::TaskGuard;
use std::fmt;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// The channel's places for calls other than commands.
const OTHER_CALLS: usize = 64;

/// The usual size of a pending command, in bytes. A longer command counts as several.
const COMMAND_SIZE: usize = 8 * 1024;

/// All handles of one console share this.
pub struct Calls {
    pub(super) shared: Arc<Shared>,
    pub(super) sender: mpsc::Sender<Call>,
    /// A permit for each pending command of the usual size. Further callers wait for one; their timeouts run meanwhile.
    room: Semaphore,
    permits: usize,
    pub(super) task: TaskGuard,
    pub(super) extensions: Extensions,
}

impl Calls {
    /// Starts the console's task by `spawn`, which gets the receiver of the calls.
    pub(super) fn new(
        shared: Arc<Shared>,
        spawn: impl FnOnce(mpsc::Receiver<Call>) -> TaskGuard,
    ) -> Self {
        let most = Semaphore::MAX_PERMITS - OTHER_CALLS;
        let permits = shared.config.max_pending.clamp(1, most);
        let (sender, inbox) = mpsc::channel(permits + OTHER_CALLS);
        Self {
            shared,
            sender,
            room: Semaphore::new(permits),
            permits,
            task: spawn(inbox),
            extensions: Extensions::default(),
        }
    }

    /// Sends a command of this many bytes to the task and waits for its outcome. If there is no room for it, waits for room
    /// until the deadline.
    pub(super) async fn command(
        &self,
        command: impl FnOnce(Outcome) -> Call,
        bytes: usize,
        deadline: Instant,
        timeout: Duration,
    ) -> Result<Option<Frame>, ErrorKind> {
        let permits = (1 + bytes / COMMAND_SIZE).min(self.permits);
        let permits = u32::try_from(permits).unwrap_or(u32::MAX);
        let room = self.room.try_acquire_many(permits).ok();
        let reserved = room.zip(self.sender.try_reserve().ok());
        let (room, place) = if let Some(reserved) = reserved {
            reserved
        } else {
            // Boxed, since most commands find room and never wait.
            let waiting = self.task.unless_ended(async {
                let room = self.room.acquire_many(permits).await.ok()?;
                Some((room, self.sender.reserve().await.ok()?))
            });
            let waiting = Box::pin(self.shared.timers.timeout_at(deadline, waiting));
            let timed_out = ErrorKind::TimedOut {
                after: timeout,
                sent: Sent::NotSent,
            };
            let reserved = waiting.await.ok_or(timed_out)?.flatten();
            reserved.ok_or_else(|| self.shared.closed())?
        };
        let outcome = self.outcome(place, command).await;
        // Held until now: the command was pending.
        drop(room);
        outcome.unwrap_or_else(|| Err(self.shared.dropped_call()))
    }

    /// Sends a call to the task and waits for its outcome.
    pub(super) async fn ask(
        &self,
        call: impl FnOnce(Outcome) -> Call,
    ) -> Result<Result<Option<Frame>, ErrorKind>, ErrorKind> {
        let closed = || self.shared.closed();
        let place = self.sender.reserve().await.map_err(|_| closed())?;
        self.outcome(place, call).await.ok_or_else(closed)
    }

    /// Sends a call and waits for its outcome. Returns `None` if the task ends without one.
    async fn outcome(
        &self,
        place: mpsc::Permit<'_, Call>,
        call: impl FnOnce(Outcome) -> Call,
    ) -> Option<Result<Option<Frame>, ErrorKind>> {
        let (sender, outcome) = oneshot::channel();
        place.send(call(Outcome(sender)));
        // A task that ends drops the calls in its channel. This call can arrive after that and would stay there, so its
        // outcome is awaited only until the task has ended.
        fence(Ordering::SeqCst);
        if self.sender.is_closed() {
            return Box::pin(self.task.reply(outcome)).await;
        }
        outcome.await.ok()
    }
}

/// The way of a call of a handle that does not keep the console open.
#[derive(Clone, Debug)]
pub(super) struct WeakCalls {
    pub(super) calls: Weak<Calls>,
    pub(super) shared: Arc<Shared>,
}

impl WeakCalls {
    /// Sends a command to the task and waits for its outcome, as [`Calls::command`] does. It needs no permit: the channel has
    /// places for other calls.
    pub(super) async fn command(
        &self,
        command: impl FnOnce(Outcome) -> Call,
        deadline: Instant,
        timeout: Duration,
    ) -> Result<Option<Frame>, ErrorKind> {
        let calls = self.calls.upgrade().ok_or(ErrorKind::Closed {
            because: Closed::ByUs,
        })?;
        // A sender does not keep the task alive.
        let sender = calls.sender.clone();
        drop(calls);
        let place = self.shared.timers.timeout_at(deadline, sender.reserve());
        let timed_out = ErrorKind::TimedOut {
            after: timeout,
            sent: Sent::NotSent,
        };
        let place = place.await.ok_or(timed_out)?;
        let place = place.map_err(|_| self.shared.closed())?;
        let (outcome, mut received) = oneshot::channel();
        place.send(command(Outcome(outcome)));
        let outcome = tokio::select! {
            biased;
            outcome = &mut received => outcome.ok(),
            // The task has ended. The call can have arrived after that.
            () = sender.closed() => received.try_recv().ok(),
        };
        outcome.unwrap_or_else(|| Err(self.shared.dropped_call()))
    }
}

impl Drop for Calls {
    /// Without this line, a program that drops its console by mistake would only see its streams end.
    fn drop(&mut self) {
        if !self.shared.status.get().is_closed() {
            let console = &self.shared.label;
            tracing::info!(%console, "the console closes: its last handle was dropped (a stream does not keep it open)");
        }
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("label", &self.shared.label.get())
            .field("state", &self.shared.status.get())
            .finish_non_exhaustive()
    }
}
