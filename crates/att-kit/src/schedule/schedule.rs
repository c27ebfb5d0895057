use super::calendar::Calendar;
use super::entry::{Counts, Entry, EntryStatus, ScheduleFailure};
use super::timetable::Rule;
use crate::error::{Error, ErrorKind};
use crate::handler_fn::Outcome;
use crate::handlers::Handlers;
use att_console::{Closed, Console, State};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(super) type Report = Arc<dyn Fn(&ScheduleFailure) + Send + Sync>;

/// Work on a clock for each console: every so often, at a time of day, or by a cron expression.
///
/// ```no_run
/// use att_console::{Console, Target, commands::player};
/// use att_kit::schedule::Schedule;
/// use std::time::Duration;
///
/// # async fn run(console: Console) -> Result<(), att_kit::Error> {
/// let schedule = Schedule::new()
///     .every(Duration::from_secs(300), |console| async move {
///         console.command(player::god_mode(Target::Everyone, false)).await
///     })
///     .at("18:00 Europe/Berlin", |console| async move {
///         console.command(player::message(Target::Everyone, "Good evening")).await
///     })?
///     .cron("*/10 * * * SAT,SUN", |console| async move { console.command("save now").await.map(drop) })?;
/// schedule.run(&console).await
/// # }
/// ```
///
/// [`run`](Self::run) is for a bot of one console; [`handlers`](Self::handlers) are for a [`Runner`](crate::Runner), which runs
/// the schedule on each of its consoles.
///
/// # Guarantees
///
/// - Runs do not overlap: while a run of an entry has not ended, further runs of this entry on this console are skipped. The
///   entries are independent.
/// - Missed runs are not repeated: a run that was due while the console was not connected, or while the machine slept, is skipped.
///   The ticks of [`every`](Self::every) continue over a reconnect.
/// - A run that fails or panics is logged as a warning, counted and [reported](Self::on_failure); the next run follows at its time.
/// - The schedule stops with the console or with the bot. A run is dropped where it waits when the connection is lost.
/// - [`status`](Self::status) counts all of it, per entry.
///
/// # Time zones and clocks
///
/// Times of day and cron expressions are in UTC, unless a time zone of the IANA database follows them (`12:00 Europe/Berlin`), or
/// `local` for the time zone of the machine. If the time zone of the machine is unknown, `local` is UTC.
///
/// On a day on which the zone skips a time of day, [`at`](Self::at) runs later by the skipped time; when the zone repeats it, it
/// runs once. A cron expression skips such a time, or repeats it. A clock that is set back by up to two hours repeats nothing; a
/// clock that is set forward by more than a minute skips the times in between.
#[derive(Clone)]
#[must_use = "a schedule does nothing until it is run"]
pub struct Schedule {
    /// Distinguishes the schedules of one console.
    pub(super) id: u64,
    pub(super) entries: Vec<(Arc<str>, Arc<Entry>)>,
    pub(super) reports: Vec<Report>,
}

impl Default for Schedule {
    fn default() -> Self {
        Self::new()
    }
}

impl Schedule {
    /// A schedule without entries.
    pub fn new() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self {
            id: LAST.fetch_add(1, Ordering::Relaxed),
            entries: Vec::new(),
            reports: Vec::new(),
        }
    }

    /// Runs this once per period (at least a millisecond), for the first time after one period.
    pub fn every<Fut>(
        self,
        period: Duration,
        action: impl Fn(Console) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        Fut: Future<Output: Outcome> + Send + 'static,
    {
        self.add(format!("every {period:?}"), Rule::Every(period), action)
    }

    /// Runs this each day at a time of day: `18:00` or `18:00:30`, in UTC or in the time zone that follows.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if it is not a time of day, or if the time zone is not known.
    pub fn at<Fut>(
        self,
        time: &str,
        action: impl Fn(Console) -> Fut + Send + Sync + 'static,
    ) -> Result<Self, Error>
    where
        Fut: Future<Output: Outcome> + Send + 'static,
    {
        let calendar = Calendar::daily(time).map_err(config)?;
        Ok(self.add(format!("at {time}"), Rule::Calendar(calendar), action))
    }

    /// Runs this by a cron expression of five fields (minute, hour, day of month, month, day of week), in UTC or in the time zone
    /// that follows.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if it is not such an expression, or if the time zone is not known.
    pub fn cron<Fut>(
        self,
        expression: &str,
        action: impl Fn(Console) -> Fut + Send + Sync + 'static,
    ) -> Result<Self, Error>
    where
        Fut: Future<Output: Outcome> + Send + 'static,
    {
        let calendar = Calendar::cron(expression).map_err(config)?;
        let name = format!("cron {expression}");
        Ok(self.add(name, Rule::Calendar(calendar), action))
    }

    /// Names the newest entry in counts, reports and logs. Without a name, it is called `every 300s`, for example.
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        if let Some((last, _)) = self.entries.last_mut() {
            *last = name.into();
        }
        self
    }

    /// Called when a run has failed, after the warning that is always logged. The call is synchronous and must not block.
    pub fn on_failure(mut self, report: impl Fn(&ScheduleFailure) + Send + Sync + 'static) -> Self {
        self.reports.push(Arc::new(report));
        self
    }

    fn add<Fut>(
        mut self,
        name: String,
        rule: Rule,
        action: impl Fn(Console) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        Fut: Future<Output: Outcome> + Send + 'static,
    {
        let action = Arc::new(action);
        let entry = Entry {
            rule,
            // The function itself may panic, so it is called where panics are caught.
            action: Box::new(move |console| {
                let action = Arc::clone(&action);
                Box::pin(async move { action(console).await.result() })
            }),
            counts: Counts::default(),
        };
        self.entries.push((name.into(), Arc::new(entry)));
        self
    }

    /// The counts of each entry, over all consoles and over all clones of this schedule.
    pub fn status(&self) -> Vec<EntryStatus> {
        let entries = self.entries.iter();
        entries
            .map(|(name, entry)| entry.counts.status(name))
            .collect()
    }

    /// Runs the schedule on one console, until the console is closed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`] if the server refuses the console.
    ///
    /// # Cancel safety
    ///
    /// The schedule stops when the future is dropped. The next call continues its ticks.
    pub async fn run(&self, console: &Console) -> Result<(), Error> {
        let mut connected = console.statuses();
        let mut lost = console.statuses();
        while let Some(status) = connected
            .wait_for(|status| status.state.is_connected())
            .await
        {
            let session = status.totals.connects;
            let is_over = lost.wait_for(|status| {
                status.totals.connects > session || !status.state.is_connected()
            });
            tokio::select! {
                () = self.session(console) => {}
                _ = is_over => {}
            }
        }
        match console.status().state {
            State::Closed { because }
                if !matches!(because, Closed::ByUs | Closed::RuntimeEnded) =>
            {
                let doing = format!("running a schedule on {}", console.label());
                Err(Error::new(ErrorKind::Closed { because }, doing))
            }
            _ => Ok(()),
        }
    }

    /// The handlers that run the schedule on each console of a [`Runner`](crate::Runner). Several consoles are independent.
    pub fn handlers(&self) -> Handlers {
        let schedule = self.clone();
        Handlers::new().on_session(move |console| {
            let schedule = schedule.clone();
            async move { schedule.session(&console).await }
        })
    }
}

fn config(problem: String) -> Error {
    let problems = vec![problem];
    Error::new(ErrorKind::Config { problems }, "making a schedule")
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.status()).finish()
    }
}
