use super::chain::{Chain, Times};
use super::follow::{Texts, follow};
use super::running::RunningShutdown;
use super::stage::in_words;
use att_console::Console;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// The stages that a slow reader can leave unread, besides one for each announcement. Later ones are dropped.
const STAGES: usize = 64;

/// A shutdown of a server: announcements 10, 5 and 1 minutes before, `save now`, a pause, `quit`, and the wait until the server
/// has returned.
///
/// ```no_run
/// use att_console::Console;
/// use att_kit::shutdown::{Shutdown, ShutdownEnd};
/// use std::time::Duration;
///
/// # async fn run(console: Console) -> Result<(), Box<dyn std::error::Error>> {
/// let minutes = [5, 1].map(|minutes| Duration::from_secs(60 * minutes));
/// let mut shutdown = Shutdown::new().announce_at(minutes).start(&console);
/// while let Some(stage) = shutdown.next_stage().await {
///     println!("{stage}");
/// }
/// match shutdown.end().await? {
///     ShutdownEnd::Returned { after } => println!("the server is back after {after:?}"),
///     end => println!("{end:?}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Shutdown {
    announce_at: Vec<Duration>,
    after: Option<Duration>,
    message: Arc<dyn Fn(Duration) -> String + Send + Sync>,
    canceled: String,
    times: Times,
}

impl Default for Shutdown {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            announce_at: vec![minutes(10), minutes(5), minutes(1)],
            after: None,
            message: Arc::new(|left| format!("The server restarts in {}", in_words(left))),
            canceled: "The restart is canceled".to_owned(),
            times: Times {
                save_within: Some(minutes(5)),
                pause: Duration::from_secs(5),
                quit_within: minutes(5),
                stop_within: minutes(3),
                return_within: Some(minutes(20)),
            },
        }
    }
}

impl Shutdown {
    /// The default plan.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the announcements: the time between each of them and the end. The largest is the time until the end, unless
    /// [`after`](Self::after) sets it. Without any, the shutdown begins at once.
    #[must_use]
    pub fn announce_at(mut self, left: impl IntoIterator<Item = Duration>) -> Self {
        self.announce_at = left.into_iter().collect();
        self
    }

    /// Sets the time until the end. Announcements of a longer time are left out.
    #[must_use]
    pub fn after(mut self, after: Duration) -> Self {
        self.after = Some(after);
        self
    }

    /// Sets the text of the announcements, from the time that is left. By default `The server restarts in 5 minutes`. Characters that
    /// a command cannot contain are replaced, as by [`Argument::typographic`](att_console::Argument::typographic).
    #[must_use]
    pub fn message(mut self, message: impl Fn(Duration) -> String + Send + Sync + 'static) -> Self {
        self.message = Arc::new(message);
        self
    }

    /// Sets the reason, which follows the time: `The server restarts in 5 minutes: an update`. It replaces the text of
    /// [`message`](Self::message).
    #[must_use]
    pub fn reason(self, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        self.message(move |left| format!("The server restarts in {}: {reason}", in_words(left)))
    }

    /// Sets the text that players see when the shutdown is canceled after an announcement. By default `The restart is
    /// canceled`.
    #[must_use]
    pub fn cancel_message(mut self, message: impl Into<String>) -> Self {
        self.canceled = message.into();
        self
    }

    /// Sets the longest time until the server has confirmed `save now`, which is repeated until then; `None` does not save. 5
    /// minutes by default. A server that has not saved is not stopped.
    #[must_use]
    pub fn save_within(mut self, within: impl Into<Option<Duration>>) -> Self {
        self.times.save_within = within.into();
        self
    }

    /// Sets the pause between the save and the command to quit. 5 s by default.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.times.pause = pause;
        self
    }

    /// Sets the longest time from the command to quit until the connection is lost. 3 minutes by default.
    #[must_use]
    pub fn stop_within(mut self, within: Duration) -> Self {
        self.times.stop_within = within;
        self
    }

    /// Sets the longest time from the command to quit until the console is ready again; `None` does not wait for the return.
    /// 20 minutes by default: a server needs minutes to load its world.
    #[must_use]
    pub fn return_within(mut self, within: impl Into<Option<Duration>>) -> Self {
        self.times.return_within = within.into();
        self
    }

    /// Starts the chain. It keeps the console open until its end. Each start is a chain of its own: before another one on the same
    /// console, [cancel](RunningShutdown::cancel) the first, or the server is stopped twice.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn start(self, console: &Console) -> RunningShutdown {
        let (stages, shown) = mpsc::channel(STAGES.saturating_add(self.announce_at.len()));
        let (cancel, canceled) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let longest = self.announce_at.iter().max().copied();
        let after = self.after.or(longest).unwrap_or_default();
        let chain = Chain::new(self.announce_at, after, self.times, Instant::now());
        let texts = Texts {
            announcement: self.message,
            canceled: self.canceled,
        };
        tokio::spawn(follow(
            console.clone(),
            chain,
            texts,
            stages,
            canceled,
            ended,
        ));
        RunningShutdown::new(shown, cancel, end)
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown")
            .field("announce_at", &self.announce_at)
            .field("after", &self.after)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}
