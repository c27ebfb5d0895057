//! Messages to players: when they can see them, unless they have left, and never too late.

mod delivery;
mod handle;
mod message;
mod post;
#[cfg(test)]
mod post_tests;
mod send;
mod template;

pub use delivery::Delivery;
pub use handle::Messages;
pub use message::Message;
pub use template::Template;
