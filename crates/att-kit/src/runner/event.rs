use super::end::End;
use att_console::Console;

/// A change of a console that [`Runner::next`](crate::Runner::next) returns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunnerEvent {
    /// It has connected: a session begins.
    Connected,
    /// It was lost, or an attempt to connect has failed. It tries again.
    Disconnected,
    /// Its handlers have ended, and it is no longer handled.
    Ended(End),
}

/// A console that a runner opens by itself; see [`Runner::open`](crate::Runner::open).
#[derive(Debug)]
pub struct Opened<F> {
    /// The console.
    pub console: Console,
    /// Closes it, after its handlers have ended.
    pub close: F,
}
