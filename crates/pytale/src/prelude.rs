//! What most bots need: `use pytale::prelude::*;`

pub use std::time::Duration;

pub use alta_model::{
    GroupId, Member, MemberType, Permission, Server, ServerId, Timestamp, User, UserId, Vector3,
};

#[cfg(feature = "bot")]
pub use alta_bot::{
    Bot, BotCredentials, Endpoints, Invites, ManagedBot, Password, Rules, UserCredentials,
};

#[cfg(feature = "console")]
pub use alta_model::console::event::*;
#[cfg(feature = "console")]
pub use att_console::commands::*;
#[cfg(feature = "console")]
pub use att_console::{Argument, Command, Console, ConsoleAccess, Sent, Target, TokenFile};

#[cfg(feature = "rest")]
pub use alta_rest::ConsoleOptions;

#[cfg(feature = "ws")]
pub use alta_ws::{
    GroupBanCreate, GroupBanDelete, GroupInviteCreate, GroupInviteDelete, GroupMemberCreate,
    GroupMemberDelete, GroupMemberUpdate, GroupRequestCreate, GroupRequestDelete,
    GroupServerCreate, GroupServerDelete, GroupServerHeartbeat, GroupServerStatus,
    GroupServerUpdate, GroupUpdate, MeGroupCreate, MeGroupDelete, MeGroupInviteCreate,
    MeGroupInviteDelete, MeGroupRequestCreate, MeGroupRequestDelete, Topic,
};

#[cfg(any(feature = "console", feature = "ws"))]
pub use alta_socket::{Missed, Overflow};
