//! The calls, a group in each file.

mod bans;
mod friends;
mod groups;
mod invites;
mod join_requests;
mod members;
mod options;
mod servers;
mod users;

pub use bans::*;
pub use friends::*;
pub use groups::*;
pub use invites::*;
pub use join_requests::*;
pub use members::*;
pub use options::*;
pub use servers::*;
pub use users::*;
