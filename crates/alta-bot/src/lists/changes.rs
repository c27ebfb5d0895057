use super::change::{ListChange, ListChangeKind};
use super::entry::ListEntry;
use super::followed::Followed;
use crate::view::Known;
use alta_socket::{Delivery, Missed, Subscriber};
use futures_core::Stream;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// A list and its changes as one stream; see [`FollowedList::changes`](crate::FollowedList::changes).
///
/// Items are `Ok(change)`, or `Err(missed)` if the reader was too slow: then compare with [`FollowedList::entries`](crate::FollowedList::entries). A lost
/// connection causes no item: the list is read again, and the differences follow as changes. The stream keeps the list
/// followed, and ends when the bot is closed.
pub struct ListChanges<T: ListEntry> {
    found: VecDeque<Arc<T>>,
    queue: Subscriber<(), ListChange<T>>,
    /// Keeps the list followed.
    _list: Arc<Followed<T>>,
}

impl<T: ListEntry> ListChanges<T> {
    pub(super) fn new(
        found: VecDeque<Arc<T>>,
        queue: Subscriber<(), ListChange<T>>,
        list: Arc<Followed<T>>,
    ) -> Self {
        Self {
            found,
            queue,
            _list: list,
        }
    }

    /// The next change or miss; `None` when the bot is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a change that was not returned is still in the queue.
    pub async fn next(&mut self) -> Option<Result<ListChange<T>, Missed>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The next change; `None` when the bot is closed. If this reader was too slow, a warning is logged and the stream continues.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a change that was not returned is still in the queue.
    pub async fn next_change(&mut self) -> Option<ListChange<T>> {
        loop {
            match self.next().await? {
                Ok(change) => return Some(change),
                Err(missed) => tracing::warn!(%missed, "changes of a list were missed"),
            }
        }
    }
}

impl<T: ListEntry> Stream for ListChanges<T> {
    type Item = Result<ListChange<T>, Missed>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(entry) = self.found.pop_front() {
            return Poll::Ready(Some(Ok(ListChange {
                entry,
                kind: ListChangeKind::Found,
                is_own: false,
                known: Known::AtStart,
            })));
        }
        let delivery = ready!(self.queue.poll_next(cx));
        Poll::Ready(delivery.map(Delivery::into_result))
    }
}

impl<T: ListEntry> fmt::Debug for ListChanges<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListChanges")
            .field("queued", &(self.found.len() + self.queue.queued()))
            .finish_non_exhaustive()
    }
}
