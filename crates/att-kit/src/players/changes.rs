use super::change::PlayerChange;
use super::shared::Item;
use att_console::Missed;
use futures_core::Stream;
use futures_util::StreamExt;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError::Lagged;

/// The changes of the players on a console, as a stream of `Result<PlayerChange, Missed>`; see [`Players::changes`](super::Players::changes).
///
/// It ends when the console is closed. After [`Missed::Gap`] the differences follow, with [`Evidence::List`](super::Evidence::List). After
/// [`Missed::Lagged`] compare with [`Players::online`](super::Players::online).
pub struct PlayerChanges {
    found: VecDeque<PlayerChange>,
    /// `None` when the console is closed.
    changes: Option<BroadcastStream<Item>>,
}

impl PlayerChanges {
    pub(super) fn new(
        found: VecDeque<PlayerChange>,
        changes: Option<BroadcastStream<Item>>,
    ) -> Self {
        Self { found, changes }
    }

    /// The next change or miss; `None` when the console is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Item> {
        StreamExt::next(self).await
    }

    /// The next change; `None` when the console is closed. Misses are skipped: the changes after them contain the differences,
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
        let or_lag = |Lagged(missed)| Err(Missed::Lagged(missed));
        Poll::Ready(item.map(|item| item.unwrap_or_else(or_lag)))
    }
}

impl fmt::Debug for PlayerChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlayerChanges").finish_non_exhaustive()
    }
}
