//! One websocket connection as the simulator holds it: a bounded queue out, and the task that empties it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

use crate::faults::{Action, Junk};
use crate::json::Node;
use crate::shared::Shared;

/// Anything a service can be spoken over.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub(crate) type BoxIo = Box<dyn Io>;
type Socket = WebSocketStream<BoxIo>;
pub(crate) type Reading = SplitStream<Socket>;

/// How long a peer may take over its part of an ending.
const FAREWELL: Duration = Duration::from_secs(1);

/// Frames written before one flush.
const BATCH: usize = 64;

/// Something for the client.
#[derive(Clone, Debug)]
pub(crate) enum Outgoing {
    /// A text frame; for an event with its name, to be counted.
    Text(Utf8Bytes, Option<Arc<str>>),
    /// The same in fragments of that many bytes.
    Fragments(Utf8Bytes, Option<Arc<str>>, usize),
    Junk(Junk),
    Close(u16, String),
    Cut,
    /// Half of the frame that this text would be, then the end.
    CutInside(Utf8Bytes),
    Silence,
}

/// What was written to a connection, and how it stands.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    queued: AtomicU64,
    settled: AtomicU64,
    events: Mutex<BTreeMap<Arc<str>, u64>>,
    overflowed: AtomicBool,
    closed: AtomicBool,
}

impl Ledger {
    /// Event frames written, by name.
    pub(crate) fn events(&self) -> BTreeMap<Arc<str>, u64> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn overflowed(&self) -> bool {
        self.overflowed.load(Ordering::Acquire)
    }

    /// Whether everything queued has been written or given up.
    pub(crate) fn is_drained(&self) -> bool {
        self.closed.load(Ordering::Acquire)
            || self.settled.load(Ordering::Acquire) >= self.queued.load(Ordering::Acquire)
    }

    fn written(&self, names: impl Iterator<Item = Arc<str>>) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            *events.entry(name).or_insert(0) += 1;
        }
    }
}

/// The sending side of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: u64,
    queue: mpsc::Sender<Outgoing>,
    pub(crate) ledger: Arc<Ledger>,
    stop: CancellationToken,
}

impl Link {
    pub(crate) fn new(
        id: u64,
        capacity: usize,
        stop: CancellationToken,
    ) -> (Self, mpsc::Receiver<Outgoing>) {
        let (queue, outgoing) = mpsc::channel(capacity.max(4));
        (
            Self {
                id,
                queue,
                ledger: Arc::new(Ledger::default()),
                stop,
            },
            outgoing,
        )
    }

    /// Queues something. A client so slow that the queue is full loses its connection.
    pub(crate) fn push(&self, outgoing: Outgoing) {
        if self.stop.is_cancelled() {
            return;
        }
        self.ledger.queued.fetch_add(1, Ordering::AcqRel);
        match self.queue.try_send(outgoing) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.ledger.overflowed.store(true, Ordering::Release);
                self.stop.cancel();
            }
            Err(mpsc::error::TrySendError::Closed(_)) => {
                self.ledger.settled.fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    /// Waits until a quarter of the queue is free, so that a client that only sends is made to wait.
    pub(crate) async fn room(&self) {
        let wanted = (self.queue.max_capacity() / 4).max(1);
        // Only the waiting counts; the places are given back at once.
        drop(self.queue.reserve_many(wanted).await);
    }

    /// Queues a frame as a fault wants it.
    pub(crate) fn send(
        &self,
        shared: &Shared,
        frame: &Node,
        id_key: &str,
        event: Option<&Arc<str>>,
        action: Option<Action>,
    ) {
        let text = |frame: &Node| Outgoing::Text(frame.to_string().into(), event.cloned());
        match action {
            None => self.push(text(frame)),
            Some(Action::Drop | Action::Answer(_) | Action::Refuse(_)) => {}
            Some(Action::Delay(after)) => {
                let (link, late) = (self.clone(), text(frame));
                shared.spawn(async move {
                    tokio::time::sleep(after).await;
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

/// How a connection came to its end.
enum End {
    /// The client ended it, with its close code.
    Client(Option<u16>),
    /// We sent a close frame.
    Closing,
    Cut,
    CutInside(Utf8Bytes),
    Silence,
}

/// What a service does with what a client sends.
pub(crate) trait Reader {
    /// Reads until the client is gone; the client's close code.
    fn read(self, reading: &mut Reading) -> impl Future<Output = Option<u16>> + Send;
}

/// Runs a connection until it ends: writes what is queued while `reader` reads. Returns the client's close code.
pub(crate) async fn pump(
    socket: Socket,
    link: &Link,
    mut outgoing: mpsc::Receiver<Outgoing>,
    shared: &Shared,
    reader: impl Reader,
) -> Option<u16> {
    let (mut sink, mut stream) = socket.split();
    let end = tokio::select! {
        code = reader.read(&mut stream) => End::Client(code),
        end = write(&mut sink, &mut outgoing, link, shared) => end,
        () = link.stop.cancelled() => End::Cut,
    };
    // It counts as gone from here on, however long the farewell takes.
    if !matches!(end, End::Silence) {
        link.ledger.closed.store(true, Ordering::Release);
        shared.with(|state, _| state.ended(link.id));
    }

    match (end, sink.reunite(stream)) {
        (End::Client(code), _) => code,
        (_, Err(_)) => None,
        (End::Closing, Ok(socket)) => await_close(socket).await,
        (End::Cut, Ok(socket)) => {
            cut(socket.into_inner()).await;
            None
        }
        (End::CutInside(text), Ok(socket)) => {
            let mut io = socket.into_inner();
            let _ = timeout(FAREWELL, io.write_all(&half_a_frame(&text))).await;
            cut(io).await;
            None
        }
        (End::Silence, Ok(socket)) => {
            // What is queued from now on goes nowhere.
            link.ledger.closed.store(true, Ordering::Release);
            let hold =
                async { while !matches!(outgoing.recv().await, None | Some(Outgoing::Cut)) {} };
            let _ = link.stop.run_until_cancelled(hold).await;
            shared.with(|state, _| state.ended(link.id));
            cut(socket.into_inner()).await;
            None
        }
    }
}

/// Writes what is queued, counting events once they are flushed.
async fn write(
    sink: &mut SplitSink<Socket, Message>,
    outgoing: &mut mpsc::Receiver<Outgoing>,
    link: &Link,
    shared: &Shared,
) -> End {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        if outgoing.recv_many(&mut batch, BATCH).await == 0 {
            return End::Cut;
        }
        let taken = batch.len() as u64;
        let mut names = Vec::new();
        let mut end = None;
        for item in batch.drain(..) {
            let message = match item {
                Outgoing::Text(text, event) => {
                    names.extend(event);
                    Message::Text(text)
                }
                Outgoing::Fragments(text, event, size) => {
                    names.extend(event);
                    if feed_fragments(sink, &text, size).await.is_err() {
                        return End::Cut;
                    }
                    continue;
                }
                Outgoing::Junk(junk) => junk_message(junk),
                Outgoing::Close(code, reason) => {
                    end = Some(End::Closing);
                    Message::Close(Some(CloseFrame {
                        code: code.into(),
                        reason: reason.into(),
                    }))
                }
                Outgoing::Cut => {
                    end = Some(End::Cut);
                    break;
                }
                Outgoing::CutInside(text) => {
                    end = Some(End::CutInside(text));
                    break;
                }
                Outgoing::Silence => {
                    end = Some(End::Silence);
                    break;
                }
            };
            if sink.feed(message).await.is_err() {
                return End::Cut;
            }
            if end.is_some() {
                break;
            }
        }
        if sink.flush().await.is_err() && end.is_none() {
            return End::Cut;
        }
        link.ledger.written(names.into_iter());
        link.ledger.settled.fetch_add(taken, Ordering::AcqRel);
        shared.touch();
        if let Some(end) = end {
            return end;
        }
    }
}

/// Writes a text as one message of several frames.
async fn feed_fragments(
    sink: &mut SplitSink<Socket, Message>,
    text: &str,
    size: usize,
) -> Result<(), Error> {
    let mut parts = text.as_bytes().chunks(size).peekable();
    let mut kind = Data::Text;
    while let Some(part) = parts.next() {
        let frame = Frame::message(part.to_vec(), OpCode::Data(kind), parts.peek().is_none());
        sink.feed(Message::Frame(frame)).await?;
        kind = Data::Continue;
    }
    Ok(())
}

/// The first half of an unmasked text frame, which announces the whole.
fn half_a_frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 127];
    frame.extend((text.len() as u64).to_be_bytes());
    frame.extend_from_slice(&text.as_bytes()[..text.len() / 2]);
    frame
}

fn junk_message(junk: Junk) -> Message {
    match junk {
        Junk::Text(text) => Message::text(text),
        Junk::Binary(bytes) => Message::binary(bytes),
        Junk::Oversize(size) => Message::text("x".repeat(size)),
        Junk::InvalidUtf8 => Message::Frame(Frame::message(
            vec![b'"', 0xff, 0xfe, b'"'],
            OpCode::Data(Data::Text),
            true,
        )),
    }
}

/// Waits for the client's close frame, for a while.
async fn await_close(mut socket: Socket) -> Option<u16> {
    let mut code = None;
    let reading = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(Some(frame)) = message {
                code = Some(frame.code.into());
            }
        }
    };
    let _ = timeout(FAREWELL, reading).await;
    code
}

/// Ends a stream without a close frame. What was written still arrives: nothing is left unread that would reset it.
async fn cut(mut io: BoxIo) {
    let farewell = async {
        let _ = io.shutdown().await;
        let mut rest = [0; 512];
        while matches!(io.read(&mut rest).await, Ok(1..)) {}
    };
    let _ = timeout(FAREWELL, farewell).await;
}
