//! Ids, data models and time types of A Township Tale's services.
//!
//! Everything that travels over the REST API, the main websocket and the game-server console has its type here. The
//! crate does no I/O and needs no async runtime.
//!
//! The readers are tolerant: an absent field and a null one are the same, unknown fields are skipped, names are matched
//! whatever their case, a list that is missing is empty, and an enum keeps the values it does not know
//! (`Unknown(String)`). Only a missing id, or a value of a wholly different type, is an error.
//!
//! ```
//! use alta_model::{GroupId, Timestamp};
//!
//! let group: GroupId = "2000000011".parse()?;
//! assert_eq!(group.get(), 2_000_000_011);
//!
//! let created: Timestamp = "2021-06-14T23:48:30.3139878Z".parse()?;
//! assert_eq!(created.to_string(), "2021-06-14T23:48:30.3139878Z");
//! # Ok::<(), alta_model::Error>(())
//! ```

#[macro_use]
mod model;
#[macro_use]
mod open_enum;

mod error;
mod id;
mod time_span;
mod timestamp;

pub use error::{Error, ErrorKind};
pub use id::{EntityId, GroupId, PrefabHash, RoleId, ServerId, UserId};
pub use time_span::TimeSpan;
pub use timestamp::Timestamp;
