//! The yardstick of both websockets: a plain loop, as an expert writes it for one program.
//!
//! One task owns the socket, a `tokio-tungstenite` client. It decodes each frame with `serde_json` into a typed event with
//! owned fields and sends it through a bounded channel. Requests come through a channel, and replies find their caller in a map from id to
//! oneshot; those that are ready are written together. The loop does not reconnect or subscribe again, knows no timeout and
//! bounds nothing else, and a slow reader stops it.

use crate::args::Job;
use futures_util::{SinkExt as _, StreamExt as _};
use std::collections::HashMap;
use tokio::net::TcpStream;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// The part of the client that differs between the protocols.
pub(crate) trait Protocol: 'static {
    type Event: Send + 'static;
    type Reply: Send + 'static;
    /// The first message.
    const LOGIN: Option<&'static str>;

    fn request(id: u64, content: &str) -> String;

    fn read(text: &str) -> serde_json::Result<Incoming<Self>>;
}

pub(crate) enum Incoming<P: Protocol + ?Sized> {
    Event(P::Event),
    Reply(u64, P::Reply),
    Other,
}

/// The capacity of the channel of events, and of that of requests.
const CAPACITY: usize = 1_024;

/// The read buffer where many connections are idle.
pub(crate) const SMALL_BUFFER: usize = 4 << 10;

/// The read buffer for commands. `tungstenite` fills the whole buffer with zeros before each read, so its default of 128 KiB costs a
/// command 8 %; for a flood of events the default is faster.
pub(crate) const COMMAND_BUFFER: usize = 16 << 10;

/// As in the library that is measured.
const LARGEST_FRAME: usize = 64 << 20;

type Request<P> = (String, oneshot::Sender<<P as Protocol>::Reply>);

pub(crate) struct Client<P: Protocol>(mpsc::Sender<Request<P>>);

impl<P: Protocol> Clone for Client<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P: Protocol> Client<P> {
    pub(crate) async fn open(
        job: &Job,
        read_buffer: Option<usize>,
    ) -> (Self, mpsc::Receiver<P::Event>) {
        let mut config = WebSocketConfig::default().max_frame_size(Some(LARGEST_FRAME));
        if let Some(size) = read_buffer {
            config = config.read_buffer_size(size);
        }
        let tcp = TcpStream::connect(&job.address).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let connected =
            tokio_tungstenite::client_async_with_config(job.ws_url(), tcp, Some(config)).await;
        let (mut socket, _) = connected.unwrap();
        if let Some(login) = P::LOGIN {
            socket.send(Message::text(login)).await.unwrap();
            // The server's greeting.
            socket.next().await.unwrap().unwrap();
        }
        let (requests, waiting) = mpsc::channel(CAPACITY);
        let (events, reader) = mpsc::channel(CAPACITY);
        tokio::spawn(drive::<P>(socket, waiting, events));
        (Self(requests), reader)
    }

    pub(crate) async fn request(&self, content: String) -> P::Reply {
        let (reply, replied) = oneshot::channel();
        assert!(self.0.send((content, reply)).await.is_ok());
        replied.await.unwrap()
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.0.is_closed()
    }
}

async fn drive<P: Protocol>(
    mut socket: WebSocketStream<TcpStream>,
    mut requests: mpsc::Receiver<Request<P>>,
    events: mpsc::Sender<P::Event>,
) {
    let mut open = HashMap::new();
    let mut last_id = 0;
    loop {
        tokio::select! {
            // Without it, tokio draws a random number for each message.
            biased;
            request = requests.recv() => {
                let Some(mut request) = request else {
                    let _ = socket.close(None).await;
                    return;
                };
                loop {
                    last_id += 1;
                    let (content, reply) = request;
                    open.insert(last_id, reply);
                    let text = Message::text(P::request(last_id, &content));
                    if socket.feed(text).await.is_err() {
                        return;
                    }
                    match requests.try_recv() {
                        Ok(next) => request = next,
                        Err(_) => break,
                    }
                }
                if socket.flush().await.is_err() {
                    return;
                }
            }
            message = socket.next() => {
                let Some(Ok(message)) = message else { return };
                let Message::Text(text) = message else { continue };
                match P::read(&text).unwrap() {
                    Incoming::Event(event) => {
                        if let Err(TrySendError::Full(event)) = events.try_send(event)
                            && events.send(event).await.is_err()
                        {
                            return;
                        }
                    }
                    Incoming::Reply(id, reply) => {
                        let waiting: Option<oneshot::Sender<_>> = open.remove(&id);
                        if let Some(waiting) = waiting {
                            let _ = waiting.send(reply);
                        }
                    }
                    Incoming::Other => {}
                }
            }
        }
    }
}
