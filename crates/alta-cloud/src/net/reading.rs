use super::io::Socket;
use super::journal::ClientAction;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::SplitStream;
use std::fmt;
use tokio_tungstenite::tungstenite::Message;

/// A message of a client, or the end of the connection.
#[derive(Debug)]
pub enum Incoming {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Bytes),
    /// A ping.
    Ping,
    /// Any other frame.
    Other,
    /// The end of the connection, with the client's close code.
    Gone(Option<u16>),
}

impl Incoming {
    /// The entry of the journal for a message that no service reads.
    pub fn client_action(self) -> Option<ClientAction> {
        match self {
            Self::Binary(bytes) => Some(ClientAction::Binary(bytes)),
            Self::Ping => Some(ClientAction::Ping),
            _ => None,
        }
    }
}

/// The messages of a client.
pub struct Reading {
    stream: SplitStream<Socket>,
    /// The code of the client's close frame.
    code: Option<u16>,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

impl Reading {
    pub(super) fn new(stream: SplitStream<Socket>) -> Self {
        Self { stream, code: None }
    }

    /// The next message.
    ///
    /// # Cancel safety
    ///
    /// No message is lost when the future is dropped.
    pub async fn next(&mut self) -> Incoming {
        match self.stream.next().await {
            Some(Ok(Message::Text(text))) => Incoming::Text(text.as_str().to_owned()),
            Some(Ok(Message::Binary(bytes))) => Incoming::Binary(bytes),
            Some(Ok(Message::Ping(_))) => Incoming::Ping,
            Some(Ok(Message::Close(frame))) => {
                self.code = frame.map(|frame| frame.code.into());
                Incoming::Other
            }
            Some(Ok(_)) => Incoming::Other,
            Some(Err(_)) | None => Incoming::Gone(self.code),
        }
    }

    pub(super) fn into_inner(self) -> SplitStream<Socket> {
        self.stream
    }
}
