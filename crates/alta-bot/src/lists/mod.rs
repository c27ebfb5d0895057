//! Lists of the cloud that a bot follows: bans, invitations and requests to join. Each is kept by events, and read over REST.

mod change;
mod changes;
mod entry;
mod follow;
mod followed;
mod handle;
mod kinds;
mod machine;
#[cfg(test)]
mod machine_tests;
mod own_change;
mod registry;
mod shared;

pub use change::{ListChange, ListChangeKind};
pub use changes::ListChanges;
pub use entry::ListEntry;
pub use handle::FollowedList;
pub use kinds::{Bans, Invitations, JoinRequests, SentInvitations};
pub(crate) use registry::Registry;
