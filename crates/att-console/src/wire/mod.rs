//! The frames of a console: events, replies and their parts.

pub(crate) mod any_event;
mod decode_reply;
pub(crate) mod event;
pub(crate) mod event_name;
pub(crate) mod fields;
pub(crate) mod frame;
pub(crate) mod reply;
pub(crate) mod reply_fields;
pub(crate) mod scalar;
pub(crate) mod span;
