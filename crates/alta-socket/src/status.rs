use crate::counters::Counted;
use futures_core::Stream;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
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

/// A connection whose status can be read and watched.
pub trait Observed: Send + Sync + 'static {
    /// The part of the status whose changes a stream of statuses yields.
    type State: Clone + Send + Sync + PartialEq + fmt::Debug + 'static;
    /// The state with the counts.
    type Status;

    /// Where the state is shown.
    fn state(&self) -> &Publisher<Self::State>;

    /// Notifies those who wait for counts.
    fn counted(&self) -> &Counted;

    /// A state with the counts of now.
    fn status_of(&self, state: Self::State) -> Self::Status;

    /// Whether the connection is closed for good.
    fn is_closed(state: &Self::State) -> bool;
}

/// The status of a connection now.
pub fn status<O: Observed>(observed: &O) -> O::Status {
    observed.status_of(observed.state().get())
}

/// The states of a connection as a stream, each with the totals counted so far.
///
/// It yields when the state changes; [`wait_for`](Self::wait_for) looks at counts, too. Whoever reads slowly sees the newest
/// state, not every one in between; the totals tell what happened meanwhile.
pub struct Statuses<O: Observed> {
    states: Watch<O::State>,
    observed: Arc<O>,
    closed: bool,
}

impl<O: Observed> Statuses<O> {
    /// The states of this connection, from the present one on.
    pub fn new(observed: Arc<O>) -> Self {
        Self {
            states: observed.state().watch(),
            observed,
            closed: false,
        }
    }

    /// The next status: the present one first, then when the state changes; `None` when the connection is closed for good
    /// and that was told.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<O::Status> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The status now.
    pub fn current(&self) -> O::Status {
        status(&*self.observed)
    }

    /// The first status from now on that satisfies `condition`, asked whenever the state or a count changes; `None` if the
    /// connection is closed for good before. What changes quickly is seen as it is in the end, not at every step.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn wait_for(
        &mut self,
        mut condition: impl FnMut(&O::Status) -> bool,
    ) -> Option<O::Status> {
        let observed = Arc::clone(&self.observed);
        let watcher = observed.counted().watcher();
        loop {
            let mut counted = pin!(watcher.next());
            counted.as_mut().enable();
            let seen = observed.state().get();
            let status = observed.status_of(seen.clone());
            if condition(&status) {
                return Some(status);
            }
            if O::is_closed(&seen) {
                return None;
            }
            tokio::select! {
                changed = self.states.wait_for(|state| *state != seen) => {
                    changed?;
                }
                () = counted => {}
            }
        }
    }
}

impl<O: Observed> Clone for Statuses<O> {
    fn clone(&self) -> Self {
        Self {
            states: self.states.clone(),
            observed: Arc::clone(&self.observed),
            closed: self.closed,
        }
    }
}

impl<O: Observed> Stream for Statuses<O> {
    type Item = O::Status;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<O::Status>> {
        if self.closed {
            return Poll::Ready(None);
        }
        let state = ready!(Pin::new(&mut self.states).poll_next(cx));
        self.closed = state.as_ref().is_none_or(O::is_closed);
        Poll::Ready(state.map(|state| self.observed.status_of(state)))
    }
}

impl<O: Observed> fmt::Debug for Statuses<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Statuses").field(&self.states).finish()
    }
}
