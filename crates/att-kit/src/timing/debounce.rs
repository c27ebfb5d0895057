use super::bursts::Bursts;
use futures_core::Stream;
use futures_util::StreamExt;
use std::fmt;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// The most items that one poll reads, so that other futures of the task run during a flood.
const AT_ONCE: usize = 128;

/// A stream that yields the last event of each burst: an event is yielded when no other one with the same key has followed for
/// some time.
///
/// Misses are yielded at once. When the inner stream ends, the remaining events follow. At most 4,096 keys wait; one more
/// yields the oldest event early.
///
/// ```no_run
/// use att_console::{Console, event::PlayerMovedChunk};
/// use att_kit::timing::Debounce;
/// use std::time::Duration;
///
/// # async fn run(console: Console) -> Result<(), att_console::Error> {
/// let moves = console.subscribe::<PlayerMovedChunk>().await?;
/// // A player who walks along a border is reported once.
/// let mut moves = Debounce::new(moves, Duration::from_secs(3), |moved| moved.data.player.id);
/// while let Some(item) = moves.next().await {
///     let Ok(moved) = item else { continue };
///     println!("{} is in {}", moved.data.player.username, moved.data.new_chunk);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Debounce<S, K, T, F> {
    /// `None` when it has ended.
    stream: Option<S>,
    key: F,
    bursts: Bursts<K, T>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<S, K, T, E, F> Debounce<S, K, T, F>
where
    S: Stream<Item = Result<T, E>> + Unpin,
    K: Clone + Eq + Hash + Unpin,
    T: Unpin,
    F: FnMut(&T) -> K + Unpin,
{
    /// Yields the last event of each burst of `stream`. A burst of a key ends when this key had no event for the time `quiet`.
    pub fn new(stream: S, quiet: Duration, key: F) -> Self {
        Self {
            stream: Some(stream),
            key,
            bursts: Bursts::new(quiet),
            sleep: None,
        }
    }

    /// The next event or miss; `None` when the inner stream has ended and all its events are yielded.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Result<T, E>> {
        StreamExt::next(self).await
    }
}

impl<S, K, T, E, F> Stream for Debounce<S, K, T, F>
where
    S: Stream<Item = Result<T, E>> + Unpin,
    K: Clone + Eq + Hash + Unpin,
    T: Unpin,
    F: FnMut(&T) -> K + Unpin,
{
    type Item = Result<T, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let now = Instant::now();
        for _ in 0..AT_ONCE {
            if let Some(item) = this.bursts.pop(now) {
                return Poll::Ready(Some(Ok(item)));
            }
            let Some(stream) = &mut this.stream else {
                return Poll::Ready(this.bursts.pop_oldest().map(Ok));
            };
            match Pin::new(stream).poll_next(cx) {
                Poll::Ready(Some(Ok(item))) => this.bursts.push((this.key)(&item), item, now),
                Poll::Ready(Some(Err(missed))) => return Poll::Ready(Some(Err(missed))),
                Poll::Ready(None) => this.stream = None,
                Poll::Pending => {
                    ready!(this.poll_deadline(cx));
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S, K: Clone + Eq + Hash, T, F> Debounce<S, K, T, F> {
    /// Waits for the end of the next burst.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.bursts.deadline() else {
            return Poll::Pending;
        };
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}

impl<S, K, T, F> fmt::Debug for Debounce<S, K, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Debounce").finish_non_exhaustive()
    }
}
