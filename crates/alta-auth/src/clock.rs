use std::fmt;

use alta_model::Timestamp;

/// What time it is on the wall: the only clock that says whether a token has expired.
///
/// [`SystemClock`] is the default; tests put one of their own in its place.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
