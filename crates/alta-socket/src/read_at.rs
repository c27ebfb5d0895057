use std::time::{Instant, SystemTime};

/// When the last bytes of a frame were read, on both clocks. Frames that were read at once share it: a clock is not read for
/// each of them.
#[derive(Clone, Copy, Debug)]
pub struct ReadAt {
    /// By the monotonic clock, which is tokio's, so that paused time holds it, too.
    pub instant: Instant,
    /// By the wall clock.
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
