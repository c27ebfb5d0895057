use http::Extensions;
use std::time::Duration;
use tokio::time::Instant;

/// An extension of a request: the instant at which the whole call ends, with its time in the queue, its retries and their
/// pauses.
///
/// [`HttpClient::send`](crate::HttpClient::send) adds one to each request that has none. The layers of this crate obey it: they
/// neither wait, pause nor retry beyond it.
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
        tokio::time::timeout_at(self.0, future).await.ok()
    }

    /// The deadline of a request, if it has one.
    pub(crate) fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get().copied()
    }

    /// Runs the future until the deadline, if there is one. Fails with the time that it waited.
    pub(crate) async fn bound_by<F: Future>(
        deadline: Option<Self>,
        future: F,
    ) -> Result<F::Output, Duration> {
        let Some(deadline) = deadline else {
            return Ok(future.await);
        };
        let left = deadline.remaining();
        deadline.bound(future).await.ok_or(left)
    }
}
