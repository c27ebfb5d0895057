use alta_socket::{BackoffPolicy, QueueConfig};
use std::time::Duration;

/// How a [`View`](crate::View) follows the bot's groups. All of it has a default.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ViewConfig {
    /// Whether all members of each group are kept, and not only the bot's own membership. They are, by default; it costs
    /// a paged list at every reading of a group and three subscriptions.
    pub members: bool,
    /// A server that has sent heartbeats and then none for so long is asked for over REST, which decides whether it is
    /// offline. 45 s: heartbeats come every 15 s, and att-client gives a server up after three.
    ///
    /// It must be more than twice the main websocket's [`ping`](alta_ws::Config#structfield.ping): missing heartbeats may be
    /// the websocket's fault, and a websocket that is dead is found out by two pings.
    pub heartbeat_timeout: Duration,
    /// Everything is read again over REST this often, in case the service forgot to tell. 15 min.
    pub refresh: Duration,
    /// After an outage or a migration of the main websocket, each group is read again once, at a random moment within this
    /// time for each of the bot's groups, at most a minute. 250 ms: nine groups are spread over about two seconds, and what
    /// asks for a reading meanwhile causes no other.
    pub spread: Duration,
    /// How many readings may run at once: of a group, of its members, of a server. 4: below the five requests that the
    /// REST client runs at once, so that the bot's own calls find room.
    pub readings: usize,
    /// A group is read when its events are confirmed, or after this time all the same;
    /// [`on_group_joined`](crate::Managed::on_group_joined) waits at most twice as long for the group to be complete. 30 s:
    /// one event that the service cannot give keeps nobody from knowing the group.
    pub patience: Duration,
    /// How long to wait until a reading that failed is tried again, or an invitation that could not be accepted.
    pub retry: BackoffPolicy,
    /// The queue of every stream of changes. 65,536 changes, the oldest dropped first.
    pub queue: QueueConfig,
}

impl Default for ViewConfig {
    fn default() -> Self {
        Self {
            members: true,
            heartbeat_timeout: Duration::from_secs(45),
            refresh: Duration::from_secs(15 * 60),
            spread: Duration::from_millis(250),
            readings: 4,
            patience: Duration::from_secs(30),
            retry: BackoffPolicy::default(),
            queue: QueueConfig::default(),
        }
    }
}

impl ViewConfig {
    /// What makes it impossible to follow anything this way over a main websocket with this ping.
    pub(crate) fn problems(&self, ping: Duration) -> Vec<String> {
        let timeout = self.heartbeat_timeout;
        let hasty = timeout <= ping.saturating_mul(2);
        let hasty = hasty.then(|| {
            format!(
                "the view's `heartbeat_timeout` of {timeout:?} is not more than twice the main websocket's `ping` of \
                 {ping:?}: a dead websocket would look like dead servers"
            )
        });
        let zero = |name, time: Duration| {
            time.is_zero()
                .then(|| format!("the view's `{name}` is zero"))
        };
        let times = [
            zero("heartbeat_timeout", self.heartbeat_timeout),
            zero("refresh", self.refresh),
        ];
        times.into_iter().flatten().chain(hasty).collect()
    }

    /// Sets [`members`](Self::members).
    #[must_use]
    pub fn members(mut self, all: bool) -> Self {
        self.members = all;
        self
    }

    /// Sets [`heartbeat_timeout`](Self::heartbeat_timeout).
    #[must_use]
    pub fn heartbeat_timeout(mut self, after: Duration) -> Self {
        self.heartbeat_timeout = after;
        self
    }

    /// Sets [`refresh`](Self::refresh).
    #[must_use]
    pub fn refresh(mut self, every: Duration) -> Self {
        self.refresh = every;
        self
    }

    /// Sets [`spread`](Self::spread).
    #[must_use]
    pub fn spread(mut self, per_group: Duration) -> Self {
        self.spread = per_group;
        self
    }

    /// Sets [`readings`](Self::readings); at least one.
    #[must_use]
    pub fn readings(mut self, at_once: usize) -> Self {
        self.readings = at_once.max(1);
        self
    }

    /// Sets [`patience`](Self::patience).
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets [`retry`](Self::retry).
    #[must_use]
    pub fn retry(mut self, policy: BackoffPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets [`queue`](Self::queue).
    #[must_use]
    pub fn queue(mut self, queue: QueueConfig) -> Self {
        self.queue = queue;
        self
    }
}
