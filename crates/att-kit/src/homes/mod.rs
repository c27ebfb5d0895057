//! Teleports to positions. A server teleports players only to places and to their home, so a bot changes the home for a moment;
//! [`Homes`] restores it in any case, or says whose home may be wrong.

mod debt;
mod error;
mod follow;
mod handle;
mod machine;

pub use debt::{Debt, MAX_DEBTS};
pub use error::{Moved, TeleportError, TeleportErrorKind};
pub use handle::Homes;
