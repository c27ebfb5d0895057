use crate::driver::Shared;
use crate::status::{State, Status};
use alta_socket::Watch;
use futures_core::Stream;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The states of a console as a stream; see [`Console::statuses`](crate::Console::statuses).
///
/// It yields when the state changes; [`wait_for`](Self::wait_for) looks at counts, too. Whoever reads slowly sees the newest
/// state, not every one in between; the totals tell what happened meanwhile.
#[derive(Clone)]
pub struct Statuses {
    states: Watch<State>,
    shared: Arc<Shared>,
    closed: bool,
}

impl Statuses {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            states: shared.status.watch(),
            shared,
            closed: false,
        }
    }

    /// The next status: the present one first, then when the state changes; `None` when the console is closed for good and
    /// that was told.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Status> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The present status.
    pub fn current(&self) -> Status {
        self.shared.status()
    }

    /// The first status from now on that satisfies `condition`, asked whenever the state or a count changes; `None` if the
    /// console is closed for good before. What changes quickly is seen as it is in the end, not at every step.
    ///
    /// ```no_run
    /// # async fn run(console: att_console::Console) {
    /// // All that was asked is answered.
    /// console.statuses().wait_for(|status| status.waiting == 0 && status.in_flight == 0).await;
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn wait_for(&mut self, mut condition: impl FnMut(&Status) -> bool) -> Option<Status> {
        let shared = Arc::clone(&self.shared);
        let watcher = shared.counted.watcher();
        loop {
            let mut counted = std::pin::pin!(watcher.next());
            counted.as_mut().enable();
            let status = shared.status();
            if condition(&status) {
                return Some(status);
            }
            if status.state.is_closed() {
                return None;
            }
            tokio::select! {
                changed = self.states.wait_for(|state| *state != status.state) => {
                    changed?;
                }
                () = counted => {}
            }
        }
    }
}

impl Stream for Statuses {
    type Item = Status;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Status>> {
        if self.closed {
            return Poll::Ready(None);
        }
        let state = std::task::ready!(Pin::new(&mut self.states).poll_next(cx));
        self.closed = state.as_ref().is_none_or(State::is_closed);
        Poll::Ready(state.map(|state| self.shared.status_of(state)))
    }
}

impl fmt::Debug for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Statuses").field(&self.states).finish()
    }
}
