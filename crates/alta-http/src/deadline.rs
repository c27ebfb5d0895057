use http::Extensions;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, Timeout};

/// An extension of a request: the instant at which the whole call ends, with its time in the queue, its retries and their
/// pauses.
///
/// [`HttpClient::send`](crate::HttpClient::send) adds one to each request that has none, unless its transport is the default one.
/// The layers of this crate obey it: they neither wait, pause nor retry beyond it.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline this long from now.
    pub fn after(time: Duration) -> Self {
        let now = Instant::now();
        // A duration beyond the range of the clock counts as a century.
        let far = Duration::from_secs(100 * 365 * 86_400);
        Self(now.checked_add(time).unwrap_or(now + far))
    }

    /// The remaining time.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Runs the future until the deadline. Returns its output, or `None` if it is not ready by then.
    ///
    /// # Cancel safety
    ///
    /// The same as that of the future, which is also dropped at the deadline.
    pub async fn bound<F: Future>(self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        // Many futures are ready at once, and a timer costs more than another poll.
        let first = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx)));
        if let Poll::Ready(output) = first.await {
            return Some(output);
        }
        self.timeout(future).await.ok()
    }

    /// The earlier one of this deadline and of the end of this time. Returns the time until then, too.
    pub(crate) fn within(self, time: Duration) -> (Self, Duration) {
        let now = Instant::now();
        let left = self.0.saturating_duration_since(now).min(time);
        (Self(now + left), left)
    }

    /// As [`bound`](Self::bound). An `async fn` would contain the future twice.
    pub(crate) fn timeout<F: Future>(self, future: F) -> Timeout<F> {
        tokio::time::timeout_at(self.0, future)
    }

    /// The deadline of a request, if it has one.
    pub(crate) fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get().copied()
    }
}
