//! The counters of a runner: read by [`Health`](crate::Health), and with the feature `metrics` also by the recorder of that
//! facade. The names are in the documentation of [`Runner`](crate::Runner).

use crate::failure::Failure;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(crate) struct Counters {
    events: AtomicU64,
    missed: AtomicU64,
    failures: AtomicU64,
    running: AtomicU64,
    sessions: AtomicU64,
}

/// The totals of a runner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Console events that were passed to handlers.
    pub events: u64,
    /// Console events that were missed; a gap counts as one.
    pub missed: u64,
    /// Failures of handlers.
    pub failures: u64,
    /// Handlers that run now, except [`on_session`](crate::Handlers::on_session).
    pub running: u64,
    /// Console sessions that began.
    pub sessions: u64,
}

/// Counts a handler as running until it is dropped.
pub(crate) struct Running<'a>(&'a Counters);

impl Counters {
    pub(crate) fn new() -> Self {
        #[cfg(feature = "metrics")]
        describe();
        Self::default()
    }

    pub(crate) fn totals(&self) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            events: read(&self.events),
            missed: read(&self.missed),
            failures: read(&self.failures),
            running: read(&self.running),
            sessions: read(&self.sessions),
        }
    }

    pub(crate) fn event(&self, name: &str) {
        self.events.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::counter!("pytale_events_total", "event" => name.to_owned()).increment(1);
        #[cfg(not(feature = "metrics"))]
        let _ = name;
    }

    pub(crate) fn missed(&self, events: u64) {
        self.missed.fetch_add(events, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::counter!("pytale_missed_total").increment(events);
    }

    pub(crate) fn failed(&self, failure: &Failure) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::counter!(
            "pytale_handler_failures_total",
            "handler" => failure.handler,
            "kind" => failure.kind.name(),
        )
        .increment(1);
        #[cfg(not(feature = "metrics"))]
        let _ = failure;
    }

    pub(crate) fn session(&self) {
        self.sessions.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::counter!("pytale_console_sessions_total").increment(1);
    }

    pub(crate) fn running(&self) -> Running<'_> {
        self.running.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::gauge!("pytale_handlers_running").increment(1.0);
        Running(self)
    }
}

/// Describes each name to recorders that show descriptions.
#[cfg(feature = "metrics")]
fn describe() {
    for (name, what) in [
        (
            "pytale_events_total",
            "console events that were passed to handlers",
        ),
        (
            "pytale_missed_total",
            "console events that were missed; a gap counts as one",
        ),
        ("pytale_handler_failures_total", "failures of handlers"),
        (
            "pytale_console_sessions_total",
            "console sessions that began",
        ),
    ] {
        metrics::describe_counter!(name, what);
    }
    for (name, what) in [
        (
            "pytale_handlers_running",
            "handlers that run now, except on_session",
        ),
        ("pytale_consoles", "consoles that are open"),
        (
            "pytale_consoles_connected",
            "consoles on which commands run now",
        ),
    ] {
        metrics::describe_gauge!(name, what);
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::gauge!("pytale_handlers_running").decrement(1.0);
    }
}
