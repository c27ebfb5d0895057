use crate::calls::Calls;
use crate::clock::deadline_after;
use crate::console_task::{ConsoleTask, End, Ended, Report};
use crate::consoles::Consoles;
use crate::deadline::{Deadline, StopBy, request_stop, stop_requested};
use crate::duplicates::duplicates;
use crate::error::{Error, ErrorKind};
use crate::handlers::Handlers;
use crate::hints::warn_of_unknown_events;
use crate::key::Key;
use crate::limits::Limits;
use crate::runner_event::{Opened, RunnerEvent};
use crate::runner_handle::{Finished, RunnerHandle};
use crate::set_member::SetMember;
use crate::shutdown_signal::shutdown_signal;
use alta_model::{GroupId, Timestamp};
use att_console::{Closed, Console};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;
use tracing::{Instrument as _, Span, info, info_span, warn};

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
    calls: Calls,
    consoles: Consoles<K>,
    changes: watch::Receiver<u64>,
    /// True if it handles what is added to the set.
    follows_set: bool,
    /// True if the set must be compared with the tasks.
    is_changed: bool,
    tasks: JoinSet<Ended>,
    keys: HashMap<Id, K>,
    held: BTreeMap<K, Held>,
    /// The consoles of the set that have ended, each with its refusal; they are not started again.
    ended: BTreeMap<K, (Console, Option<Closed>)>,
    /// For each console that has ended, the instant since which its handlers miss events.
    missing: BTreeMap<K, Timestamp>,
    report_sender: mpsc::Sender<(K, Report)>,
    reports: mpsc::Receiver<(K, Report)>,
    /// Calls of handlers that were not made or did not finish.
    given_up: usize,
    stop: watch::Sender<StopBy>,
    finished: watch::Sender<Option<Finished>>,
}

/// A console that has a task.
struct Held {
    stop: watch::Sender<StopBy>,
    /// The console, if it comes from the set; `None` if the runner opens it.
    console: Option<Console>,
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
    /// for good. Then no more events are read, running handlers may continue for [`Limits::grace`] and are canceled after that,
    /// and the consoles of the set are closed. When this returns, nothing that it started runs.
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
    fn is_over(&self) -> bool {
        self.held.is_empty() && (!self.ended.is_empty() || self.consoles.is_closed())
    }

    /// The first refusal of a console that is still in the set, with its name.
    fn refusal(&self) -> Option<(Arc<str>, Closed)> {
        let mut ended = self.ended.values();
        ended.find_map(|(console, refusal)| Some((console.label(), refusal.clone()?)))
    }

    /// Opens a console and handles it until [`stop`](Self::stop) is called: for programs that choose their consoles by
    /// themselves and read [`next`](Self::next). Logs of its handlers are in `span`. The console is in the set while it is
    /// open.
    pub fn open<F: Future<Output = ()> + Send>(
        &mut self,
        key: K,
        group: Option<GroupId>,
        span: Span,
        open: impl Future<Output = Result<Opened<F>, End>> + Send + 'static,
    ) {
        self.start(key, group, span, None, open);
    }

    fn start<F: Future<Output = ()> + Send>(
        &mut self,
        key: K,
        group: Option<GroupId>,
        span: Span,
        held: Option<Console>,
        open: impl Future<Output = Result<Opened<F>, End>> + Send + 'static,
    ) {
        let (stop, mut stop_by) = watch::channel(None);
        let calls = self.calls.clone();
        let consoles = held.is_none().then(|| self.consoles.clone());
        let reports = self.report_sender.clone();
        let missing = self.missing.get(&key).copied();
        let work = {
            let key = key.clone();
            async move {
                let opened = tokio::select! {
                    opened = open => opened,
                    _ = stop_requested(&mut stop_by) => return Ended::before_it_began(End::Stopped),
                };
                let Opened { console, close } = match opened {
                    Ok(opened) => opened,
                    Err(end) => return Ended::before_it_began(end),
                };
                let _member = consoles.map(|consoles| SetMember::add(consoles, &key, &console));
                let task = ConsoleTask::new(key, group, console.clone(), calls, reports, missing);
                let mut ended = task.run(&mut stop_by).await;
                close.await;
                if console.status().state.is_closed() {
                    // A dead connection has received nothing for a while.
                    let heard_until = console.last_disconnect();
                    ended.missing = ended.missing.map(|at| at.min(heard_until.unwrap_or(at)));
                }
                ended
            }
        };
        let task = self.tasks.spawn(work.instrument(span));
        self.keys.insert(task.id(), key.clone());
        self.held.insert(
            key,
            Held {
                stop,
                console: held,
            },
        );
    }

    /// Requests that a console is no longer handled: its running handlers may continue until this instant.
    /// [`next`](Self::next) returns [`RunnerEvent::Ended`] when they have ended and the console is closed.
    pub fn stop(&self, key: &K, by: Instant) {
        if let Some(held) = self.held.get(key) {
            request_stop(&held.stop, by);
        }
    }

    /// Starts the consoles that were added to the set, and stops those that were removed or replaced.
    fn follow_set(&mut self) {
        if !self.follows_set || !std::mem::take(&mut self.is_changed) {
            return;
        }
        self.changes.borrow_and_update();
        let consoles = self.consoles.all();
        let by_key: BTreeMap<&K, &Console> = consoles.iter().map(|(key, it)| (key, it)).collect();
        let stays = |key: &K, console: &Console| {
            by_key
                .get(key)
                .is_some_and(|member| member.same_console(console))
        };
        self.ended.retain(|key, (console, _)| stays(key, console));
        for (key, held) in &self.held {
            if let Some(console) = &held.console
                && !stays(key, console)
            {
                request_stop(&held.stop, deadline_after(self.calls.limits().grace));
            }
        }
        for (key, console) in consoles {
            if self.held.contains_key(&key) || self.ended.contains_key(&key) {
                continue;
            }
            let server = console.server().map(tracing::field::display);
            let span = info_span!("console", server, name = &*console.label());
            let opened = Ok(Opened {
                console: console.clone(),
                close: std::future::ready(()),
            });
            let open = std::future::ready(opened);
            self.start(key, None, span, Some(console), open);
        }
    }

    /// Waits for the next change of any console, and follows changes of the set meanwhile. Pending while nothing changes.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> (K, RunnerEvent) {
        loop {
            self.follow_set();
            tokio::select! {
                // A report comes before the end of its console.
                biased;
                Some((key, report)) = self.reports.recv() => {
                    return (key, match report {
                        Report::Connected => RunnerEvent::Connected,
                        Report::Disconnected => RunnerEvent::Disconnected,
                    });
                }
                Some(ended) = self.tasks.join_next_with_id() => {
                    let (id, ended) = match ended {
                        Ok((id, ended)) => (id, ended),
                        Err(error) => {
                            warn!(%error, "the task of a console has failed");
                            (error.id(), Ended::before_it_began(End::NotOpened))
                        }
                    };
                    if let Some(key) = self.keys.remove(&id) {
                        let end = self.ended(&key, ended);
                        return (key, RunnerEvent::Ended(end));
                    }
                }
                Ok(()) = self.changes.changed(), if self.follows_set => self.is_changed = true,
            }
        }
    }

    fn ended(&mut self, key: &K, ended: Ended) -> End {
        self.given_up += ended.given_up;
        self.missing
            .extend(ended.missing.map(|since| (key.clone(), since)));
        let held = self.held.remove(key);
        if let Some(console) = held.and_then(|held| held.console) {
            let refusal = match &ended.end {
                End::Refused(because) => Some(because.clone()),
                _ => None,
            };
            if ended.end != End::Stopped {
                self.ended.insert(key.clone(), (console, refusal));
            }
            // Another one may have its key now.
            self.is_changed = true;
        }
        ended.end
    }

    /// Stops all consoles, and waits until the last has ended. Returns the total number of dropped handler calls.
    pub async fn finish(mut self, mut deadline: Deadline) -> usize {
        // Tasks that report do not wait any more.
        self.reports.close();
        self.stop_all(deadline.by());
        loop {
            tokio::select! {
                ended = self.tasks.join_next() => match ended {
                    Some(Ok(ended)) => self.given_up += ended.given_up,
                    Some(Err(_)) => {}
                    None => return self.given_up,
                },
                () = deadline.shortened() => self.stop_all(deadline.by()),
            }
        }
    }

    fn stop_all(&self, by: Instant) {
        for held in self.held.values() {
            request_stop(&held.stop, by);
        }
    }
}

impl Ended {
    fn before_it_began(end: End) -> Self {
        Self {
            end,
            given_up: 0,
            missing: None,
        }
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
