//! What most bots need: `use pytale::prelude::*;`

pub use alta_model::{GroupId, Server, ServerId, Timestamp, User, UserId, Vector3};

#[cfg(feature = "bot")]
pub use alta_bot::{Bot, BotCredentials, Endpoints, Password, UserCredentials};

#[cfg(feature = "console")]
pub use alta_model::console::event::*;
#[cfg(feature = "console")]
pub use att_console::commands::*;
#[cfg(feature = "console")]
pub use att_console::{Argument, Command, Console, ConsoleAccess, Sent, Target, TokenFile};

#[cfg(any(feature = "console", feature = "ws"))]
pub use alta_socket::{Missed, Overflow};
