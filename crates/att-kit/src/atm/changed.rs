/// A balance before and after a change, if nobody else has changed it between the reading and the changing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// The balance before.
    pub before: i64,
    /// The balance after.
    pub after: i64,
}
