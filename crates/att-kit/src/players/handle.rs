use super::change::{ChangeKind, Evidence, PlayerChange};
use super::follow::{EVENTS, Item, follow};
use super::online::Online;
use alta_model::{Timestamp, UserId};
use att_console::{Console, Missed};
use futures_core::Stream;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::sync::{Notify, broadcast, watch};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

/// The changes that a stream keeps for a slow reader.
const QUEUE: usize = 4_096;

/// The players on one console: one snapshot, for any number of readers.
///
/// It is kept from events, and compared with `player list` when the console connects, after every gap, and from time to time,
/// since servers do not send every join and leave. A failed list changes nothing.
///
/// Clones, and other calls of [`of`](Self::of) with the same console, are handles to the same snapshot. Its task ends with the
/// console.
///
/// ```no_run
/// use att_console::Console;
/// use att_kit::players::{ChangeKind, Players};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let console = Console::local()?;
/// let players = Players::of(&console);
/// let mut changes = players.changes();
/// while let Some(change) = changes.next_change().await {
///     match change.kind {
///         ChangeKind::Joined => println!("{} joined", change.player.name()),
///         ChangeKind::Left => println!("{} left, {} online", change.player.name(), players.online().len()),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Players {
    console: Console,
    shared: Arc<Shared>,
}

/// The state that the readers and the task of one console share.
pub(super) struct Shared {
    published: Mutex<Published>,
    state: watch::Sender<State>,
    /// Notifies the task that a reply of the server does not fit the snapshot.
    doubt: Notify,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Incomplete,
    Complete,
    Closed,
}

struct Published {
    online: Arc<Online>,
    /// The players who were in only one of the snapshot and the last reply to another command.
    differing: BTreeSet<UserId>,
    /// `None` when the console is closed.
    changes: Option<broadcast::Sender<Item>>,
}

/// The value that all handles of a console share.
struct Extension {
    shared: Arc<Shared>,
    task: tokio::task::AbortHandle,
}

impl Drop for Extension {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Players {
    /// The players on this console. The first call begins to follow them.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn of(console: &Console) -> Self {
        let extension = console.extension(|| {
            let shared = Arc::new(Shared::new());
            let events = console.subscribe_to_any(EVENTS).start();
            let (weak, statuses) = (console.downgrade(), console.statuses());
            let task = tokio::spawn(follow(weak, statuses, events, Arc::clone(&shared)));
            let task = task.abort_handle();
            Extension { shared, task }
        });
        Self {
            console: console.clone(),
            shared: Arc::clone(&extension.shared),
        }
    }

    /// The console.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// The newest snapshot. It costs a reference count.
    pub fn online(&self) -> Arc<Online> {
        Arc::clone(&self.shared.lock().online)
    }

    /// Waits until the snapshot is [complete](Online::is_complete), and returns it; `None` if the console is closed before.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn complete(&self) -> Option<Arc<Online>> {
        let mut states = self.shared.state.subscribe();
        let state = states.wait_for(|state| *state != State::Incomplete).await;
        let is_complete = *state.ok()? == State::Complete;
        is_complete.then(|| self.online())
    }

    /// Makes a list due soon: a reply of the server does not fit the snapshot.
    pub(super) fn doubt(&self) {
        self.shared.doubt.notify_one();
    }

    /// Compares the snapshot with all players of a reply to another command. If another player than before is in only one of
    /// them, a list is due soon: the server may not send joins and leaves.
    pub(super) fn compare(&self, listed: &BTreeSet<UserId>) {
        let online: BTreeSet<_> = self.online().iter().map(|player| player.id()).collect();
        let differing = &online ^ listed;
        let is_new = !differing.is_empty() && self.shared.lock().differing != differing;
        self.shared.lock().differing = differing;
        if is_new {
            self.doubt();
        }
    }

    /// The changes from now on, as a stream. It begins with the players who are online, as [`ChangeKind::Found`].
    pub fn changes(&self) -> PlayerChanges {
        let published = self.shared.lock();
        let at = published.online.as_of();
        let found = published.online.iter().map(|player| PlayerChange {
            player: Arc::clone(player),
            kind: ChangeKind::Found,
            evidence: Evidence::List,
            at,
        });
        PlayerChanges {
            found: found.collect(),
            changes: published
                .changes
                .as_ref()
                .map(|changes| BroadcastStream::new(changes.subscribe())),
        }
    }
}

impl std::fmt::Debug for Players {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Players")
            .field("console", &self.console.label())
            .field("online", &self.online().len())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn new() -> Self {
        let online = Online {
            players: BTreeMap::new(),
            is_complete: false,
            as_of: Timestamp::now(),
        };
        Self {
            published: Mutex::new(Published {
                online: Arc::new(online),
                differing: BTreeSet::new(),
                changes: Some(broadcast::Sender::new(QUEUE)),
            }),
            state: watch::Sender::new(State::Incomplete),
            doubt: Notify::new(),
        }
    }

    /// Waits until a reply of the server does not fit the snapshot.
    pub(super) async fn doubted(&self) {
        self.doubt.notified().await;
    }

    /// Publishes a snapshot, with the change or the miss that led to it.
    pub(super) fn publish(&self, item: Option<Item>, online: &Online) {
        let mut published = self.lock();
        published.online = Arc::new(online.clone());
        if let (Some(item), Some(changes)) = (item, &published.changes) {
            // It goes nowhere if there is no stream.
            let _ = changes.send(item);
        }
        drop(published);
        self.set(if online.is_complete {
            State::Complete
        } else {
            State::Incomplete
        });
    }

    /// Ends the streams: the console is closed.
    pub(super) fn end(&self) {
        self.lock().changes = None;
        self.set(State::Closed);
    }

    fn set(&self, state: State) {
        self.state
            .send_if_modified(|before| std::mem::replace(before, state) != state);
    }

    fn lock(&self) -> MutexGuard<'_, Published> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The changes of the players on a console, as a stream of `Result<PlayerChange, Missed>`; see [`Players::changes`].
///
/// It ends when the console is closed. After [`Missed::Gap`] the differences follow, with [`Evidence::List`]. After
/// [`Missed::Lagged`] compare with [`Players::online`].
pub struct PlayerChanges {
    found: VecDeque<PlayerChange>,
    /// `None` when the console is closed.
    changes: Option<BroadcastStream<Item>>,
}

impl PlayerChanges {
    /// The next change or miss; `None` when the console is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Item> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The next change; `None` when the console is closed. Misses are skipped: the changes after them tell the difference,
    /// unless this reader was too slow.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next_change(&mut self) -> Option<PlayerChange> {
        loop {
            if let Ok(change) = self.next().await? {
                return Some(change);
            }
        }
    }
}

impl Stream for PlayerChanges {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        if let Some(found) = self.found.pop_front() {
            return Poll::Ready(Some(Ok(found)));
        }
        let Some(changes) = &mut self.changes else {
            return Poll::Ready(None);
        };
        let item = ready!(Pin::new(changes).poll_next(cx));
        Poll::Ready(item.map(|item| match item {
            Ok(item) => item,
            Err(BroadcastStreamRecvError::Lagged(missed)) => Err(Missed::Lagged(missed)),
        }))
    }
}

impl std::fmt::Debug for PlayerChanges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlayerChanges").finish_non_exhaustive()
    }
}
