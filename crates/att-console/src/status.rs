use crate::error::{Closed, SHOWN};
use alta_model::escaped;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// What a console is doing, and what it has counted so far.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// What it is doing.
    pub state: State,
    /// How many commands wait to be sent.
    pub waiting: u64,
    /// How many commands were sent and are not answered yet.
    pub in_flight: u64,
    /// What it has counted since it was opened.
    pub totals: Totals,
}

/// What a console is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It asks for access, dials and logs in.
    Connecting {
        /// Which attempt this is since it was last ready; the first is 1.
        attempt: u32,
    },
    /// The server has accepted the token: commands run, events arrive.
    Ready,
    /// It is connected, but the server has answered nothing for a while although it was asked: one that loads its world
    /// accepts commands and runs them minutes later (tavernpy). They keep their order; nothing is sent again. It ends with
    /// the next answer, to whatever it may be. A single command that is slow looks the same; a warning is logged once two
    /// have waited for so long ([`Config::stalled_after`](crate::Config::stalled_after)).
    Stalled,
    /// It waits before it tries again.
    Recovering {
        /// The attempt that comes next.
        attempt: u32,
        /// Why the last one failed, or the connection was lost.
        because: Trouble,
    },
    /// It is closed for good.
    Closed {
        /// Why.
        because: Closed,
    },
}

impl State {
    /// Whether commands are being sent now.
    pub fn is_connected(&self) -> bool {
        matches!(self, State::Ready | State::Stalled)
    }

    /// Whether nothing more will come of it.
    pub fn is_closed(&self) -> bool {
        matches!(self, State::Closed { .. })
    }
}

/// Why a console is not connected at the moment. All of these are tried again by themselves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// The server is not up, by its own account or its cloud's.
    #[error("the server is not up: {}", escaped(.0).at_most(SHOWN))]
    NotUp(String),
    /// It could not be found out where the console is: a token file that is not there yet, a cloud that fails.
    #[error("no access: {}", escaped(.0))]
    NoAccess(String),
    /// The console's port could not be reached. Normal while a self-hosted server boots.
    #[error("unreachable: {}", escaped(.0))]
    Unreachable(String),
    /// The console took the token and said nothing: it is loading, or the token is wrong.
    #[error("the server did not answer the token: it is loading its world, or the token is wrong")]
    NoAnswerToToken,
    /// The connection broke or was closed.
    #[error("{}", escaped(.0))]
    Lost(String),
}

/// What a console has counted since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Events that arrived.
    pub events: u64,
    /// Events that nobody had subscribed to.
    pub unclaimed: u64,
    /// Commands that were handed to the socket.
    pub commands: u64,
    /// Answers to commands.
    pub answers: u64,
    /// Answers whose command had ended before they came, second answers among them. They were thrown away.
    pub late_answers: u64,
    /// Answers with an id that was never sent, or with none. They were thrown away.
    pub strange_answers: u64,
    /// Frames, or parts of frames, that could not be read, binary ones among them. They were skipped; where an event may
    /// have been in one, every stream was told ([`Missed::Undecodable`](crate::Missed::Undecodable)).
    pub malformed: u64,
    /// Notices of the server after login.
    pub notices: u64,
    /// Times the console became ready.
    pub connects: u64,
    /// Gaps: subscriptions that were confirmed again after they had been lost.
    pub gaps: u64,
    /// Subscriptions that the server refused although they had been held before.
    pub refused: u64,
}

macro_rules! counters {
    ($($name:ident),* $(,)?) => {
        /// The totals while they are being counted: one task writes, anybody reads.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
            pub(crate) waiting: Counter,
            pub(crate) in_flight: Counter,
            heard_until: Mutex<Option<Instant>>,
        }

        impl Counters {
            pub(crate) fn totals(&self) -> Totals {
                Totals { $($name: self.$name.get(),)* }
            }

            /// A session has ended; the server was last heard then.
            pub(crate) fn session_ended(&self, last_heard: Instant) {
                *self.heard_until() = Some(last_heard);
            }

            /// When the server was last heard in the latest session that has ended.
            pub(crate) fn heard_until(&self) -> MutexGuard<'_, Option<Instant>> {
                // It is replaced in one step.
                self.heard_until.lock().unwrap_or_else(PoisonError::into_inner)
            }
        }
    };
}

counters!(
    events,
    unclaimed,
    commands,
    answers,
    late_answers,
    strange_answers,
    malformed,
    notices,
    connects,
    gaps,
    refused,
);

/// One task counts, anybody looks. In one order with [`Counted`]: either who waits sees the count, or who counts sees that
/// somebody waits.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn set(&self, value: usize) {
        let value = value as u64;
        if self.get() != value {
            self.0.store(value, Ordering::SeqCst);
        }
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Wakes those who wait for a count. Costs next to nothing while nobody does.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    watchers: AtomicUsize,
    notify: Notify,
}

impl Counted {
    /// Something may have been counted.
    pub(crate) fn tell(&self) {
        if self.watchers.load(Ordering::SeqCst) > 0 {
            self.notify.notify_waiters();
        }
    }

    pub(crate) fn watcher(&self) -> Watcher<'_> {
        self.watchers.fetch_add(1, Ordering::SeqCst);
        Watcher(self)
    }
}

/// One who waits for counts.
pub(crate) struct Watcher<'a>(&'a Counted);

impl Watcher<'_> {
    /// Resolves when something is counted after it was enabled.
    pub(crate) fn next(&self) -> Notified<'_> {
        self.0.notify.notified()
    }
}

impl Drop for Watcher<'_> {
    fn drop(&mut self) {
        self.0.watchers.fetch_sub(1, Ordering::SeqCst);
    }
}
