use super::end::{Ended, Report};
use super::handle::{Finished, RunnerHandle};
use crate::calls::Calls;
use crate::consoles::Consoles;
use crate::deadline::StopBy;
use crate::handlers::Handlers;
use crate::key::Key;
use crate::limits::Limits;
use alta_model::Timestamp;
use att_console::{Closed, Console};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinSet};

/// The capacity of the channel of reports. They are received at once.
const REPORTS: usize = 256;

/// Calls handlers for the sessions, states and events of consoles.
///
/// ```no_run
/// use att_kit::{Consoles, Handlers, Runner, commands::player, event::PlayerJoined};
/// use att_console::Console;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let consoles = Consoles::new();
/// consoles.add("my server", Console::local()?);
/// let handlers = Handlers::new().on::<PlayerJoined>(|console, event| async move {
///     console.command(player::message(event.data.user, "Welcome!")).await
/// });
/// Runner::new(consoles, handlers).run().await?;
/// # Ok(())
/// # }
/// ```
///
/// It follows the set: a console that is added is handled from then on; one that is removed or replaced is handled until its
/// running handlers have ended, for at most [`Limits::grace`]. The time between a removed console and the next one under the
/// same key is one gap for the handlers, like every outage.
///
/// Dropping it cancels its handlers where they wait.
///
/// # Logs and metrics
///
/// Logs are in a `tracing` span `console` with the console's name. At `info` are rare changes (sessions), at `warn` problems
/// (handlers that fail, events that are missing), at `debug` the rest. With the feature `metrics`, the recorder of the program
/// receives:
///
/// | metric | kind | value |
/// | --- | --- | --- |
/// | `pytale_events_total{event}` | counter | console events that were passed to handlers |
/// | `pytale_missed_total` | counter | console events that were missed; a gap counts as one |
/// | `pytale_handler_failures_total{handler, kind}` | counter | failures of handlers, by [`FailureKind::name`](crate::FailureKind::name) |
/// | `pytale_console_sessions_total` | counter | console sessions that began |
/// | `pytale_handlers_running` | gauge | handlers that run now, except `on_session` |
/// | `pytale_consoles`, `pytale_consoles_connected` | gauge | the consoles of the set, once per second |
#[must_use = "handlers are called only while it runs"]
pub struct Runner<K = Arc<str>> {
    pub(super) calls: Calls,
    pub(super) consoles: Consoles<K>,
    pub(super) changes: watch::Receiver<u64>,
    /// True if it handles the consoles that are added to the set.
    pub(super) follows_set: bool,
    /// True if the set must be compared with the tasks.
    pub(super) is_changed: bool,
    pub(super) tasks: JoinSet<Ended>,
    pub(super) keys: HashMap<Id, K>,
    pub(super) held: BTreeMap<K, Held>,
    /// The consoles of the set that have ended, each with its refusal; they are not started again.
    pub(super) ended: BTreeMap<K, (Console, Option<Closed>)>,
    /// For each console that has ended, the instant since which its handlers miss events.
    pub(super) missing: BTreeMap<K, Timestamp>,
    pub(super) report_sender: mpsc::Sender<(K, Report)>,
    pub(super) reports: mpsc::Receiver<(K, Report)>,
    /// Calls of handlers that were not made or did not finish.
    pub(super) given_up: usize,
    pub(super) stop: watch::Sender<StopBy>,
    pub(super) finished: watch::Sender<Option<Finished>>,
}

/// A console that has a task.
pub(super) struct Held {
    pub(super) stop: watch::Sender<StopBy>,
    /// The console, if it comes from the set; `None` if the runner opens it.
    pub(super) console: Option<Console>,
}

impl<K: Key> Runner<K> {
    /// A runner of these handlers over the consoles of this set.
    pub fn new(consoles: Consoles<K>, handlers: Handlers) -> Self {
        Self::make(consoles, Calls::new(handlers, Limits::default()), true)
    }

    /// A runner for a program that chooses its consoles by itself: it handles those that the program [opens](Self::open), puts
    /// them into the set, and shares the limits and the counters of these calls. The program reads [`next`](Self::next) all the
    /// time.
    pub fn manual(consoles: Consoles<K>, calls: Calls) -> Self {
        Self::make(consoles, calls, false)
    }

    fn make(consoles: Consoles<K>, calls: Calls, follows_set: bool) -> Self {
        let (report_sender, reports) = mpsc::channel(REPORTS);
        Self {
            calls,
            changes: consoles.changes(),
            consoles,
            follows_set,
            is_changed: true,
            tasks: JoinSet::new(),
            keys: HashMap::new(),
            held: BTreeMap::new(),
            ended: BTreeMap::new(),
            missing: BTreeMap::new(),
            report_sender,
            reports,
            given_up: 0,
            stop: watch::Sender::new(None),
            finished: watch::Sender::new(None),
        }
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.calls = self.calls.with_limits(limits);
        self
    }

    /// A handle to look at the runner and to shut it down while it runs.
    pub fn handle(&self) -> RunnerHandle<K> {
        RunnerHandle::new(
            self.calls.clone(),
            self.consoles.clone(),
            self.stop.clone(),
            self.finished.subscribe(),
        )
    }
}

impl<K: Key> fmt::Debug for Runner<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("calls", &self.calls)
            .field("consoles", &self.consoles)
            .finish_non_exhaustive()
    }
}
