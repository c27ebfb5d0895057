//! Running until the end.

use super::handle::Finished;
use super::runner::Runner;
use crate::clock::deadline_after;
use crate::deadline::{Deadline, request_stop, stop_requested};
use crate::duplicates::duplicates;
use crate::error::{Error, ErrorKind};
use crate::hints::warn_of_unknown_events;
use crate::key::Key;
use crate::shutdown_signal::shutdown_signal;
use att_console::Closed;
use std::future::Future;
use std::sync::Arc;
use tokio::time::Instant;
use tracing::info;

impl<K: Key> Runner<K> {
    /// Runs until the process gets a signal to end ([`shutdown_signal`]): then as [`run_until`](Self::run_until). A second signal
    /// ends the grace period.
    ///
    /// # Errors
    ///
    /// As [`run_until`](Self::run_until).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the handlers where they wait.
    pub async fn run(self) -> Result<Finished, Error> {
        let (stop, grace) = (self.stop.clone(), self.calls.limits().grace);
        // From now on, so that no signal is lost.
        let first = shutdown_signal();
        let signals = async {
            first.await;
            let second = shutdown_signal();
            request_stop(&stop, deadline_after(grace));
            second.await;
            request_stop(&stop, Instant::now());
        };
        let mut running = std::pin::pin!(self.run_until(std::future::pending()));
        tokio::select! {
            finished = &mut running => return finished,
            () = signals => {}
        }
        running.await
    }

    /// Runs until `shutdown` is ready, until a [handle](Self::handle) requests it, or until every console of the set is closed
    /// permanently. Then no more events are read, running handlers may continue for [`Limits::grace`](crate::Limits::grace) and are
    /// canceled after that, and the consoles of the set are closed. When this returns, nothing that it started runs.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] at once if the set is empty, if two of its consoles are the same server, whose handlers would be
    /// called twice, or if the limits cannot work; [`ErrorKind::Closed`] in the end if every console was closed permanently and
    /// one of them by a refusal.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the handlers where they wait; the consoles stay open if another handle exists.
    pub async fn run_until(
        self,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<Finished, Error> {
        self.check().await?;
        #[cfg(feature = "metrics")]
        let handle = self.handle();
        let work = self.work(shutdown);
        #[cfg(feature = "metrics")]
        let work = crate::gauges::with_gauges(move || handle.health().set_gauges(), work);
        work.await
    }

    async fn work(mut self, shutdown: impl Future<Output = ()> + Send) -> Result<Finished, Error> {
        let (mut stop, mut changes) = (self.stop.subscribe(), self.consoles.changes());
        let mut shutdown = std::pin::pin!(shutdown);
        let grace = self.calls.limits().grace;
        let by = loop {
            self.follow_set();
            if self.is_over() {
                break deadline_after(grace);
            }
            tokio::select! {
                () = &mut shutdown => break deadline_after(grace),
                by = stop_requested(&mut stop) => break by,
                _ = self.next() => {}
                // The set may be closed while no console is handled.
                Ok(()) = changes.changed() => self.is_changed = true,
            }
        };
        info!("closing");
        let refusal = self.refusal().filter(|_| self.is_over());
        let (consoles, finished) = (self.consoles.clone(), self.finished.clone());
        let given_up = self.finish(Deadline::new(by, &stop)).await;
        consoles.close().await;
        let result = Finished::new(given_up);
        finished.send_replace(Some(result));
        match refusal {
            Some((console, because)) => {
                let doing = format!("running the handlers of {console}");
                Err(Error::new(ErrorKind::Closed { because }, doing))
            }
            None => Ok(result),
        }
    }

    /// Finds the errors of the configuration.
    async fn check(&self) -> Result<(), Error> {
        let consoles = self.consoles.all();
        let mut problems = self.calls.limits().problems();
        if consoles.is_empty() {
            problems.push("no console was added".to_owned());
        }
        problems.extend(duplicates(&consoles).await);
        warn_of_unknown_events(&self.calls.handlers().event_names());
        if problems.is_empty() {
            return Ok(());
        }
        self.consoles.close().await;
        Err(Error::new(
            ErrorKind::Config { problems },
            "running handlers",
        ))
    }

    /// Returns whether every console is closed permanently. A set that the program has emptied may be filled again, unless it is closed.
    pub(super) fn is_over(&self) -> bool {
        self.held.is_empty() && (!self.ended.is_empty() || self.consoles.is_closed())
    }

    /// The first refusal of a console that is still in the set, with its name.
    fn refusal(&self) -> Option<(Arc<str>, Closed)> {
        let mut ended = self.ended.values();
        ended.find_map(|(console, refusal)| Some((console.label(), refusal.clone()?)))
    }
}
