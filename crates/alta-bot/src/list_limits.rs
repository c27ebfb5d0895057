//! The longest lists that the bot accepts from the service.

/// A longer list is an error, since memory is bounded. The largest known group has about ten thousand members.
pub(crate) const LONGEST_LIST: usize = 100_000;

/// The longest list of invitations. A longer one is an error; it is not cut.
pub(crate) const PENDING: usize = 10_000;
