//! The typed calls, one group in each file.

#[macro_use]
mod declare;

mod bans;
mod friends;
mod groups;
mod invites;
mod join_requests;
mod members;
mod options;
mod servers;
mod users;

use crate::EndpointInfo;
pub use bans::*;
pub use friends::*;
pub use groups::*;
pub use invites::*;
pub use join_requests::*;
pub use members::*;
pub use options::*;
pub use servers::*;
pub use users::*;

/// All typed calls, group by group; `docs/endpoints.md` is generated from them.
///
/// ```
/// let searches: Vec<String> = alta_rest::endpoints()
///     .filter(|call| call.aliases.contains(&"request_search_username"))
///     .map(|call| format!("{} {}", call.method, call.path()))
///     .collect();
/// assert_eq!(searches, ["POST users/search/username"]);
/// ```
pub fn endpoints() -> impl Iterator<Item = &'static EndpointInfo> {
    [
        Groups::ENDPOINTS,
        Members::ENDPOINTS,
        Invites::ENDPOINTS,
        JoinRequests::ENDPOINTS,
        Bans::ENDPOINTS,
        Servers::ENDPOINTS,
        Users::ENDPOINTS,
        Friends::ENDPOINTS,
    ]
    .into_iter()
    .flatten()
}
