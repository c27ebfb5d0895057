//! Managed bots: they follow their groups and open their consoles by rules.

mod announced;
mod builder;
mod console_permission;
mod counters;
mod group_handlers;
mod health;
mod invites;
mod managed_bot;
mod manager;
mod plan;
mod rules;
mod start;
#[cfg(test)]
mod tests;

pub use builder::ManagedBuilder;
pub use console_permission::ConsolePermission;
pub use group_handlers::Invitation;
pub use health::{ConsoleHealth, Health};
pub use managed_bot::ManagedBot;
pub use rules::{Invites, Rules};
