use att_console::Closed;
use std::time::Duration;

alta_model::error_type! {
    /// A shutdown failed. [`kind`](Self::kind) names the step that failed.
    pub struct ShutdownError(ShutdownErrorKind, ());
}

/// The step that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShutdownErrorKind {
    /// The server did not confirm that it has saved. It continues to run.
    #[error("the server has not saved, so it was not stopped{}", because(.0.as_ref()))]
    NotSaved(#[source] Option<att_console::Error>),
    /// The command to quit was refused, or could not be sent. The server has saved and continues to run.
    #[error("the server was not stopped{}", because(.0.as_ref()))]
    NotQuit(#[source] Option<att_console::Error>),
    /// The command to quit was sent, but the connection was not lost within this time.
    #[error("the server still runs {0:?} after the command to quit")]
    StillRunning(Duration),
    /// The server has stopped, and its console was not ready again within this time after the command to quit.
    #[error("the server has stopped, and has not returned within {0:?}")]
    NotReturned(Duration),
    /// The console was closed meanwhile. The further steps of the server are unknown.
    #[error("the console was closed: {0}")]
    Closed(#[source] Closed),
}

fn because(error: Option<&att_console::Error>) -> String {
    error.map_or_else(
        || ": there is no connection".to_owned(),
        |error| format!(": {error}"),
    )
}
