//! The state of a console, and waiting for it.

use crate::error::{Error, ErrorKind};
use crate::handle::console::Console;
use crate::shared::{Call, Shared};
use crate::status::{State, Status};
use alta_model::Timestamp;
use alta_socket::{deadline_after, wall_time};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The states of a console as a stream; see [`Console::statuses`].
pub type Statuses = alta_socket::Statuses<Shared>;

impl Console {
    /// Waits until the server has accepted the token, so that commands can run.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`] if the server refuses the console, or if it is closed meanwhile. Any other error is retried without
    /// end; [`ready_within`](Self::ready_within) has a timeout.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    #[doc(alias = "ensure_open")]
    pub async fn ready(&self) -> Result<(), Error> {
        let mut states = self.calls.shared.status.watch();
        let found = states
            .wait_for(|state| state.is_connected() || state.is_closed())
            .await;
        self.ready_or_closed(found)
    }

    /// Waits as [`ready`](Self::ready) does, with a timeout. A server needs minutes to start, and a console tries to reach a
    /// stopped server without end.
    ///
    /// ```no_run
    /// # use att_console::Console;
    /// # use std::time::Duration;
    /// # async fn run(console: Console) -> Result<(), att_console::Error> {
    /// console.ready_within(Duration::from_secs(10)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotReadyWithin`] at the timeout, with the error of the last attempt; the console keeps trying.
    /// [`ErrorKind::Closed`] if the server refuses the console, or if it is closed meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn ready_within(&self, timeout: Duration) -> Result<(), Error> {
        let mut states = self.calls.shared.status.watch();
        let mut last_error = None;
        let ready = states.wait_for(|state| {
            if let State::Recovering { because, .. } = state {
                last_error = Some(because.clone());
            }
            state.is_connected() || state.is_closed()
        });
        let deadline = deadline_after(now(), timeout);
        match self.calls.shared.timers.timeout_at(deadline, ready).await {
            Some(found) => self.ready_or_closed(found),
            None => Err(self.not_ready(ErrorKind::NotReadyWithin {
                after: timeout,
                because: last_error,
            })),
        }
    }

    /// The present state, and the counters.
    pub fn status(&self) -> Status {
        self.calls.shared.status()
    }

    /// The states of the console as a stream, each with the counters. It begins with the present state and ends when the console
    /// is closed.
    ///
    /// ```no_run
    /// # async fn run(console: att_console::Console) {
    /// // Waits until no command is pending.
    /// console.statuses().wait_for(|status| status.waiting == 0 && status.in_flight == 0).await;
    /// # }
    /// ```
    pub fn statuses(&self) -> Statuses {
        Statuses::new(Arc::clone(&self.calls.shared))
    }

    /// The time of the last frame on the latest lost connection; `None` before the first loss. Events since then can be
    /// missing. A stream of another console of the same server can [resume](crate::Subscribe::resuming) from this time.
    pub fn last_disconnect(&self) -> Option<Timestamp> {
        let received = *self.calls.shared.counters.last_received();
        received.map(|received| wall_time(received, now()).into())
    }

    /// Connects now, without the rest of the backoff. For a program that knows that the server is up again.
    pub async fn retry_now(&self) {
        // A closed console has nothing to retry.
        let _ = self.calls.sender.send(Call::RetryNow).await;
    }

    fn ready_or_closed(&self, found: Option<State>) -> Result<(), Error> {
        match found {
            Some(State::Closed { because }) => Err(self.not_ready(ErrorKind::Closed { because })),
            Some(_) => Ok(()),
            None => Err(self.not_ready(self.calls.shared.closed())),
        }
    }

    fn not_ready(&self, kind: ErrorKind) -> Error {
        let doing = format!("waiting for {} to be ready", self.label());
        Error::new(kind, doing)
    }
}

/// The present time of tokio's clock, which tests can pause.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
