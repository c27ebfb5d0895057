//! One websocket: the handshake, the frames, and the connection that carries them.
//!
//! tungstenite performs the handshake. Frames are read and written here, since that library keeps its buffers at the size of
//! the largest frame and queues a pong for every ping: see `docs/decisions/frames-of-our-own.md`.

mod handshake;
#[cfg(test)]
mod library;
mod link;
mod observer;
mod reader;
mod report;
mod writer;

pub use handshake::{LinkConfig, WebSocket};
pub(crate) use link::Link;
pub use observer::{Direction, Observer};
pub(crate) use report::LinkReport;
pub use writer::Owner;
