use crate::frame::RawFrame;
use crate::link::{Link, Pumped, WebSocket};
use crate::lost::Lost;
use futures_core::future::BoxFuture;
use std::fmt;
use std::future::poll_fn;
use std::sync::Weak;
use std::task::{Context, Poll};
use std::time::Duration;

/// How long a close handshake may take before the connection is simply dropped.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// Names one connection for the whole life of a machine: never used again, so that what an old connection still says
/// cannot be taken for a word of the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(u64);

impl LinkId {
    /// The first link's id.
    pub const FIRST: Self = Self(1);

    /// The id of the link after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// What happened on a link. `X` comes with an opened link (an access token, say), `E` is why one could not be opened.
#[derive(Debug)]
pub enum LinkEvent<X, E> {
    /// It is open.
    Opened(X),
    /// It could not be opened; the link is gone.
    Failed(E),
    /// A text frame.
    Text(RawFrame),
    /// A binary frame of so many bytes, which no server of ours sends.
    Binary(usize),
    /// A pong.
    Pong,
    /// The frame sent under this tag has been handed to the socket: from here on it may reach the server.
    Written(u64),
    /// The frame sent under this tag by [`Links::send_for`] was not sent: its owner had gone.
    Skipped(u64),
    /// It ended; the link is gone.
    Lost(Lost),
}

/// The future that opens a link.
type Opening<X, E> = BoxFuture<'static, Result<(WebSocket, X), E>>;

enum Slot<X, E> {
    Opening(Opening<X, E>),
    Open(Box<Link>),
}

/// The websockets that one task owns, at most a handful. It knows no protocol: it opens, sends, pumps and closes.
pub struct Links<X, E> {
    slots: Vec<(LinkId, Slot<X, E>)>,
    closing: Vec<BoxFuture<'static, ()>>,
    turn: usize,
}

impl<X, E> Default for Links<X, E> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            closing: Vec::new(),
            turn: 0,
        }
    }
}

impl<X, E> Links<X, E> {
    /// Begins to open a link.
    pub fn open(
        &mut self,
        id: LinkId,
        opening: impl Future<Output = Result<(WebSocket, X), E>> + Send + 'static,
    ) {
        self.slots.push((id, Slot::Opening(Box::pin(opening))));
    }

    /// Queues a text frame. With a tag, [`LinkEvent::Written`] tells when it was handed to the socket. A link that is
    /// gone swallows it: its loss has been reported.
    pub fn send(&mut self, id: LinkId, text: RawFrame, tag: Option<u64>) {
        if let Some(link) = self.link(id) {
            link.send(text, tag, None);
        }
    }

    /// Like [`send`](Self::send), for somebody who may go away: once nobody holds `owner` any more, a frame that was
    /// not yet handed to the socket is not sent, and [`LinkEvent::Skipped`] says so.
    pub fn send_for(&mut self, id: LinkId, text: RawFrame, tag: u64, owner: Weak<()>) {
        if let Some(link) = self.link(id) {
            link.send(text, Some(tag), Some(owner));
        }
    }

    /// Queues a ping.
    pub fn ping(&mut self, id: LinkId) {
        if let Some(link) = self.link(id) {
            link.ping();
        }
    }

    /// Takes back a frame that was queued under `tag` and not handed to the socket yet; false if it was.
    pub fn recall(&mut self, id: LinkId, tag: u64) -> bool {
        self.link(id).is_some_and(|link| link.recall(tag))
    }

    /// Gives a link up: its close handshake goes on in the background of [`poll_next`](Self::poll_next), and nothing
    /// more is reported of it.
    pub fn close(&mut self, id: LinkId, code: u16, reason: &'static str) {
        if let Some(index) = self.slots.iter().position(|(slot, _)| *slot == id)
            && let (_, Slot::Open(link)) = self.slots.remove(index)
        {
            self.closing
                .push(Box::pin(link.close(code, reason, CLOSE_WITHIN)));
        }
    }

    /// Closes all links and waits for the handshakes, a second at most.
    pub async fn close_all(mut self, code: u16, reason: &'static str) {
        let ids: Vec<_> = self.slots.iter().map(|(id, _)| *id).collect();
        for id in ids {
            self.close(id, code, reason);
        }
        poll_fn(|cx| {
            self.drive_closing(cx);
            if self.closing.is_empty() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// The next thing that happens on any link. Links take turns, so that a busy one does not hide another.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<(LinkId, LinkEvent<X, E>)> {
        self.drive_closing(cx);
        for step in 0..self.slots.len() {
            let index = (self.turn + step) % self.slots.len();
            let (id, slot) = &mut self.slots[index];
            let id = *id;
            let event = match slot {
                Slot::Opening(opening) => match opening.as_mut().poll(cx) {
                    Poll::Pending => continue,
                    Poll::Ready(Ok((socket, extra))) => {
                        *slot = Slot::Open(Box::new(Link::new(socket)));
                        LinkEvent::Opened(extra)
                    }
                    Poll::Ready(Err(error)) => {
                        self.slots.remove(index);
                        LinkEvent::Failed(error)
                    }
                },
                Slot::Open(link) => match link.poll(cx) {
                    Poll::Pending => continue,
                    Poll::Ready(Pumped::Text(frame)) => LinkEvent::Text(frame),
                    Poll::Ready(Pumped::Binary(length)) => LinkEvent::Binary(length),
                    Poll::Ready(Pumped::Pong) => LinkEvent::Pong,
                    Poll::Ready(Pumped::Written(tag)) => LinkEvent::Written(tag),
                    Poll::Ready(Pumped::Skipped(tag)) => LinkEvent::Skipped(tag),
                    Poll::Ready(Pumped::Lost(lost)) => {
                        let (_, slot) = self.slots.remove(index);
                        if let (Lost::Closed { .. }, Slot::Open(link)) = (&lost, slot) {
                            self.closing.push(Box::pin(link.end(CLOSE_WITHIN)));
                        }
                        LinkEvent::Lost(lost)
                    }
                },
            };
            self.turn = index + 1;
            return Poll::Ready((id, event));
        }
        Poll::Pending
    }

    /// What became of frames of which it is known already. To be asked before a machine decides to end a link.
    pub fn next_report(&mut self) -> Option<(LinkId, LinkEvent<X, E>)> {
        self.slots.iter_mut().find_map(|(id, slot)| match slot {
            Slot::Open(link) => match link.report()? {
                Pumped::Written(tag) => Some((*id, LinkEvent::Written(tag))),
                Pumped::Skipped(tag) => Some((*id, LinkEvent::Skipped(tag))),
                _ => None,
            },
            Slot::Opening(_) => None,
        })
    }

    fn drive_closing(&mut self, cx: &mut Context<'_>) {
        self.closing
            .retain_mut(|closing| closing.as_mut().poll(cx).is_pending());
    }

    fn link(&mut self, id: LinkId) -> Option<&mut Link> {
        self.slots.iter_mut().find_map(|(slot, state)| match state {
            Slot::Open(link) if *slot == id => Some(&mut **link),
            _ => None,
        })
    }
}

impl<X, E> fmt::Debug for Links<X, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.slots.iter().map(|(id, _)| id);
        f.debug_list().entries(ids).finish()
    }
}
