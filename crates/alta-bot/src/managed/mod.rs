//! Bots that look after their groups and consoles by themselves.

mod builder;
mod console_permission;
mod group_handlers;
mod health;
mod invites;
mod managed_bot;
mod manager;
mod meter;
mod plan;
mod rules;
mod start;
#[cfg(test)]
mod tests;
mod told;

pub use builder::Managed;
pub use console_permission::ConsolePermission;
pub use group_handlers::Invitation;
pub use health::{ConsoleHealth, Health};
pub use managed_bot::ManagedBot;
pub use rules::{Invites, Rules};
