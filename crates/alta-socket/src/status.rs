use crate::counters::Counted;
use futures_core::Stream;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

/// The writing side of a [`Watch`].
#[derive(Debug)]
pub struct Publisher<S>(watch::Sender<S>);

impl<S: Clone + Send + Sync + PartialEq + 'static> Publisher<S> {
    /// A publisher with the value `first`.
    pub fn new(first: S) -> Self {
        Self(watch::Sender::new(first))
    }

    /// Sets another value; watchers are woken if it differs.
    pub fn set(&self, value: S) {
        self.0.send_if_modified(|current| {
            let differs = *current != value;
            if differs {
                *current = value;
            }
            differs
        });
    }

    /// The present value.
    pub fn get(&self) -> S {
        self.0.borrow().clone()
    }

    /// A new watcher.
    pub fn watch(&self) -> Watch<S> {
        Watch::new(self.0.subscribe())
    }
}

/// A value that changes: readable now, and as a stream that begins with the present value.
///
/// A slow reader sees the newest value, not every one in between. The stream ends when its connection is closed
/// permanently.
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

    /// Waits until the value satisfies `condition` and returns it; `None` if the connection was closed permanently
    /// before. Cancel safe.
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

/// A connection with a status that can be read and watched.
pub trait Observed: Send + Sync + 'static {
    /// The part of the status whose changes a stream of statuses yields.
    type State: Clone + Send + Sync + PartialEq + fmt::Debug + 'static;
    /// The state with the counts.
    type Status;

    /// The publisher of the state.
    fn state(&self) -> &Publisher<Self::State>;

    /// Notifies the tasks that wait for counts.
    fn counted(&self) -> &Counted;

    /// A state with the present counts.
    fn status_of(&self, state: Self::State) -> Self::Status;

    /// Returns whether the connection is closed permanently.
    fn is_closed(state: &Self::State) -> bool;
}

/// The present status of a connection.
pub fn status<O: Observed>(observed: &O) -> O::Status {
    observed.status_of(observed.state().get())
}

/// A stream of the statuses of a connection, each with the totals at that time.
///
/// It yields when the state changes; [`wait_for`](Self::wait_for) also checks counts. A slow reader sees the newest
/// state, not every one in between; the totals show the events in between.
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

    /// The next status: the present one first, then one for each change of the state; `None` when the connection is
    /// closed permanently and that status was returned.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<O::Status> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The present status.
    pub fn current(&self) -> O::Status {
        status(&*self.observed)
    }

    /// The first status from now on that satisfies `condition`, which is checked after each change of the state or a
    /// count; `None` if the connection is closed permanently before. Of quick changes, only the last one is checked.
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
