//! An open link whose other end is a pair of bare hands.
#![allow(dead_code, reason = "each test program uses its part")]

use alta_socket::{
    BoxIo, Dial, DialError, Footprint, Hub, Inbox, LinkConfig, LinkEvent, LinkId, RawFrame,
    TaskGuard, Wake, WebSocket,
};
use futures_core::future::BoxFuture;
use http::HeaderMap;
use std::sync::Mutex;
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

/// Dials one stream that is there already.
struct Once(Mutex<Option<DuplexStream>>);

impl Dial for Once {
    fn dial<'a>(&'a self, _: &'a Url) -> BoxFuture<'a, Result<BoxIo, DialError>> {
        let io = self.0.lock().unwrap().take();
        Box::pin(async { Ok(Box::new(io.unwrap()) as BoxIo) })
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
        let (tell, told) = tokio::sync::oneshot::channel();
        let guard = TaskGuard::spawn(|shutdown| async move {
            let _ = tell.send(shutdown.clone());
            shutdown.requested().await;
        });
        let mut rig = Self {
            inbox: Inbox::new(receiver, told.await.unwrap()),
            hub: Hub::default(),
            _calls: calls,
            _guard: guard,
        };
        let (ours, theirs) = tokio::io::duplex(holds);
        rig.inbox.links.open(LinkId::FIRST, async move {
            let dialer = Once(Mutex::new(Some(ours)));
            let address = Url::parse("ws://example.invalid/").unwrap();
            let opened = WebSocket::connect(&dialer, &address, HeaderMap::new(), limits).await;
            opened.map(|socket| (socket, ()))
        });
        let (server, opened) = tokio::join!(accept_async(theirs), rig.next());
        assert!(matches!(opened, LinkEvent::Opened(())), "{opened:?}");
        (rig, server.unwrap().into_inner())
    }

    /// The next thing that happens on the link.
    pub(crate) async fn next(&mut self) -> LinkEvent<(), DialError> {
        match self.inbox.next(&self.hub, None, true).await {
            Wake::Link(_, event) => event,
            other => panic!("{other:?}"),
        }
    }

    /// The next thing that happens but for signs of life.
    pub(crate) async fn next_word(&mut self) -> LinkEvent<(), DialError> {
        loop {
            match self.next().await {
                LinkEvent::Heard => {}
                other => return other,
            }
        }
    }
}

/// A frame of a server, its payload left out.
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
