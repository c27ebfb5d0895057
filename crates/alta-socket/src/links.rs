use crate::frame::RawFrame;
use crate::link_id::LinkId;
use crate::lost::Lost;
use crate::read_at::ReadAt;
use crate::ready_set::{ReadySet, Source, Sources};
use crate::websocket::{Link, LinkReport, Owner, WebSocket};
use futures_core::future::BoxFuture;
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

/// The timeout of a close handshake. Then the connection is dropped.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// An event of a link. `X` comes with an opened link (an access token, for example), `E` is the error of opening it.
#[derive(Debug)]
pub enum LinkEvent<X, E> {
    /// The link is open.
    Opened(X),
    /// The link could not be opened and is gone.
    Failed(E),
    /// A text frame.
    Text(RawFrame, ReadAt),
    /// A binary frame of this many bytes. No known server sends any.
    Binary(usize),
    /// A ping, a pong or a part of a frame arrived: the connection is alive.
    Heard,
    /// The frame sent under this tag was passed to the socket: from here on it can reach the server.
    Written(u64),
    /// The frame sent under this tag by [`Links::send_for`] was not sent: its owner was dropped.
    Skipped(u64),
    /// The link ended and is gone.
    Lost(Lost),
}

impl<X, E> From<LinkReport> for LinkEvent<X, E> {
    fn from(report: LinkReport) -> Self {
        match report {
            LinkReport::Text(frame, read_at) => Self::Text(frame, read_at),
            LinkReport::Binary(length) => Self::Binary(length),
            LinkReport::Heard => Self::Heard,
            LinkReport::Written(tag) => Self::Written(tag),
            LinkReport::Skipped(tag) => Self::Skipped(tag),
            LinkReport::Lost(lost) => Self::Lost(lost),
        }
    }
}

/// The future that opens a link.
type Opening<X, E> = BoxFuture<'static, Result<(WebSocket, X), E>>;

struct Slot<X, E> {
    id: LinkId,
    state: SlotState<X, E>,
    waker: Waker,
    /// True if it is in `turns`.
    queued: bool,
}

enum SlotState<X, E> {
    Opening(Opening<X, E>),
    Open(Box<Link>),
}

/// The websockets of one task, a handful or hundreds: opens them, sends, receives and closes.
pub struct Links<X, E> {
    /// Sorted by id. Only ready ones are polled.
    slots: Vec<Slot<X, E>>,
    /// The links to poll, in turn, so that a busy link does not hide another.
    turns: VecDeque<LinkId>,
    /// The index and id of the link that reported last: it can have more messages of the same read.
    last: Option<(usize, LinkId)>,
    closing: Vec<BoxFuture<'static, ()>>,
    ready_set: ReadySet,
    closing_waker: Waker,
}

impl<X, E> Links<X, E> {
    pub(crate) fn new(ready_set: ReadySet) -> Self {
        Self {
            slots: Vec::new(),
            turns: VecDeque::new(),
            last: None,
            closing: Vec::new(),
            closing_waker: ready_set.waker_of(Source::Closing),
            ready_set,
        }
    }

    /// Begins to open a link.
    pub fn open(
        &mut self,
        id: LinkId,
        opening: impl Future<Output = Result<(WebSocket, X), E>> + Send + 'static,
    ) {
        let slot = Slot {
            id,
            state: SlotState::Opening(Box::pin(opening)),
            waker: self.ready_set.waker_of_link(id),
            queued: false,
        };
        let at = self.slots.partition_point(|other| other.id < id);
        self.slots.insert(at, slot);
        self.queue(id);
    }

    /// Queues a text frame. With a tag, [`LinkEvent::Written`] reports that it was passed to the socket. On a link that
    /// has ended, nothing is sent: its loss was reported.
    pub fn send(&mut self, id: LinkId, text: String, tag: Option<u64>) {
        if let Some(link) = self.link(id) {
            link.send(text, tag, None);
        }
    }

    /// Like [`send`](Self::send), for a caller that can be dropped: if all copies of `owner` are gone before the frame
    /// was passed to the socket, it is not sent, and [`LinkEvent::Skipped`] reports it.
    pub fn send_for(&mut self, id: LinkId, text: String, tag: u64, owner: Owner) {
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

    /// Cancels a frame that was queued under `tag`. Returns false if it was already passed to the socket.
    pub fn recall(&mut self, id: LinkId, tag: u64) -> bool {
        self.link(id).is_some_and(|link| link.recall(tag))
    }

    /// Closes a link: its close handshake continues in the background, and no more events of it are reported.
    pub fn close(&mut self, id: LinkId, code: u16, reason: &'static str) {
        if let Some(index) = self.position(id)
            && let SlotState::Open(link) = self.slots.remove(index).state
        {
            self.see_off(Box::pin(link.close(code, reason.into(), CLOSE_WITHIN)));
        }
    }

    /// Closes all links and waits for the handshakes, a second at most.
    pub async fn close_all(&mut self, code: u16, reason: &'static str) {
        let ids: Vec<_> = self.slots.iter().map(|slot| slot.id).collect();
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

    /// Queues the links that may be ready.
    pub(crate) fn queue_ready(&mut self, ready: Sources) {
        for slot in &mut self.slots {
            if ready.has_link(slot.id) && !std::mem::replace(&mut slot.queued, true) {
                self.turns.push_back(slot.id);
            }
        }
    }

    /// The next event of a queued link; `None` if no link is ready.
    pub(crate) fn next(&mut self) -> Option<(LinkId, LinkEvent<X, E>)> {
        loop {
            let id = self.turns.pop_front()?;
            let Some(index) = self.position(id) else {
                continue;
            };
            self.slots[index].queued = false;
            if let Poll::Ready(event) = self.poll_slot(index) {
                self.queue(id);
                self.last = Some((index, id));
                return Some((id, event));
            }
        }
    }

    /// The next message of the last read, from the link that reported last.
    pub(crate) fn received(&mut self) -> Option<(LinkId, LinkEvent<X, E>)> {
        let (index, id) = self.last?;
        let slot = self.slots.get_mut(index).filter(|slot| slot.id == id)?;
        let SlotState::Open(link) = &mut slot.state else {
            return None;
        };
        Some((id, link.received()?.into()))
    }

    /// Polls one link. A link that ended is removed.
    fn poll_slot(&mut self, index: usize) -> Poll<LinkEvent<X, E>> {
        let slot = &mut self.slots[index];
        let mut cx = Context::from_waker(&slot.waker);
        Poll::Ready(match &mut slot.state {
            SlotState::Opening(opening) => match ready!(opening.as_mut().poll(&mut cx)) {
                Ok((socket, extra)) => {
                    slot.state = SlotState::Open(Box::new(Link::new(socket)));
                    LinkEvent::Opened(extra)
                }
                Err(error) => {
                    self.slots.remove(index);
                    LinkEvent::Failed(error)
                }
            },
            SlotState::Open(link) => {
                let report = ready!(link.poll(&mut cx));
                if let LinkReport::Lost(lost) = &report {
                    let gone = self.slots.remove(index);
                    if let (Lost::Closed { code, reason }, SlotState::Open(link)) =
                        (lost, gone.state)
                    {
                        // The reply can repeat secrets.
                        let reason = reason.clone().into();
                        self.see_off(Box::pin(link.close(*code, reason, CLOSE_WITHIN)));
                    }
                }
                report.into()
            }
        })
    }

    /// Reports the frames whose end is known. Must be called before a machine decides to end a link.
    pub fn next_report(&mut self) -> Option<(LinkId, LinkEvent<X, E>)> {
        self.slots
            .iter_mut()
            .find_map(|slot| match &mut slot.state {
                SlotState::Open(link) => Some((slot.id, link.report()?.into())),
                SlotState::Opening(_) => None,
            })
    }

    /// Continues the close handshakes of closed links.
    pub(crate) fn close_on(&mut self) {
        let waker = self.closing_waker.clone();
        self.drive_closing(&mut Context::from_waker(&waker));
    }

    fn drive_closing(&mut self, cx: &mut Context<'_>) {
        self.closing
            .retain_mut(|closing| closing.as_mut().poll(cx).is_pending());
    }

    fn see_off(&mut self, handshake: BoxFuture<'static, ()>) {
        self.closing.push(handshake);
        self.closing_waker.wake_by_ref();
    }

    fn queue(&mut self, id: LinkId) {
        if let Some(index) = self.position(id)
            && !std::mem::replace(&mut self.slots[index].queued, true)
        {
            self.turns.push_back(id);
        }
    }

    fn position(&self, id: LinkId) -> Option<usize> {
        self.slots.binary_search_by_key(&id, |slot| slot.id).ok()
    }

    /// An open link, for writing; it gets a turn for it.
    fn link(&mut self, id: LinkId) -> Option<&mut Link> {
        self.queue(id);
        let index = self.position(id)?;
        match &mut self.slots[index].state {
            SlotState::Open(link) => Some(link),
            SlotState::Opening(_) => None,
        }
    }
}

impl<X, E> fmt::Debug for Links<X, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.slots.iter().map(|slot| slot.id);
        f.debug_list().entries(ids).finish()
    }
}
