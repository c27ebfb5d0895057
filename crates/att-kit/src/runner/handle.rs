use crate::calls::Calls;
use crate::clock::deadline_after;
use crate::consoles::Consoles;
use crate::deadline::{StopBy, request_stop};
use crate::health::Health;
use crate::key::Key;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The result of a shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished {
    /// Calls of handlers that were not made or did not finish. Those of [`Handlers::on_session`](crate::Handlers::on_session), which end with their session,
    /// do not count.
    pub given_up: usize,
}

impl Finished {
    /// With this many calls.
    pub fn new(given_up: usize) -> Self {
        Self { given_up }
    }
}

/// A handle of a [`Runner`](crate::Runner): looks at it and shuts it down. Clones are handles of the same runner.
#[derive(Clone)]
pub struct RunnerHandle<K = Arc<str>> {
    calls: Calls,
    consoles: Consoles<K>,
    stop: watch::Sender<StopBy>,
    finished: watch::Receiver<Option<Finished>>,
}

impl<K: Key> RunnerHandle<K> {
    pub(crate) fn new(
        calls: Calls,
        consoles: Consoles<K>,
        stop: watch::Sender<StopBy>,
        finished: watch::Receiver<Option<Finished>>,
    ) -> Self {
        Self {
            calls,
            consoles,
            stop,
            finished,
        }
    }

    /// The consoles of the runner.
    pub fn consoles(&self) -> &Consoles<K> {
        &self.consoles
    }

    /// The consoles and the counters as of now.
    pub fn health(&self) -> Health<K> {
        Health::of(&self.consoles, &self.calls)
    }

    /// Shuts the runner down: no more events are read, running handlers may continue for this long and are canceled after
    /// that, and the consoles are closed. Returns when all of it has ended.
    ///
    /// A handler that waits for this waits for itself until the time is over. Of several calls, the earliest deadline counts.
    /// A runner that is dropped counts as ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; the shutdown continues.
    pub async fn shutdown(&self, within: Duration) -> Finished {
        request_stop(&self.stop, deadline_after(within));
        let mut finished = self.finished.clone();
        let finished = finished.wait_for(Option::is_some).await;
        let finished = finished.ok().and_then(|finished| *finished);
        finished.unwrap_or(Finished { given_up: 0 })
    }
}

impl<K: Key> fmt::Debug for RunnerHandle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunnerHandle")
            .field("consoles", &self.consoles)
            .finish_non_exhaustive()
    }
}
