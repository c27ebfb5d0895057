use std::error::Error;
use std::fmt;

/// The reason why a store cannot be read or written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Another process holds the store.
    Locked,
    /// The content is damaged.
    Damaged,
    /// The disk is full.
    Full,
    /// A newer version of the program has written it.
    NewerSchema,
    /// The file is not a database.
    NotADatabase,
    /// The permission for the file is missing, or the file is read-only.
    Permission,
    /// Another process has changed it at the same time. A second attempt can succeed.
    ChangedElsewhere,
    /// Any other error of reading or writing.
    Io,
}

/// A store cannot be read or written.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    store: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StoreError {
    /// An error of the store with this name.
    pub fn new(kind: StoreErrorKind, store: impl fmt::Display) -> Self {
        Self {
            kind,
            store: store.to_string(),
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..self
        }
    }

    /// The kind of the error.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.kind {
            StoreErrorKind::Locked => "another program holds it; try again when that has ended",
            StoreErrorKind::Damaged => {
                "it is damaged; restore a copy, or move it away and begin again"
            }
            StoreErrorKind::Full => "the disk is full; free some space",
            StoreErrorKind::NewerSchema => "a newer version of this program has written it",
            StoreErrorKind::NotADatabase => "it is not a database of this program",
            StoreErrorKind::Permission => "the permission to read and write it is missing",
            StoreErrorKind::ChangedElsewhere => "another program has changed it; try again",
            StoreErrorKind::Io => "it cannot be read or written",
        };
        write!(f, "{}: {reason}", self.store)?;
        match &self.source {
            Some(source) => write!(f, " ({source})"),
            None => Ok(()),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
