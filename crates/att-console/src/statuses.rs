use crate::driver::Shared;
use crate::status::{State, Status};
use alta_socket::Watch;
use futures_core::Stream;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The states of a console as a stream; see [`Console::statuses`](crate::Console::statuses).
///
/// Whoever reads slowly sees the newest state, not every one in between; the totals tell what happened meanwhile.
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

    /// The next status that satisfies `condition`, asked whenever the state changes (not at every count); `None` if the console is closed for good before.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn wait_for(&mut self, mut condition: impl FnMut(&Status) -> bool) -> Option<Status> {
        let shared = Arc::clone(&self.shared);
        let state = self
            .states
            .wait_for(|state| state.is_closed() || condition(&shared.status_of(state.clone())))
            .await?;
        Some(self.shared.status_of(state)).filter(condition)
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
