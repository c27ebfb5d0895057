use std::time::{Instant, SystemTime};

/// The time of a read on both clocks. All messages of one read share it, so that no clock is read for each.
#[derive(Clone, Copy, Debug)]
pub struct ReadAt {
    /// On tokio's monotonic clock, which tests can pause.
    pub instant: Instant,
    /// On the wall clock.
    pub wall: SystemTime,
}

impl ReadAt {
    pub(crate) fn now() -> Self {
        Self {
            instant: tokio::time::Instant::now().into_std(),
            wall: SystemTime::now(),
        }
    }
}
