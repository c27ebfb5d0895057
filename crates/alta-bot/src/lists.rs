//! How long lists of the service may be.

/// A list longer than this is an error instead of a program that fills its memory. The largest group known has some
/// ten thousand members.
pub(crate) const LONGEST_LIST: usize = 100_000;

/// No bot has more invitations waiting; a list beyond is not cut but fails.
pub(crate) const PENDING: usize = 10_000;
