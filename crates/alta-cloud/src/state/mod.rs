//! The state of the service: accounts, groups, servers, friends, tokens, and the open main websockets.

mod accounts;
mod cloud;
mod delivery;
mod directory;
mod friends;
mod groups;
mod ids;
mod main_socket;
mod memberships;
mod servers;
mod tokens;
mod users;

pub use accounts::{Accounts, BotAccount, SCOPES, UserAccount};
pub use cloud::{Cloud, Config};
pub(crate) use friends::Bond;
pub use groups::{Group, Member, Membership};
pub use main_socket::MainSocket;
pub(crate) use servers::ServerShape;
pub use servers::{Era, Server, ServerInfo};
pub use tokens::{Grant, Identity, Purpose, Refusal, Tokens, encode as encode_token};
pub use users::{User, Users, user_json};
