use crate::events::Subscribable;
use crate::frame::Frame;
use crate::shared::Shared;

/// A stream of the main websocket's events.
pub type Subscription<T> = alta_socket::Subscription<Shared, T>;

/// A future subscription to the main websocket's events: await it, or start it.
pub type Subscribe<T> = alta_socket::Subscribe<Shared, T>;

/// Decodes the content of a frame as an event of this kind.
pub(crate) fn read<S: Subscribable>(frame: &Frame) -> Result<S::Content, serde_json::Error> {
    frame.content().and_then(S::read)
}
