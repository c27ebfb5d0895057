use alta_socket::{BackoffPolicy, QueueConfig};
use std::time::Duration;

/// The configuration of a [`View`](crate::View). Every field has a default.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ViewConfig {
    /// True if the view contains all members of each group, not only the bot's own membership. True by default. It costs a paged
    /// list at every reading of a group, and two subscriptions.
    pub members: bool,
    /// If a server has sent heartbeats and then none for this time, it is read over REST, and the reply decides whether it is
    /// offline. 45 s: heartbeats come every 15 s, and att-client counts a server as offline after three.
    ///
    /// It must be more than twice the [`ping_interval`](alta_ws::Config#structfield.ping_interval) of the main websocket: heartbeats are also
    /// missing if the websocket has failed, and two pings detect that.
    pub heartbeat_timeout: Duration,
    /// The time after which everything is read again over REST, in case the service has omitted an event. 15 min.
    pub refresh: Duration,
    /// After an outage or a migration of the main websocket, each group is read again once, at a random instant within this time
    /// multiplied by the number of groups, at most a minute. 250 ms: the readings of nine groups are spread over about two
    /// seconds. Further requests for the same reading in that time cause no other.
    pub spread: Duration,
    /// The maximum number of concurrent readings: of a group, of its members, of a server. 4: the REST client runs five
    /// requests at the same time, so one is left for the program.
    pub readings: usize,
    /// The timeout of a group's subscriptions: the group is read when all of them are confirmed, or after this time. 30 s: one
    /// subscription that is never confirmed does not delay the group forever.
    /// [`on_group_joined`](crate::ManagedBuilder::on_group_joined) waits at most twice as long for a complete group.
    pub subscribe_timeout: Duration,
    /// The pauses before a failed reading is tried again, and before an invitation is accepted again.
    pub retry: BackoffPolicy,
    /// The queue of each stream of changes. 65,536 changes; a full queue drops the oldest.
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
            subscribe_timeout: Duration::from_secs(30),
            retry: BackoffPolicy::default(),
            queue: QueueConfig::default(),
        }
    }
}

impl ViewConfig {
    /// The errors of this configuration for a main websocket with this ping.
    pub(crate) fn problems(&self, ping: Duration) -> Vec<String> {
        let timeout = self.heartbeat_timeout;
        let hasty = timeout <= ping.saturating_mul(2);
        let hasty = hasty.then(|| {
            format!(
                "the view's `heartbeat_timeout` of {timeout:?} is not more than twice the main websocket's `ping_interval` of \
                 {ping:?}: a dead websocket would look the same as stopped servers"
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

    /// Sets [`members`](Self#structfield.members).
    #[must_use]
    pub fn members(mut self, all: bool) -> Self {
        self.members = all;
        self
    }

    /// Sets [`heartbeat_timeout`](Self#structfield.heartbeat_timeout).
    #[must_use]
    pub fn heartbeat_timeout(mut self, after: Duration) -> Self {
        self.heartbeat_timeout = after;
        self
    }

    /// Sets [`refresh`](Self#structfield.refresh).
    #[must_use]
    pub fn refresh(mut self, every: Duration) -> Self {
        self.refresh = every;
        self
    }

    /// Sets [`spread`](Self#structfield.spread).
    #[must_use]
    pub fn spread(mut self, per_group: Duration) -> Self {
        self.spread = per_group;
        self
    }

    /// Sets [`readings`](Self#structfield.readings); at least one.
    #[must_use]
    pub fn readings(mut self, at_once: usize) -> Self {
        self.readings = at_once.max(1);
        self
    }

    /// Sets [`subscribe_timeout`](Self#structfield.subscribe_timeout).
    #[must_use]
    pub fn subscribe_timeout(mut self, timeout: Duration) -> Self {
        self.subscribe_timeout = timeout;
        self
    }

    /// Sets [`retry`](Self#structfield.retry).
    #[must_use]
    pub fn retry(mut self, policy: BackoffPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets [`queue`](Self#structfield.queue).
    #[must_use]
    pub fn queue(mut self, queue: QueueConfig) -> Self {
        self.queue = queue;
        self
    }
}
