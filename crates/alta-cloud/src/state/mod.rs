//! The state of the service: accounts, groups, servers, friends, tokens, and the open main websockets.

mod accounts;
mod apply;
mod cloud;
mod cloud_accounts;
mod delivery;
mod directory;
mod friends;
mod groups;
mod hs256;
mod ids;
mod main_socket;
mod memberships;
mod restore;
mod row;
mod rows;
mod scopes;
mod secrets;
mod servers;
mod table;
mod tokens;
mod users;
mod verify;

pub use accounts::{Account, AccountError, Accounts, Login, NewAccount};
pub use cloud::{Cloud, Config};
pub(crate) use delivery::Events;
pub(crate) use friends::Bond;
pub use groups::{FIRST_OWN_ROLE, Group, Member, Membership, PERMISSIONS};
pub use main_socket::MainSocket;
pub use row::Row;
pub(crate) use rows::{DamagedRow, key_of, key_row};
pub use scopes::{SCOPES, Scopes, UnknownScope};
pub use secrets::{
    HashCost, HashError, SecretHash, new_client_id, new_password, new_secret, password_hash,
};
pub(crate) use servers::ServerShape;
pub use servers::{Era, Server, ServerInfo};
pub use table::{Record, Table};
pub use tokens::{Grant, Identity, Purpose, Refusal, SigningKey, Tokens, encode as encode_token};
pub use users::{User, Users, user_json};
pub(crate) use verify::Verified;
