use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;

/// A byte stream to a client.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A byte stream to a client, of any type.
pub type BoxIo = Box<dyn Io>;

pub(super) type Socket = WebSocketStream<BoxIo>;
