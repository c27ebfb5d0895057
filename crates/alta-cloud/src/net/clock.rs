use jiff::Timestamp;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// Wall time that follows tokio's clock: a test that pauses or advances tokio's clock also controls when tokens expire.
/// [`advance`](Self::advance) moves it in addition, and with it everything that waits for it. A clone is the same clock.
#[derive(Clone, Debug)]
pub struct Clock {
    started: Instant,
    wall: SystemTime,
    /// The sum of all moves.
    moved: Arc<watch::Sender<Duration>>,
}

impl Clock {
    /// Starts at the present wall time.
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            wall: SystemTime::now(),
            moved: Arc::default(),
        }
    }

    /// The furthest that [`advance`](Self::advance) moves the clock in total: about 100 years.
    pub const FURTHEST: Duration = Duration::from_secs(100 * 365 * 86_400);

    /// Moves the clock forward, at most to [`FURTHEST`](Self::FURTHEST). Pauses that have ended by then end at once.
    pub fn advance(&self, by: Duration) {
        self.moved
            .send_modify(|moved| *moved = moved.saturating_add(by).min(Self::FURTHEST));
    }

    /// The time since [`start`](Self::start), including all moves.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed().saturating_add(*self.moved.borrow())
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        let now = self.wall.checked_add(self.elapsed());
        now.and_then(|now| Timestamp::try_from(now).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The time after a pause that begins now.
    pub fn after(&self, pause: Duration) -> Timestamp {
        self.now().checked_add(pause).unwrap_or(Timestamp::MAX)
    }

    /// Waits for a pause.
    pub async fn sleep(&self, pause: Duration) {
        self.sleep_until(self.after(pause)).await;
    }

    /// Waits until a time. Returns at once if it is over.
    pub async fn sleep_until(&self, at: Timestamp) {
        let mut moves = self.moved.subscribe();
        while let Ok(left) = Duration::try_from(self.now().duration_until(at))
            && !left.is_zero()
        {
            // After a move of the clock, less time is left.
            let _ = timeout(left, moves.changed()).await;
        }
    }

    /// The output of a future that ends before a time; `None` at that time.
    pub async fn timeout_at<F: Future>(&self, at: Timestamp, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = future => Some(output),
            () = self.sleep_until(at) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pause_ends_when_the_clock_is_moved_past_it() {
        let clock = Clock::start();
        let before = clock.now();
        let hour = Duration::from_secs(3_600);
        let (pause, mover) = (clock.sleep(hour), clock.clone());
        let moving = async {
            mover.advance(hour / 2);
            tokio::task::yield_now().await;
            mover.advance(hour / 2);
        };
        tokio::join!(pause, moving);
        assert!(clock.elapsed() >= hour && clock.now() >= before + hour);
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert!(clock.elapsed() < Clock::FURTHEST + hour);
        clock.sleep_until(before).await;
    }
}
