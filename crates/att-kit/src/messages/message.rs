use super::delivery::Delivery;
use super::send::{Recipient, Sending};
use crate::players::Players;
use att_console::{Argument, Error};
use futures_core::future::BoxFuture;
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tracing::warn;

/// The age at which a message without another rule is not sent any more.
const MAX_AGE: Duration = Duration::from_secs(60);

/// The largest number of messages of one console that wait in tasks of their own.
const CAPACITY: usize = 4_096;

/// The number of messages that wait in tasks of their own.
#[derive(Default)]
pub(super) struct Waiting(pub(super) AtomicUsize);

/// A message that is sent when it is awaited or [spawned](Self::spawn).
///
/// It is sent at most once. Without a connection, or while the server does not reply, it waits until its maximum age.
///
/// # Errors
///
/// When awaited: those of a command, except that a console that is not ready is no error. An error can say that the message
/// [may have been sent](att_console::Error::sent).
///
/// # Cancel safety
///
/// A message whose future is dropped before it is written to the socket is not sent.
#[must_use = "a message is sent when it is awaited or spawned"]
pub struct Message {
    players: Players,
    waiting: Arc<Waiting>,
    to: Recipient,
    text: Argument,
    delay: Duration,
    max_age: Duration,
    when_visible: bool,
    duration: Option<Duration>,
}

impl Message {
    pub(super) fn new(
        players: &Players,
        waiting: Arc<Waiting>,
        to: Recipient,
        text: Argument,
    ) -> Self {
        Self {
            players: players.clone(),
            waiting,
            to,
            text,
            delay: Duration::ZERO,
            max_age: MAX_AGE,
            when_visible: false,
            duration: None,
        }
    }

    /// Sends it after this time, unless the player has left by then.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Waits until the player can see it: the game shows nothing to a player who has joined less than 25 s ago. A message for
    /// everyone waits for those who are online when it is made.
    pub fn when_visible(mut self) -> Self {
        self.when_visible = true;
        self
    }

    /// Sets the maximum age, after which it is not sent; by default 60 s. It counts from the end of the [`delay`](Self::delay).
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Sets how long the game shows it; by default ten seconds.
    pub fn duration(mut self, duration: Duration) -> Self {
        self.duration = Some(duration);
        self
    }

    /// Sends it in a task of its own, so that the caller does not wait. The handle can be dropped: a failure is logged as a
    /// warning. The message does not keep the console open.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn spawn(self) -> JoinHandle<Result<Delivery, Error>> {
        let label = self.players.console().label();
        let slot = Slot::take(&self.waiting);
        let sending = self.sending();
        tokio::spawn(async move {
            let Some(_slot) = slot else {
                warn!(
                    console = &*label,
                    "{CAPACITY} messages wait; another one is not sent"
                );
                return Ok(Delivery::Refused);
            };
            let sent = sending.run().await;
            if let Err(error) = &sent {
                warn!(console = &*label, %error, "a message was not sent");
            }
            sent
        })
    }

    fn sending(self) -> Sending {
        Sending::new(
            &self.players,
            self.to,
            self.text,
            self.duration,
            |audience, now| {
                super::post::Post::new(audience, self.when_visible, self.delay, self.max_age, now)
            },
        )
    }
}

impl IntoFuture for Message {
    type Output = Result<Delivery, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        // An awaited message keeps the console open, as an awaited command does.
        let console = self.players.console().clone();
        let sending = self.sending();
        Box::pin(async move {
            let sent = sending.run().await;
            drop(console);
            sent
        })
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("console", &self.players.console().label())
            .field("delay", &self.delay)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

/// One of the places for messages that wait.
struct Slot(Arc<Waiting>);

impl Slot {
    fn take(waiting: &Arc<Waiting>) -> Option<Self> {
        let is_free = waiting.0.fetch_add(1, Ordering::Relaxed) < CAPACITY;
        let slot = Self(Arc::clone(waiting));
        is_free.then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
