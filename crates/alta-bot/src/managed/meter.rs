//! What a managed bot counts: for the health snapshot always, for the `metrics` facade with that feature.
//!
//! The names are in the documentation of [`ManagedBot`](crate::ManagedBot).

use super::failure::Failure;
#[cfg(feature = "metrics")]
use super::health::{Health, Sources};
#[cfg(feature = "metrics")]
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(feature = "metrics")]
use std::time::Duration;
#[cfg(feature = "metrics")]
use tokio::time::MissedTickBehavior;

#[derive(Debug, Default)]
pub(crate) struct Meter {
    events: AtomicU64,
    missed: AtomicU64,
    failures: AtomicU64,
    running: AtomicU64,
    sessions: AtomicU64,
    invites: AtomicU64,
}

/// What the meter shows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) events: u64,
    pub(crate) missed: u64,
    pub(crate) failures: u64,
    pub(crate) running: u64,
    pub(crate) sessions: u64,
    pub(crate) invites: u64,
}

/// Counts a handler as running until it is dropped.
pub(crate) struct Running<'a>(&'a Meter);

impl Meter {
    pub(crate) fn new() -> Self {
        #[cfg(feature = "metrics")]
        describe();
        Self::default()
    }

    pub(crate) fn reading(&self) -> Reading {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Reading {
            events: read(&self.events),
            missed: read(&self.missed),
            failures: read(&self.failures),
            running: read(&self.running),
            sessions: read(&self.sessions),
            invites: read(&self.invites),
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

    pub(crate) fn invite_accepted(&self) {
        self.invites.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::counter!("pytale_invites_accepted_total").increment(1);
    }

    pub(crate) fn running(&self) -> Running<'_> {
        self.running.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::gauge!("pytale_handlers_running").increment(1.0);
        Running(self)
    }
}

/// Says what each name is, to recorders that show it.
#[cfg(feature = "metrics")]
fn describe() {
    for (name, what) in [
        (
            "pytale_events_total",
            "console events that were handed to handlers",
        ),
        (
            "pytale_missed_total",
            "console events that were missed; a gap counts as one",
        ),
        ("pytale_handler_failures_total", "handlers that failed"),
        (
            "pytale_console_sessions_total",
            "console sessions that began",
        ),
        (
            "pytale_invites_accepted_total",
            "invitations that were accepted",
        ),
    ] {
        metrics::describe_counter!(name, what);
    }
    for (name, what) in [
        (
            "pytale_handlers_running",
            "handlers that run now, on_console excepted",
        ),
        ("pytale_groups", "groups that the bot belongs to"),
        (
            "pytale_servers_online",
            "servers of these groups that are online",
        ),
        ("pytale_players_online", "players on these servers"),
        ("pytale_consoles", "consoles that are open"),
        (
            "pytale_consoles_connected",
            "consoles on which commands run now",
        ),
    ] {
        metrics::describe_gauge!(name, what);
    }
}

/// How often the gauges of what there is are set.
#[cfg(feature = "metrics")]
const EVERY: Duration = Duration::from_secs(1);

/// Keeps the gauges while this work is done.
#[cfg(feature = "metrics")]
pub(crate) async fn with_gauges<T>(sources: Sources, work: impl Future<Output = T>) -> T {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut work = std::pin::pin!(work);
    loop {
        let done = tokio::select! {
            done = &mut work => Some(done),
            _ = tick.tick() => None,
        };
        set_gauges(&sources.look());
        if let Some(done) = done {
            return done;
        }
    }
}

#[cfg(feature = "metrics")]
#[allow(
    clippy::cast_precision_loss,
    reason = "no bot looks after 2^52 of anything"
)]
fn set_gauges(health: &Health) {
    let consoles = health.consoles.iter();
    let connected = consoles.filter(|console| console.is_connected());
    metrics::gauge!("pytale_groups").set(health.groups as f64);
    metrics::gauge!("pytale_servers_online").set(health.servers_online as f64);
    metrics::gauge!("pytale_players_online").set(health.players_online as f64);
    metrics::gauge!("pytale_consoles").set(health.consoles.len() as f64);
    metrics::gauge!("pytale_consoles_connected").set(connected.count() as f64);
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::gauge!("pytale_handlers_running").decrement(1.0);
    }
}
