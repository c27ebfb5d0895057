use alta_model::escaped;
use att_console::Closed;

alta_model::error_type! {
    /// A runner or a journal failed. [`kind`](Self::kind) is for the program; the message names the operation.
    pub struct Error(ErrorKind, ());
}

/// The cause of a failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is incomplete, or contradicts itself. All its problems are listed.
    #[error("the configuration cannot be used: {}", escaped(.problems.join("; ")))]
    Config {
        /// Each problem.
        problems: Vec<String>,
    },
    /// Every console is closed permanently, and at least one was refused.
    #[error("{because}")]
    Closed {
        /// The refusal.
        because: Closed,
    },
    /// The last entries of a journal could not be written.
    #[error("the end could not be written, and {unwritten} events are missing")]
    Journal {
        /// The number of events that are not in the journal. Those of a write that has not ended may be written later.
        unwritten: u64,
    },
}
