use super::env::Env;
use super::faults::Junk;
use super::io::{BoxIo, Socket};
use super::link::{Link, Outgoing};
use super::reading::Reading;
use futures_util::stream::SplitSink;
use futures_util::{SinkExt as _, StreamExt as _};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

/// The time that a client has to reply to a close frame or to close its side.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// The number of frames written before one flush.
const BATCH: usize = 64;

/// The cause of a connection's end.
enum End {
    /// The client, with its close code.
    Client(Option<u16>),
    /// A close frame of the server.
    Closing,
    Cut,
    CutInside(Utf8Bytes),
    Silence,
}

/// The receiving side of a websocket connection.
pub trait Reader: Send + Sync {
    /// Reads until the client is gone. Returns the client's close code.
    fn read(&self, reading: &mut Reading) -> impl Future<Output = Option<u16>> + Send;

    /// Called once, when the connection counts as ended.
    fn ended(&self);
}

/// Runs a connection until it ends: writes its queue while `reader` reads. Returns the client's close code.
pub(super) async fn pump(
    socket: Socket,
    link: &Link,
    mut outgoing: mpsc::Receiver<Outgoing>,
    env: &Env,
    reader: impl Reader,
) -> Option<u16> {
    let (mut sink, stream) = socket.split();
    let mut reading = Reading::new(stream);
    let end = tokio::select! {
        code = reader.read(&mut reading) => End::Client(code),
        end = write(&mut sink, &mut outgoing, link, env) => end,
        () = link.stop.cancelled() => End::Cut,
    };
    link.counters.close();
    let ended = || {
        env.connections.ended(link.id);
        reader.ended();
        env.touch();
    };
    // The connection counts as ended from here on, also during a long closing handshake.
    if !matches!(end, End::Silence) {
        ended();
    }

    match (end, sink.reunite(reading.into_inner())) {
        (End::Client(code), _) => code,
        (_, Err(_)) => None,
        (End::Closing, Ok(socket)) => await_close(socket).await,
        (End::Cut, Ok(socket)) => {
            cut(socket.into_inner()).await;
            None
        }
        (End::CutInside(text), Ok(socket)) => {
            let mut io = socket.into_inner();
            let _ = timeout(END_TIMEOUT, io.write_all(&half_a_frame(&text))).await;
            cut(io).await;
            None
        }
        (End::Silence, Ok(socket)) => {
            let hold =
                async { while !matches!(outgoing.recv().await, None | Some(Outgoing::Cut)) {} };
            let _ = link.stop.run_until_cancelled(hold).await;
            ended();
            cut(socket.into_inner()).await;
            None
        }
    }
}

/// Writes the queue, and counts events when they are flushed.
async fn write(
    sink: &mut SplitSink<Socket, Message>,
    outgoing: &mut mpsc::Receiver<Outgoing>,
    link: &Link,
    env: &Env,
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
        link.counters.written(taken, names);
        env.touch();
        if let Some(end) = end {
            return end;
        }
    }
}

/// Writes a string as one message of several frames.
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

/// The first half of an unmasked text frame. Its header holds the length of the whole.
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

/// Waits a limited time for the client's close frame.
async fn await_close(mut socket: Socket) -> Option<u16> {
    let mut code = None;
    let reading = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(Some(frame)) = message {
                code = Some(frame.code.into());
            }
        }
    };
    let _ = timeout(END_TIMEOUT, reading).await;
    code
}

/// Ends a connection without a close frame. Reads until the client closes: unread bytes would cause a reset, and the client
/// would lose the data written before.
async fn cut(mut io: BoxIo) {
    let ending = async {
        let _ = io.shutdown().await;
        let mut rest = [0; 512];
        while matches!(io.read(&mut rest).await, Ok(1..)) {}
    };
    let _ = timeout(END_TIMEOUT, ending).await;
}
