use super::polls::{Polls, Reader, State};
use super::snapshot::Snapshot;
use alta_model::console::result::{Inventory, PlayerDetailed};
use att_console::Error;
use futures_core::Stream;
use futures_util::StreamExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Instant;
use tokio_stream::wrappers::WatchStream;

/// The bodies of all players, again and again; see [`Players::details`](super::Players::details).
pub type Details = Snapshots<PlayerDetailed>;

/// The items of all players, again and again; see [`Players::inventories`](super::Players::inventories).
pub type Inventories = Snapshots<Inventory>;

/// Snapshots of all players, as a stream of `Arc<Snapshot<T>>`. It ends when the console is closed.
///
/// A slow reader gets the newest snapshot, not each. The requests continue until this is dropped.
pub struct Snapshots<T> {
    reader: Reader<T>,
    every: Duration,
    began: Instant,
    states: WatchStream<State<T>>,
    /// When the request of the last yielded snapshot was sent.
    last: Option<Instant>,
}

impl<T: Send + Sync + 'static> Snapshots<T> {
    pub(super) fn new(polls: &Arc<Polls<T>>, every: Duration) -> Self {
        let (reader, every) = polls.every(every);
        Self {
            reader,
            every,
            began: Instant::now(),
            states: WatchStream::new(polls.states()),
            last: None,
        }
    }

    /// The next snapshot; `None` when the console is closed.
    ///
    /// The first one can be a snapshot from before the stream began, if it was not older than the interval then.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Arc<Snapshot<T>>> {
        StreamExt::next(self).await
    }

    /// The newest snapshot, of any [age](Snapshot::age); `None` before the first one. It costs a reference count.
    pub fn latest(&self) -> Option<Arc<Snapshot<T>>> {
        self.reader.polls.latest()
    }

    /// The error of the latest request; `None` if it succeeded, or before the first one.
    pub fn failure(&self) -> Option<Error> {
        self.reader.polls.failure()
    }

    /// The interval of this reader.
    pub fn interval(&self) -> Duration {
        self.every
    }

    fn is_due(&self, snapshot: &Snapshot<T>) -> bool {
        match self.last {
            Some(last) => snapshot.sent() >= last + self.every,
            None => snapshot.sent() + self.every >= self.began,
        }
    }
}

impl<T: Send + Sync + 'static> Stream for Snapshots<T> {
    type Item = Arc<Snapshot<T>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(state) = ready!(Pin::new(&mut self.states).poll_next(cx)) else {
                return Poll::Ready(None);
            };
            if state.closed.is_some() {
                return Poll::Ready(None);
            }
            if let Some(latest) = state.latest.filter(|latest| self.is_due(latest)) {
                self.last = Some(latest.sent());
                return Poll::Ready(Some(latest));
            }
        }
    }
}

impl<T> std::fmt::Debug for Snapshots<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshots")
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}
