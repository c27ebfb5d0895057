//! What bots need: `use pytale::prelude::*;`
//!
//! Errors are the one thing that is named in full, since there are several: `pytale::Error` of a bot, `pytale::console::Error`
//! of a console, `pytale::rest::Error` of a call. [`Event`] is a console's; the main websocket's is `pytale::ws::Event`.

pub use std::time::Duration;

pub use alta_model::{
    Fleet, GroupId, Member, MemberType, Permission, RoleId, Server, ServerId, Timestamp, User,
    UserId, Vector3,
};

#[cfg(feature = "bot")]
pub use alta_bot::{
    Bot, BotCredentials, Change, Endpoints, ErrorKind, GroupView, Health, Invitation, Invites,
    Known, ManagedBot, Membership, Password, Rules, Scopes, ServerNews, ServerView, Standing,
    UserCredentials, View, ViewConfig,
};

#[cfg(feature = "kit")]
pub use att_kit::{
    Consoles, Failure, FailureKind, HandlerError, Handlers, Limits, Runner, shutdown_signal,
};

#[cfg(feature = "console")]
pub use alta_model::console::event::*;
#[cfg(feature = "console")]
pub use att_console::commands::{self, SpawnArea, player};
#[cfg(feature = "console")]
pub use att_console::{
    Argument, Command, Console, ConsoleAccess, Event, EventName, PlayerRef, Sent, Target,
    TokenFile, WhenNotReady,
};

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
