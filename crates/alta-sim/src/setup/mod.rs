//! The groups, the servers and the timeline of a simulator at its start, as data: [`Builder::group`](crate::Builder::group),
//! [`Builder::self_hosted`](crate::Builder::self_hosted), [`Builder::at`](crate::Builder::at). The configuration file of the program has
//! the same fields.
//!
//! ```
//! # async fn run() -> Result<(), alta_sim::Error> {
//! use alta_sim::Sim;
//! use alta_sim::action::Restart;
//! use alta_sim::setup::{Group, Server};
//! use std::time::Duration;
//!
//! let mut server = Server::new("Hollowmere");
//! server.id = Some(3_000_123);
//! let mut group = Group::new("Hollowmere Folk");
//! group.servers.push(server);
//!
//! let restart = Restart { server: None };
//! let sim = Sim::builder().group(group).at(Duration::from_secs(30), restart).start().await?;
//! let console = sim.console_url(3_000_123)?;
//! sim.advance(Duration::from_secs(30)).await?;
//! assert_ne!(sim.console_url(3_000_123)?, console);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run()).unwrap();
//! ```

mod build;
mod check;
mod data;
mod open;
mod problem;
mod timeline;

pub use crate::agenda::Failure;
pub(crate) use build::{Opening, build};
pub(crate) use check::check;
pub(crate) use data::Setup;
pub use data::{Group, Member, Player, Role, Server};
pub(crate) use open::open;
#[cfg(feature = "program")]
pub(crate) use problem::{Problem, Step};
pub(crate) use timeline::{Entry, add, perform};
