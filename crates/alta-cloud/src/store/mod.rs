//! The stored part of the state: a [`Store`] keeps it as rows, in memory or in SQLite (feature `sqlite`), and [`SharedCloud`] stores
//! each change before anybody learns of it.

mod error;
mod memory;
mod shared;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(test)]
mod tests;

pub use crate::state::Row;
pub use error::{StoreError, StoreErrorKind};
pub use memory::Memory;
pub use shared::SharedCloud;
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;

/// Keeps rows.
pub trait Store: Send + std::fmt::Debug {
    /// All rows. A later [`save`](Self::save) builds on them.
    ///
    /// # Errors
    ///
    /// The rows cannot be read.
    fn load(&mut self) -> Result<Vec<Row>, StoreError>;

    /// Adds, replaces and removes rows, all or none of them. They are durable when this returns.
    ///
    /// # Errors
    ///
    /// The rows cannot be written, or another process has written since the last [`load`](Self::load)
    /// ([`StoreErrorKind::ChangedElsewhere`]). Nothing has changed then.
    fn save(&mut self, rows: &[Row]) -> Result<(), StoreError>;

    /// Returns whether another process has written since the last [`load`](Self::load).
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    fn is_changed_elsewhere(&mut self) -> Result<bool, StoreError>;
}
