/// The id of one connection of a machine. It is never reused, so a late event of an old connection cannot be taken for one of
/// the new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(u64);

impl LinkId {
    /// The first link's id.
    pub const FIRST: Self = Self(1);

    /// The id of the link after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The id modulo `count`: different for `count` links in a row.
    pub(crate) fn modulo(self, count: u64) -> u64 {
        self.0 % count
    }
}
