//! Changes of the simulated world as data: in the timeline of a configuration file, and in requests to the control port.
//!
//! The JSON form of an [`Action`] is an object whose `do` names the action; the other members are its fields:
//!
//! ```
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use alta_sim::{Sim, action::Action};
//!
//! let sim = Sim::builder().start().await?;
//! let action: Action = serde_json::from_str(r#"{"do": "join", "server": "Thornwood", "player": "Ashwick"}"#)?;
//! let result = action.perform(&sim).await?;
//! assert_eq!(result["player"], sim.players(sim.server())[0].0);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run()).unwrap();
//! ```

mod clock;
mod connections;
mod consoles;
mod faults;
mod find;
mod groups;
mod places;
mod players;
mod read;
mod servers;
#[cfg(test)]
mod tests;
mod values;
mod world;

pub use clock::Advance;
pub use connections::*;
pub use consoles::*;
pub use faults::{ClearFaults, Fault};
#[cfg(feature = "control")]
pub(crate) use find::named_server as find_server;
pub use groups::*;
pub use places::*;
pub use players::*;
pub use servers::*;
pub use values::{Reference, Span, Step, Which};
pub use world::*;

use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::sim::Sim;
use serde::Deserialize;
use serde_json::{Value, json};

/// The result of an action.
type Done = Result<Value, Error>;

/// An action that does not wait.
trait AtOnce {
    fn perform(&self, sim: &Sim) -> Done;
}

/// Declares the enum of all actions, from the types that have their fields and perform them.
macro_rules! actions {
    (at_once: $($now:ident)*; waiting: $($later:ident)*;) => {
        /// A change of the simulated world, with the fields of its JSON form.
        ///
        /// `server` can be left out in a world with one server, `group` in a world with one group. Servers, groups, players, users and
        /// roles are given by id or by name, names in any letter case. Unknown fields are errors.
        #[derive(Clone, Debug, Deserialize, PartialEq)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[cfg_attr(test, schemars(tag = "do"))]
        #[serde(remote = "Self", rename_all = "kebab-case")]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "the type of each variant has its meaning")]
        pub enum Action {
            $($now($now),)*
            $($later($later),)*
        }

        impl Action {
            /// Performs the action. The result is a JSON object with the ids and addresses of new things, and is empty for most
            /// actions.
            ///
            /// # Errors
            ///
            /// Those of the methods of [`Sim`]. [`ErrorKind::NotFound`] names the field, and lists the things that exist.
            ///
            /// # Cancel safety
            ///
            /// If the future is dropped, a restart may have stopped the server, a replay may have sent a part of its events, and
            /// [`Action::Advance`] may have moved the clock by a part of the time.
            pub async fn perform(&self, sim: &Sim) -> Result<Value, Error> {
                match self {
                    $(Self::$now(action) => action.perform(sim),)*
                    $(Self::$later(action) => action.perform(sim).await,)*
                }
            }
        }

        $(impl From<$now> for Action {
            fn from(action: $now) -> Self {
                Self::$now(action)
            }
        })*

        $(impl From<$later> for Action {
            fn from(action: $later) -> Self {
                Self::$later(action)
            }
        })*
    };
}

actions! {
    at_once:
        Join Leave Move Place Hands Path Die Kill Trade State Inventory Handle Body Home Balance Message Command
        Chunk AddPrefab AddEntity RemoveEntity ShareSelection Log ConsoleEvent MainEvent OfferEvent WithdrawEvent
        AddGroup RenameGroup AddMember Invite Uninvite RequestToJoin WithdrawRequest Kick Ban Unban Role AddRole
        AddServer AddSelfHosted Start Stall Resume Booting NumericEnums ForgetSubscriptions Configure Heartbeat
        Status Cut Close Silence ReadSlowly Fault ClearFaults Migrate ExpireTokens;
    waiting:
        RemoveServer Stop Restart Replay Advance;
}

/// The result of an action that adds nothing.
#[expect(
    clippy::unnecessary_wraps,
    reason = "it is the last expression of an action"
)]
fn done() -> Done {
    Ok(json!({}))
}

fn yes() -> bool {
    true
}
