use super::error::ShutdownError;
use super::stage::{ShutdownEnd, Stage};
use std::future::pending;
use tokio::sync::{mpsc, oneshot};

/// A shutdown that has started. When this is dropped, the shutdown is canceled, unless the server quits already.
#[derive(Debug)]
pub struct RunningShutdown {
    stages: mpsc::Receiver<Stage>,
    cancel: Option<oneshot::Sender<()>>,
    end: oneshot::Receiver<Result<ShutdownEnd, ShutdownError>>,
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

    /// Cancels the shutdown, unless the server quits already; [`end`](Self::end) returns the outcome. If the players have seen an
    /// announcement, they get a message.
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
