use super::clock::Clock;
use super::faults::{Action, Junk};
use super::tasks::Tasks;
use crate::wire::json::Node;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;

/// Something to write to a client.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// A text frame. The name of its event, if it is one, is counted.
    Text(Utf8Bytes, Option<Arc<str>>),
    /// The same in fragments of this many bytes.
    Fragments(Utf8Bytes, Option<Arc<str>>, usize),
    /// A frame that a well-behaved server does not send.
    Junk(Junk),
    /// A close frame with this code and reason, then the end of the connection.
    Close(u16, String),
    /// The end of the connection, without a close frame.
    Cut,
    /// Half of the frame with this text, then the end of the connection.
    CutInside(Utf8Bytes),
    /// Nothing from now on: the connection stays open, but is neither read nor written.
    Silence,
}

/// The counters of one connection.
#[derive(Debug, Default)]
pub(super) struct Counters {
    queued: AtomicU64,
    settled: AtomicU64,
    events: Mutex<BTreeMap<Arc<str>, u64>>,
    overflowed: AtomicBool,
    closed: AtomicBool,
}

impl Counters {
    /// The number of event frames written, by name.
    pub(super) fn events(&self) -> BTreeMap<Arc<str>, u64> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns whether the connection was ended because the client was too slow.
    pub(super) fn overflowed(&self) -> bool {
        self.overflowed.load(Ordering::Acquire)
    }

    /// Counts `taken` queue items as written, and the events among them by name.
    pub(super) fn written(&self, taken: u64, names: impl IntoIterator<Item = Arc<str>>) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            *events.entry(name).or_insert(0) += 1;
        }
        drop(events);
        self.settled.fetch_add(taken, Ordering::AcqRel);
    }

    /// Marks the queue as ended: nothing that is still queued will be written.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

/// The sending side of a websocket connection: a bounded queue that a task writes to the client.
#[derive(Clone, Debug)]
pub struct Link {
    /// The connection's id.
    pub id: u64,
    queue: mpsc::Sender<Outgoing>,
    pub(super) counters: Arc<Counters>,
    pub(super) stop: CancellationToken,
    tasks: Tasks,
    clock: Clock,
}

impl Link {
    pub(super) fn new(
        id: u64,
        capacity: usize,
        tasks: Tasks,
        clock: Clock,
    ) -> (Self, mpsc::Receiver<Outgoing>) {
        let (queue, outgoing) = mpsc::channel(capacity.max(4));
        let link = Self {
            id,
            queue,
            counters: Arc::default(),
            stop: tasks.child_token(),
            tasks,
            clock,
        };
        (link, outgoing)
    }

    /// Returns whether everything queued has been written or dropped.
    pub(super) fn is_drained(&self) -> bool {
        let counters = &self.counters;
        counters.closed.load(Ordering::Acquire)
            || counters.settled.load(Ordering::Acquire) >= counters.queued.load(Ordering::Acquire)
    }

    /// Queues something. If the queue is full, the client is too slow, and the connection ends.
    pub fn push(&self, outgoing: Outgoing) {
        if self.stop.is_cancelled() {
            return;
        }
        self.counters.queued.fetch_add(1, Ordering::AcqRel);
        match self.queue.try_send(outgoing) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.counters.overflowed.store(true, Ordering::Release);
                self.stop.cancel();
            }
            Err(mpsc::error::TrySendError::Closed(_)) => {
                self.counters.settled.fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    /// Waits until a quarter of the queue is free, so that a client that sends without reading has to wait.
    pub async fn room(&self) {
        let wanted = (self.queue.max_capacity() / 4).max(1);
        // The permits are released at once: only the wait matters.
        drop(self.queue.reserve_many(wanted).await);
    }

    /// Queues a frame, changed as a fault demands. `id_key` is the member that holds the id of a reply.
    pub fn send(
        &self,
        frame: &Node,
        id_key: &str,
        event: Option<&Arc<str>>,
        action: Option<Action>,
    ) {
        let text = |frame: &Node| Outgoing::Text(frame.to_string().into(), event.cloned());
        match action {
            None | Some(Action::Result(_)) => self.push(text(frame)),
            Some(Action::Drop | Action::Reply(_) | Action::Refuse(_)) => {}
            Some(Action::Delay(delay)) => {
                let (link, late) = (self.clone(), text(frame));
                self.tasks.spawn(async move {
                    link.clock.sleep(delay).await;
                    link.push(late);
                });
            }
            Some(Action::Twice) => {
                self.push(text(frame));
                self.push(text(frame));
            }
            Some(Action::WrongId(id)) => self.push(text(&frame.clone().and(id_key, id))),
            Some(Action::NoId) => self.push(text(&frame.clone().without(&[id_key]))),
            Some(Action::Fragments(size)) => {
                self.push(Outgoing::Fragments(
                    frame.to_string().into(),
                    event.cloned(),
                    size.max(1),
                ));
            }
            Some(Action::Before(junk)) => {
                self.push(Outgoing::Junk(junk));
                self.push(text(frame));
            }
            Some(Action::Instead(junk)) => self.push(Outgoing::Junk(junk)),
            Some(Action::Close(code, reason)) => self.push(Outgoing::Close(code, reason)),
            Some(Action::Cut | Action::Truncate) => self.push(Outgoing::Cut),
            Some(Action::CutInside) => self.push(Outgoing::CutInside(frame.to_string().into())),
            Some(Action::Silence) => self.push(Outgoing::Silence),
        }
    }
}
