use futures_core::Stream;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

/// The writing end of a [`Watch`].
#[derive(Debug)]
pub struct Publisher<S>(watch::Sender<S>);

impl<S: Clone + Send + Sync + PartialEq + 'static> Publisher<S> {
    /// A publisher that shows `first`.
    pub fn new(first: S) -> Self {
        Self(watch::Sender::new(first))
    }

    /// Shows another value; watchers are woken if it differs.
    pub fn set(&self, value: S) {
        self.0.send_if_modified(|current| {
            let differs = *current != value;
            if differs {
                *current = value;
            }
            differs
        });
    }

    /// The value shown now.
    pub fn get(&self) -> S {
        self.0.borrow().clone()
    }

    /// Another watcher.
    pub fn watch(&self) -> Watch<S> {
        Watch::new(self.0.subscribe())
    }
}

/// A value that changes: readable now, and as a stream that begins with the present value.
///
/// Whoever reads slowly sees the newest value, not every one in between. The stream ends when the connection it
/// describes is closed for good.
pub struct Watch<S> {
    receiver: watch::Receiver<S>,
    stream: WatchStream<S>,
}

impl<S: Clone + Send + Sync + 'static> Watch<S> {
    fn new(receiver: watch::Receiver<S>) -> Self {
        Self {
            stream: WatchStream::new(receiver.clone()),
            receiver,
        }
    }

    /// The present value.
    pub fn current(&self) -> S {
        self.receiver.borrow().clone()
    }

    /// Waits until the value satisfies `condition` and returns it; `None` if it never will, since the connection was
    /// closed for good. Cancel safe.
    pub async fn wait_for(&mut self, condition: impl FnMut(&S) -> bool) -> Option<S> {
        let found = self.receiver.wait_for(condition).await.ok()?;
        Some(found.clone())
    }
}

impl<S: Clone + Send + Sync + 'static> Clone for Watch<S> {
    fn clone(&self) -> Self {
        Self::new(self.receiver.clone())
    }
}

impl<S: Clone + Send + Sync + 'static> Stream for Watch<S> {
    type Item = S;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S>> {
        Pin::new(&mut self.stream).poll_next(cx)
    }
}

impl<S: fmt::Debug> fmt::Debug for Watch<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch")
            .field(&*self.receiver.borrow())
            .finish()
    }
}
