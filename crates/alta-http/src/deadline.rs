use std::time::Duration;

use http::Extensions;
use tokio::time::Instant;

/// An extension of a request: the moment at which the call as a whole ends, with its queueing, repetitions and pauses.
///
/// [`HttpClient::send`](crate::HttpClient::send) gives one to every request that has none. The layers of this crate heed it:
/// nothing waits, pauses or is tried again beyond it.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub fn after(time: Duration) -> Self {
        let now = Instant::now();
        // A time that no clock has is as good as none: a century.
        let far = Duration::from_secs(100 * 365 * 86_400);
        Self(now.checked_add(time).unwrap_or(now + far))
    }

    /// How much time is left.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// What the future ends with, or none if it does not end in time.
    ///
    /// # Cancel safety
    ///
    /// As that of the future, which is dropped at the deadline, too.
    pub async fn bound<F: Future>(self, future: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.0, future).await.ok()
    }

    /// That of a request, if it has one.
    pub(crate) fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get().copied()
    }

    /// The time left for something that may take `most`.
    pub(crate) fn cap(deadline: Option<Self>, most: Duration) -> Duration {
        deadline.map_or(most, |deadline| deadline.remaining().min(most))
    }
}
