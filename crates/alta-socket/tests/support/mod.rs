//! An open link whose other end the test reads and writes byte by byte.
#![allow(dead_code, reason = "each test program uses its part")]

use alta_socket::test_util::{self, Once};
use alta_socket::{
    DialError, Footprint, Hub, Inbox, LinkConfig, LinkEvent, LinkId, RawFrame, TaskGuard, Wake,
    WebSocket,
};
use http::HeaderMap;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_tungstenite::accept_async;
use url::Url;

#[derive(Clone, Debug)]
pub(crate) struct Frame(pub(crate) RawFrame);

impl Footprint for Frame {
    fn footprint(&self) -> usize {
        size_of::<Self>() + self.0.as_str().len()
    }
}

pub(crate) struct Rig {
    pub(crate) inbox: Inbox<(), DialError, ()>,
    pub(crate) hub: Hub<&'static str, Frame>,
    _calls: mpsc::Sender<()>,
    _guard: TaskGuard,
}

impl Rig {
    /// An open link, and the other end of its connection, which holds this number of unread bytes.
    pub(crate) async fn open(limits: LinkConfig, holds: usize) -> (Self, DuplexStream) {
        let (calls, receiver) = mpsc::channel(4);
        let (guard, shutdown) = test_util::guard().await;
        let mut rig = Self {
            inbox: Inbox::new(receiver, shutdown),
            hub: Hub::default(),
            _calls: calls,
            _guard: guard,
        };
        let (ours, theirs) = tokio::io::duplex(holds);
        rig.inbox.links.open(LinkId::FIRST, async move {
            let dialer = Once::new(ours);
            let address = Url::parse("ws://example.invalid/").unwrap();
            let opened = WebSocket::connect(&dialer, &address, HeaderMap::new(), limits).await;
            opened.map(|socket| (socket, ()))
        });
        let (server, opened) = tokio::join!(accept_async(theirs), rig.next());
        assert!(matches!(opened, LinkEvent::Opened(())), "{opened:?}");
        (rig, server.unwrap().into_inner())
    }

    /// The next event of the link.
    pub(crate) async fn next(&mut self) -> LinkEvent<(), DialError> {
        match self.inbox.next(&self.hub, None, true).await {
            Wake::Link(_, event) => event,
            other => panic!("{other:?}"),
        }
    }

    /// The next event of the link other than `Heard`.
    pub(crate) async fn next_but_heard(&mut self) -> LinkEvent<(), DialError> {
        loop {
            match self.next().await {
                LinkEvent::Heard => {}
                other => return other,
            }
        }
    }
}

/// The header of a server's frame.
pub(crate) fn header(first: u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![first];
    if length < 126 {
        bytes.push(u8::try_from(length).unwrap());
    } else {
        bytes.push(127);
        bytes.extend((length as u64).to_be_bytes());
    }
    bytes
}

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const PING: u8 = 0x89;

pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [header(first, payload.len()), payload.to_vec()].concat()
}
