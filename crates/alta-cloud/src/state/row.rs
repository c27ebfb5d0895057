use std::fmt;

/// One stored value.
#[derive(Clone, Eq, PartialEq)]
pub struct Row {
    /// The kind of the value, such as `account`.
    pub kind: String,
    /// The key among the values of this kind.
    pub key: String,
    /// The value as JSON; `None` in a change that removes it.
    pub json: Option<String>,
}

impl fmt::Debug for Row {
    /// Hides the value, which can contain hashes and the key that signs tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({} {})", self.kind, self.key)
    }
}
