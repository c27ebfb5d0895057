//! The names of almost every bot: `use pytale::prelude::*;`
//!
//! The prelude has the names that almost every bot uses, the types of all events, and the modules `commands` and `player`. Name
//! everything else with its module: `pytale::bot`, `pytale::kit`, `pytale::console`, `pytale::rest`, `pytale::ws`, `pytale::model`.
//! Name errors in the same way: `pytale::Error` of a bot, `pytale::console::Error` of a console, `pytale::rest::Error` of a call.
//! [`Event`] is an event of a console; an event of the main websocket is a `pytale::ws::Event`. The types of fields of events are in
//! `pytale::console::event`:
//!
//! ```compile_fail,E0425
//! use pytale::prelude::*;
//!
//! let names = EVENT_NAMES;
//! ```

#[cfg(feature = "bot")]
pub use alta_bot::Bot;
// For the constant `NAME` of the events.
#[cfg(feature = "console")]
pub use alta_model::console::event::ConsoleEvent as _;
pub use alta_model::{GroupId, ServerId, User, UserId};
#[cfg(any(feature = "console", feature = "ws"))]
pub use alta_socket::Missed;
#[cfg(feature = "ws")]
pub use alta_ws::{
    GroupBanCreate, GroupBanDelete, GroupInviteCreate, GroupInviteDelete, GroupMemberCreate,
    GroupMemberDelete, GroupMemberUpdate, GroupRequestCreate, GroupRequestDelete,
    GroupServerCreate, GroupServerDelete, GroupServerHeartbeat, GroupServerStatus,
    GroupServerUpdate, GroupUpdate, MeGroupCreate, MeGroupDelete, MeGroupInviteCreate,
    MeGroupInviteDelete, MeGroupRequestCreate, MeGroupRequestDelete,
};
#[cfg(feature = "console")]
pub use att_console::commands::{self, player};
#[cfg(feature = "console")]
pub use att_console::{Argument, Command, Console, Event, Target, TokenFile, WhenNotReady};
#[cfg(feature = "kit")]
pub use att_kit::{Handlers, Runner};
pub use std::time::Duration;

#[cfg(feature = "console")]
macro_rules! console_events {
    ($($event:ident),* $(,)?) => {
        pub use alta_model::console::event::{$($event),*};
    };
}

#[cfg(feature = "console")]
alta_model::for_each_console_event!(console_events);
