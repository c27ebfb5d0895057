//! Recorded REST exchanges: which call each is of.

mod template;

pub(crate) use template::endpoint_of;
