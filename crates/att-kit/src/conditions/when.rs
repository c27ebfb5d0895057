use super::condition::Condition;
use super::follow::follow;
use super::machine::{Machine, Timing};
use super::transitions::Transitions;
use crate::console_state::TaskGuard;
use crate::players::Players;
use std::time::Duration;
use tokio::sync::broadcast;

/// The interval of requests by default: many bots use it, and it is enough for zones.
const EVERY: Duration = Duration::from_millis(500);

/// The smallest age at which a snapshot is not used any more, by default. A slow server replies within it.
const MAX_AGE: Duration = Duration::from_secs(10);

/// The transitions that a stream keeps for a slow reader.
const QUEUE: usize = 1_024;

/// A stream of [`Transition`](super::Transition)s that is being configured; see [`Players::when`].
#[derive(Clone, Debug)]
#[must_use = "nothing is watched until `start` is called"]
pub struct When {
    players: Players,
    condition: Condition,
    every: Duration,
    hold: Duration,
    cooldown: Duration,
    exit_margin: f64,
    max_age: Option<Duration>,
}

impl Players {
    /// Watches a condition: the stream yields the players who enter it and leave it. A [`Zone`](super::Zone) is a condition,
    /// too.
    ///
    /// ```no_run
    /// use att_kit::conditions::Zone;
    /// use att_kit::players::Players;
    /// use std::time::Duration;
    ///
    /// # async fn run(console: att_console::Console) {
    /// let players = Players::of(&console);
    /// let third_layer = players.when(Zone::cave_layer(3)).cooldown(Duration::from_secs(10));
    /// let mut third_layer = third_layer.start();
    /// while let Some(entry) = third_layer.next_entry().await {
    ///     println!("{} is on the third layer", entry.player.name());
    /// }
    /// # }
    /// ```
    pub fn when(&self, condition: impl Into<Condition>) -> When {
        When {
            players: self.clone(),
            condition: condition.into(),
            every: EVERY,
            hold: Duration::ZERO,
            cooldown: Duration::ZERO,
            exit_margin: 0.0,
            max_age: None,
        }
    }
}

impl When {
    /// The interval at which positions and items are requested, if the condition needs them. By default 500 ms. All readers of a
    /// console share one request, at the smallest of their intervals.
    pub fn every(mut self, interval: Duration) -> Self {
        self.every = interval;
        self
    }

    /// The condition has to be true for this long before a player enters. By default it enters at once.
    ///
    /// While it is unknown the time runs. If the condition needs snapshots, the first one after this time decides.
    pub fn hold(mut self, hold: Duration) -> Self {
        self.hold = hold;
        self
    }

    /// The least time between two entries of one player. An entry within it is not yielded, nor is its end: not even if the
    /// player stays for longer. By default there is none. It applies to players who are inside already after a gap, too.
    pub fn cooldown(mut self, cooldown: Duration) -> Self {
        self.cooldown = cooldown;
        self
    }

    /// While a player is inside, each distance, radius and box of the condition is this much larger, in meters. So a player at the
    /// border does not enter and leave again and again. By default it is 0.
    pub fn exit_margin(mut self, meters: f64) -> Self {
        self.exit_margin = meters.max(0.0);
        self
    }

    /// A snapshot that was requested longer ago than this is not used: positions and items are unknown until the next one. By
    /// default twice the interval, and at least 10 s.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Starts the stream. A task watches all players until the stream is dropped or the console is closed.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn start(self) -> Transitions {
        let max_age = self.every.saturating_mul(2).max(MAX_AGE);
        let timing = Timing {
            hold: self.hold,
            cooldown: self.cooldown,
            exit_margin: self.exit_margin,
            max_age: self.max_age.unwrap_or(max_age),
        };
        let machine = Machine::new(self.condition, timing);
        let (sender, receiver) = broadcast::channel(QUEUE);
        let console = self.players.console().downgrade();
        let task = follow(console, self.players.changes(), self.every, machine, sender);
        Transitions::new(receiver, TaskGuard::spawn(task))
    }
}
