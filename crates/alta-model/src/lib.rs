//! Ids, data models and time types of A Township Tale's services.
//!
//! The crate defines the types of the REST API, the main websocket and the game-server console. It does no I/O and needs no
//! async runtime.
//!
//! Decoding is tolerant: an absent field equals a null one, unknown fields are ignored, names are matched without regard to
//! case, a missing list is empty, a string may contain a number or a bool, and an enum keeps unknown values
//! (`Unknown(String)`). An invalid value of an optional field counts as absent, and an invalid entry of a list is skipped;
//! `skipped()` of the record lists both. Only invalid JSON and a required field that is missing or invalid are errors.
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

mod compact;
pub mod console;
pub mod json;

mod account;
mod api_error;
mod digits;
mod error;
#[doc(hidden)]
pub mod error_type;
mod escaped;
mod group;
mod id;
mod join;
mod listing;
mod member;
mod quaternion;
mod redactor;
mod save_string;
mod secret;
mod server;
mod shop;
mod skipped;
mod time_span;
mod timestamp;
mod tolerant;
mod user;
mod vector;

pub use account::{GroupAllowance, Membership, QuickGroup, UserRights};
pub use api_error::{ApiError, ErrorCode, RequestModelError, RequestModelErrors};
pub use error::{Error, ErrorKind};
pub use escaped::{Chain, Escaped, chain, escaped};
pub use group::{
    Group, GroupDetailed, GroupServer, GroupType, InvitedGroup, JoinedGroup, Permission,
    PermissionCheck, Role,
};
pub use id::{EntityId, GroupId, PrefabHash, RoleId, ServerId, UserId};
pub use join::{Connection, JoinFailReason, JoinResult};
pub use listing::Listing;
pub use member::{Member, MemberPermissions, MemberType};
pub use quaternion::Quaternion;
pub use redactor::Redactor;
pub use save_string::{SaveString, SaveStringProblem, WordProblem};
pub use secret::{Secret, UnusableSecret};
pub use server::{Fleet, JoinType, OwnerType, Region, Server, ServerStatus, ServerType};
pub use shop::{ShopAccount, SubscriptionStatus};
pub use skipped::{Place, Skipped};
pub use time_span::TimeSpan;
pub use timestamp::Timestamp;
pub use user::{Friend, FriendRequestOutcome, FriendResult, FriendshipType, Statistics, User};
pub use vector::Vector3;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
