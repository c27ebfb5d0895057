use super::error::ShutdownError;
use super::plan::in_words;
use std::fmt;
use std::future::pending;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// A shutdown that has started. When this is dropped, the shutdown is canceled, unless the server quits already.
#[derive(Debug)]
pub struct RunningShutdown {
    stages: mpsc::Receiver<Stage>,
    cancel: Option<oneshot::Sender<()>>,
    end: oneshot::Receiver<Result<ShutdownEnd, ShutdownError>>,
}

/// A stage that a shutdown has reached.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Stage {
    /// The players were told how much time is left, or nobody is online.
    Announced {
        /// The time that is left.
        left: Duration,
    },
    /// An announcement failed. It is not repeated.
    NotAnnounced {
        /// The time that is left.
        left: Duration,
        /// The error of the command.
        error: att_console::Error,
    },
    /// The server has not confirmed a save, which is repeated.
    SaveFailed(att_console::Error),
    /// The server has saved.
    Saved,
    /// The command to quit was sent. The shutdown cannot be canceled any more.
    Quit,
    /// The connection is lost: the server has stopped.
    Stopped,
}

/// The end of a shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShutdownEnd {
    /// It was canceled. The server runs on.
    Canceled,
    /// The server has stopped, and the plan does not wait for its return.
    Stopped,
    /// The console is ready again.
    Returned {
        /// The time since the command to quit.
        after: Duration,
    },
}

impl RunningShutdown {
    pub(super) fn new(
        stages: mpsc::Receiver<Stage>,
        cancel: oneshot::Sender<()>,
        end: oneshot::Receiver<Result<ShutdownEnd, ShutdownError>>,
    ) -> Self {
        Self {
            stages,
            cancel: Some(cancel),
            end,
        }
    }

    /// The next stage; `None` after the end.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next_stage(&mut self) -> Option<Stage> {
        self.stages.recv().await
    }

    /// Cancels the shutdown, unless the server quits already; [`end`](Self::end) says which. Players who have seen an
    /// announcement are told.
    pub fn cancel(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            // The shutdown may have ended.
            let _ = cancel.send(());
        }
    }

    /// Waits for the end.
    ///
    /// # Errors
    ///
    /// See [`ShutdownErrorKind`](super::ShutdownErrorKind).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the shutdown is canceled, unless the server quits already.
    pub async fn end(mut self) -> Result<ShutdownEnd, ShutdownError> {
        match (&mut self.end).await {
            Ok(end) => end,
            // The runtime ends, and the caller with it.
            Err(_) => pending().await,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Announced { left } => write!(f, "announced, {} left", in_words(*left)),
            Self::NotAnnounced { left, error } => {
                write!(f, "not announced, {} left: {error}", in_words(*left))
            }
            Self::SaveFailed(error) => write!(f, "not saved: {error}"),
            Self::Saved => f.write_str("saved"),
            Self::Quit => f.write_str("told to quit"),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}
