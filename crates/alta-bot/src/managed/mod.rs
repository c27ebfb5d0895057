//! Bots that look after their groups and consoles by themselves.

mod builder;
mod context;
mod crew;
mod deadline;
mod desk;
mod failure;
mod function;
mod handlers;
mod health;
mod host;
mod invites;
mod lanes;
mod limits;
mod managed_bot;
mod manager;
mod meter;
mod plan;
mod rules;
mod self_hosted;
mod standing;
mod start;
#[cfg(test)]
mod tests;
mod told;
mod twice;

pub use builder::Managed;
pub use failure::{Failure, FailureKind};
pub use function::{HandlerError, HandlerFn, HandlerFn2, Outcome};
pub use handlers::{Handler, Handlers, Invitation};
pub use health::{ConsoleHealth, Health};
pub use limits::Limits;
pub use managed_bot::{Finished, ManagedBot};
pub use rules::{Invites, Rules};
pub use self_hosted::SelfHosted;
pub use standing::Standing;
