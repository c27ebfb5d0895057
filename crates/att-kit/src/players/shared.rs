use super::change::PlayerChange;
use super::online::Online;
use alta_model::{Timestamp, UserId};
use att_console::Missed;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, broadcast, watch};

/// The changes that a stream keeps for a slow reader.
const QUEUE: usize = 4_096;

/// A change, or a place where changes are missing.
pub(super) type Item = Result<PlayerChange, Missed>;

/// The state that the readers and the task of one console share.
pub(super) struct Shared {
    published: Mutex<Published>,
    state: watch::Sender<State>,
    /// Notifies the task that a reply of the server contradicts the snapshot.
    doubt: Notify,
    /// Notifies the task that a reader needs a newer list.
    refresh: Notify,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum State {
    Incomplete,
    /// A list has confirmed the players, except for entries that cannot be read.
    Partial,
    Complete,
    Closed,
}

pub(super) struct Published {
    pub(super) online: Arc<Online>,
    /// The players who were in only one of the snapshot and the last reply to another command.
    pub(super) differing: BTreeSet<UserId>,
    /// `None` when the console is closed.
    pub(super) changes: Option<broadcast::Sender<Item>>,
}

impl Shared {
    pub(super) fn new() -> Self {
        let online = Online {
            players: BTreeMap::new(),
            is_complete: false,
            as_of: Timestamp::now(),
            listed_at: None,
        };
        Self {
            published: Mutex::new(Published {
                online: Arc::new(online),
                differing: BTreeSet::new(),
                changes: Some(broadcast::Sender::new(QUEUE)),
            }),
            state: watch::Sender::new(State::Incomplete),
            doubt: Notify::new(),
            refresh: Notify::new(),
        }
    }

    pub(super) fn states(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Notes that a reply of the server contradicts the snapshot.
    pub(super) fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// Waits until a reply of the server contradicts the snapshot.
    pub(super) async fn doubted(&self) {
        self.doubt.notified().await;
    }

    /// Notes that a reader needs a newer list.
    pub(super) fn refresh(&self) {
        self.refresh.notify_one();
    }

    /// Waits until a reader needs a newer list.
    pub(super) async fn refreshed(&self) {
        self.refresh.notified().await;
    }

    /// Publishes a snapshot, with the change or the miss that led to it.
    pub(super) fn publish(&self, item: Option<Item>, online: &Online) {
        let online = Arc::new(online.clone());
        let state = match online.listed_at {
            _ if online.is_complete => State::Complete,
            Some(_) => State::Partial,
            None => State::Incomplete,
        };
        let mut published = self.lock();
        let before = std::mem::replace(&mut published.online, online);
        if let (Some(item), Some(changes)) = (item, &published.changes) {
            // Without a stream, the channel has no receiver.
            let _ = changes.send(item);
        }
        drop(published);
        // Without the lock: this can free the snapshot.
        drop(before);
        self.set(state);
    }

    /// Ends the streams: the console is closed.
    pub(super) fn end(&self) {
        self.lock().changes = None;
        self.set(State::Closed);
    }

    /// The snapshot and its later changes; no changes if the console is closed.
    pub(super) fn subscribe(&self) -> (Arc<Online>, Option<broadcast::Receiver<Item>>) {
        let published = self.lock();
        let changes = published.changes.as_ref();
        let changes = changes.map(broadcast::Sender::subscribe);
        (Arc::clone(&published.online), changes)
    }

    fn set(&self, state: State) {
        self.state
            .send_if_modified(|before| std::mem::replace(before, state) != state);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Published> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
