//! Building: one selection for all tasks of a program, save strings, and builds that are saved, placed and loaded.

mod build;
mod error;
mod guard;
mod outcome;
mod placement;
mod selected;
mod selection;
mod unit;

pub use alta_model::{Quaternion, SaveString, SaveStringProblem, Vector3, WordProblem};
pub use build::{Build, Piece};
pub use error::{Error, ErrorKind};
pub use guard::{Axis, Direction, Guard};
pub use outcome::{Loaded, Outcome, Saved};
pub use placement::Placement;
pub use selection::Selection;
