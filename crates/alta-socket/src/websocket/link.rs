use super::handshake::WebSocket;
use super::observer::{Direction, Observer};
use super::reader::{FrameReader, Message};
use super::report::LinkReport;
use super::writer::{FrameWriter, Owner};
use crate::dial::BoxIo;
use crate::frame::RawFrame;
use crate::lost::Lost;
use crate::read_at::ReadAt;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::task::coop::has_budget_remaining;
use tokio::time::Sleep;

/// The most bytes of one read. The buffer is on the stack, so an idle connection holds none. A quarter of it needs four times
/// the system calls, which is a thirtieth of the time of an event flood.
const READ: usize = 64 * 1024;

/// One open websocket. Neither direction delays the other.
pub(crate) struct Link {
    io: BoxIo,
    write_timeout: Duration,
    observer: Option<Observer>,
    reader: FrameReader,
    writer: FrameWriter,
    /// The time of the last read, which all received messages share.
    read_at: ReadAt,
    received: VecDeque<Data>,
    /// The reason why no more is read, reported after the received messages.
    ended: Option<Lost>,
    reports: VecDeque<LinkReport>,
    is_unflushed: bool,
    /// Runs while the socket takes no bytes although some wait.
    stuck: Option<Pin<Box<Sleep>>>,
    /// The reason why no more can be written. Arrived bytes are still read.
    failed: Option<Lost>,
}

#[derive(Debug)]
enum Data {
    Text(RawFrame),
    Binary(usize),
}

impl Link {
    pub(crate) fn new(socket: WebSocket) -> Self {
        let WebSocket { io, early, config } = socket;
        let mut link = Self {
            io,
            write_timeout: config.write_timeout,
            reader: FrameReader::new(config.max_frame),
            writer: FrameWriter::new(config.observer.clone()),
            observer: config.observer,
            read_at: ReadAt::now(),
            received: VecDeque::new(),
            ended: None,
            reports: VecDeque::new(),
            is_unflushed: false,
            stuck: None,
            failed: None,
        };
        link.decode(&early);
        link
    }

    pub(crate) fn send(&mut self, text: String, tag: Option<u64>, owner: Option<Owner>) {
        self.writer.text(text, tag, owner);
    }

    pub(crate) fn ping(&mut self) {
        self.writer.ping();
    }

    /// Cancels a frame that was not yet passed to the socket.
    pub(crate) fn recall(&mut self, tag: u64) -> bool {
        self.writer.recall(tag)
    }

    /// A report on a sent frame, without reading or writing.
    pub(crate) fn report(&mut self) -> Option<LinkReport> {
        self.reports.pop_front()
    }

    /// The next message that has been read already.
    pub(crate) fn received(&mut self) -> Option<LinkReport> {
        Some(match self.received.pop_front()? {
            Data::Text(text) => LinkReport::Text(text, self.read_at),
            Data::Binary(length) => LinkReport::Binary(length),
        })
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<LinkReport> {
        if let Some(report) = self.report().or_else(|| self.received()) {
            return Poll::Ready(report);
        }
        // After the received messages: the frames that were queued while these were handled leave in one write.
        if self.failed.is_none() && self.ended.is_none() {
            self.failed = self.write(cx).err();
        }
        // Before a loss is reported, so that the owner of each frame knows whether it may have been sent.
        if let Some(report) = self.report() {
            return Poll::Ready(report);
        }
        if matches!(self.failed, Some(Lost::Unwritable(_)))
            && let Some(lost) = self.failed.take()
        {
            return Poll::Ready(LinkReport::Lost(lost));
        }
        if let Some(lost) = self.ended.take() {
            return Poll::Ready(LinkReport::Lost(lost));
        }
        match self.read(cx) {
            Poll::Ready(()) => {
                let message = self.received();
                let message = message.or_else(|| self.ended.take().map(LinkReport::Lost));
                Poll::Ready(message.unwrap_or(LinkReport::Heard))
            }
            Poll::Pending => {
                if let Some(lost) = self.failed.take() {
                    if has_budget_remaining() {
                        return Poll::Ready(LinkReport::Lost(lost));
                    }
                    // Without budget a read is pending although bytes have arrived: the next poll of the task reads them.
                    self.failed = Some(lost);
                    cx.waker().wake_by_ref();
                }
                self.shrink();
                Poll::Pending
            }
        }
    }

    /// Reads once, and decodes the messages.
    #[allow(
        clippy::large_stack_arrays,
        reason = "far less than any thread has, and not initialized"
    )]
    fn read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut chunk = [MaybeUninit::uninit(); READ];
        let mut chunk = ReadBuf::uninit(&mut chunk);
        match ready!(Pin::new(&mut self.io).poll_read(cx, &mut chunk)) {
            Ok(()) if chunk.filled().is_empty() => self.ended = Some(Lost::Broken(None)),
            Ok(()) => {
                self.read_at = ReadAt::now();
                // A pong is written by the next poll, which always follows a read.
                self.decode(chunk.filled());
            }
            Err(error) => self.ended = Some(Lost::Broken(Some(Arc::new(error)))),
        }
        Poll::Ready(())
    }

    fn decode(&mut self, mut bytes: &[u8]) {
        loop {
            match self.reader.read(&mut bytes) {
                Ok(None) => return,
                Ok(Some(Message::Text(text))) => {
                    if let Some(observer) = &self.observer {
                        observer.see(Direction::Received, text.as_str());
                    }
                    self.received.push_back(Data::Text(text));
                }
                Ok(Some(Message::Binary(length))) => {
                    self.received.push_back(Data::Binary(length));
                }
                Ok(Some(Message::Ping(payload))) => self.writer.pong(payload),
                Ok(Some(Message::Pong)) => {}
                Ok(Some(Message::Close { code, reason })) => {
                    self.ended = Some(Lost::Closed { code, reason });
                    return;
                }
                Err(lost) => {
                    self.ended = Some(lost);
                    return;
                }
            }
        }
    }

    /// Writes as much as the socket takes. Fails if the socket is broken, or takes no bytes for too long.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), Lost> {
        let broken = |error| Lost::Broken(Some(Arc::new(error)));
        while let Some(bytes) = self.writer.next(|report| self.reports.push_back(report)) {
            let Poll::Ready(written) = Pin::new(&mut self.io).poll_write(cx, bytes) else {
                return self.is_stuck(cx);
            };
            match written.map_err(broken)? {
                0 => return Err(Lost::Broken(None)),
                written => self.writer.advance(written),
            }
            self.is_unflushed = true;
            self.stuck = None;
        }
        if self.is_unflushed {
            let Poll::Ready(flushed) = Pin::new(&mut self.io).poll_flush(cx) else {
                return self.is_stuck(cx);
            };
            flushed.map_err(broken)?;
            self.is_unflushed = false;
            self.stuck = None;
        }
        Ok(())
    }

    /// Fails if bytes have waited to be written for too long.
    fn is_stuck(&mut self, cx: &mut Context<'_>) -> Result<(), Lost> {
        let within = self.write_timeout;
        let stuck = self
            .stuck
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(within)));
        match stuck.as_mut().poll(cx) {
            Poll::Ready(()) => Err(Lost::Unwritable(within)),
            Poll::Pending => Ok(()),
        }
    }

    /// Frees the memory that an idle connection does not need.
    fn shrink(&mut self) {
        self.writer.shrink();
        if self.received.capacity() > 0 {
            self.received = VecDeque::new();
        }
        if self.reports.capacity() > 0 {
            self.reports = VecDeque::new();
        }
    }

    /// Sends a close frame, the first or the reply to the server's, and waits for the server to end the connection; for at most
    /// `within`.
    pub(crate) async fn close(
        mut self: Box<Self>,
        code: u16,
        reason: Cow<'static, str>,
        within: Duration,
    ) {
        self.writer.close(code, &reason);
        let finished = poll_fn(|cx| {
            if self.write(cx).is_err() {
                return Poll::Ready(());
            }
            // Arriving bytes are dropped.
            let mut chunk = [MaybeUninit::uninit(); 4 * 1024];
            loop {
                let mut chunk = ReadBuf::uninit(&mut chunk);
                match ready!(Pin::new(&mut self.io).poll_read(cx, &mut chunk)) {
                    Ok(()) if !chunk.filled().is_empty() => {}
                    _ => return Poll::Ready(()),
                }
            }
        });
        // After the timeout the connection is dropped.
        let _ = tokio::time::timeout(within, finished).await;
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("queued", &self.writer.len())
            .finish_non_exhaustive()
    }
}
