use crate::inbound::Inbound;
use bytes::{Buf as _, BytesMut};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much is read at once.
const AHEAD: usize = 16 * 1024;

/// What lies between a connection and the websocket library: it reads more at once than the library asks for, so that the
/// library's own buffer can be small, and hands on what [`Inbound`] makes of it. Of a thousand calm connections none holds
/// anything here, and of a busy one few system calls are made.
#[derive(Debug)]
pub(crate) struct ReadAhead<T> {
    io: T,
    stage: Stage,
    /// What was read and not taken yet.
    ahead: BytesMut,
    /// Whether anything was read, or written, since that was last asked for.
    heard: bool,
    wrote: bool,
}

#[derive(Debug)]
enum Stage {
    /// The answer to the handshake: so many bytes of its present line have come.
    Head {
        line: usize,
    },
    /// The handshake is answered. What follows waits until it is known what that is.
    AfterHead,
    Frames(Inbound),
}

impl<T> ReadAhead<T> {
    /// A connection on which a handshake begins.
    pub(crate) fn new(io: T) -> Self {
        Self {
            io,
            stage: Stage::Head { line: 0 },
            ahead: BytesMut::new(),
            heard: false,
            wrote: false,
        }
    }

    /// The handshake has succeeded: frames follow, of which larger ones than this will be refused.
    pub(crate) fn begin_frames(&mut self, limit: usize) {
        let mut inbound = Inbound::new(limit);
        let raw = std::mem::take(&mut self.ahead);
        inbound.take(&raw, |bytes| self.ahead.extend_from_slice(bytes));
        self.heard = !raw.is_empty();
        self.stage = Stage::Frames(inbound);
    }

    /// Whether anything at all was read since the last call.
    pub(crate) fn take_heard(&mut self) -> bool {
        std::mem::take(&mut self.heard)
    }

    /// Whether anything was written since the last call.
    pub(crate) fn take_wrote(&mut self) -> bool {
        std::mem::take(&mut self.wrote)
    }

    /// The payload of the last ping that has come since the last call.
    pub(crate) fn take_ping(&mut self) -> Option<Vec<u8>> {
        match &mut self.stage {
            Stage::Frames(inbound) => inbound.take_ping(),
            Stage::Head { .. } | Stage::AfterHead => None,
        }
    }
}

impl Stage {
    /// Puts what the library is to read of these bytes, and returns what is not to be read yet.
    fn take<'a>(&mut self, bytes: &'a [u8], mut put: impl FnMut(&[u8])) -> &'a [u8] {
        match self {
            Stage::Head { line } => {
                for (index, byte) in bytes.iter().enumerate() {
                    match byte {
                        b'\n' if *line == 0 => {
                            let (head, rest) = bytes.split_at(index + 1);
                            put(head);
                            *self = Stage::AfterHead;
                            return rest;
                        }
                        b'\n' => *line = 0,
                        b'\r' => {}
                        _ => *line += 1,
                    }
                }
                put(bytes);
            }
            // Somebody reads on though it is no handshake: what comes is theirs.
            Stage::AfterHead => put(bytes),
            Stage::Frames(inbound) => inbound.take(bytes, put),
        }
        &[]
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for ReadAhead<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.ahead.is_empty() {
            let taken = this.ahead.len().min(buf.remaining());
            buf.put_slice(&this.ahead[..taken]);
            this.ahead.advance(taken);
            return Poll::Ready(Ok(()));
        }
        let mut chunk = [MaybeUninit::uninit(); AHEAD];
        let mut chunk = ReadBuf::uninit(&mut chunk);
        let Poll::Ready(read) = Pin::new(&mut this.io).poll_read(cx, &mut chunk) else {
            // Nothing more is there: the room is not needed for now.
            this.ahead = BytesMut::new();
            return Poll::Pending;
        };
        read?;
        if chunk.filled().is_empty() {
            return Poll::Ready(Ok(()));
        }
        this.heard = true;
        let before = buf.filled().len();
        let ahead = &mut this.ahead;
        let rest = this.stage.take(chunk.filled(), |bytes| {
            let (now, later) = bytes.split_at(bytes.len().min(buf.remaining()));
            buf.put_slice(now);
            ahead.extend_from_slice(later);
        });
        ahead.extend_from_slice(rest);
        if buf.filled().len() > before {
            return Poll::Ready(Ok(()));
        }
        // All of it was a ping, or the beginning of a header. Others get their turn before more is read, since a flood of
        // pings would never end.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<T: AsyncWrite + Unpin> ReadAhead<T> {
    fn note_written(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let written = ready!(written);
        self.wrote |= matches!(written, Ok(count) if count > 0);
        Poll::Ready(written)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for ReadAhead<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.note_written(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.note_written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;
    use std::task::Waker;

    /// Gives one piece after the other, each but the first after a pause, and counts how often it was asked.
    #[derive(Debug, Default)]
    struct Pieces {
        left: VecDeque<Vec<u8>>,
        pauses: bool,
        asked: usize,
    }

    impl AsyncRead for Pieces {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            self.asked += 1;
            if std::mem::take(&mut self.pauses) {
                return Poll::Pending;
            }
            let Some(piece) = self.left.front_mut() else {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            };
            let some = piece.len().min(buf.remaining());
            buf.put_slice(&piece[..some]);
            piece.drain(..some);
            if piece.is_empty() {
                self.left.pop_front();
                self.pauses = true;
            }
            Poll::Ready(Ok(()))
        }
    }

    fn ahead_of(pieces: &[Vec<u8>]) -> ReadAhead<Pieces> {
        ReadAhead::new(Pieces {
            left: pieces.iter().cloned().collect(),
            ..Pieces::default()
        })
    }

    /// Reads at most so much; `None` where it would have to wait.
    fn read(io: &mut ReadAhead<Pieces>, most: usize) -> Option<io::Result<Vec<u8>>> {
        let mut bytes = vec![0; most];
        let mut buf = ReadBuf::new(&mut bytes);
        match Pin::new(io).poll_read(&mut Context::from_waker(Waker::noop()), &mut buf) {
            Poll::Ready(read) => Some(read.map(|()| buf.filled().to_vec())),
            Poll::Pending => None,
        }
    }

    #[test]
    fn little_goes_straight_to_the_reader() {
        let mut io = ahead_of(&[vec![1; 10], vec![2; 10]]);
        assert_eq!(read(&mut io, 1_024).unwrap().unwrap(), [1; 10]);
        assert!(read(&mut io, 1_024).is_none());
        assert_eq!(read(&mut io, 1_024).unwrap().unwrap(), [2; 10]);
        assert_eq!(io.ahead.capacity(), 0);
        assert_eq!(io.io.asked, 3);
    }

    #[test]
    fn much_is_fetched_at_once_and_nothing_is_held_afterwards() {
        let mut io = ahead_of(&[vec![7; 10_000]]);
        let mut count = 0;
        while let Some(bytes) = read(&mut io, 100) {
            count += bytes.unwrap().len();
        }
        assert_eq!(count, 10_000);
        // All of it, and that there is no more.
        assert_eq!(io.io.asked, 2);
        assert_eq!(io.ahead.capacity(), 0);
    }

    #[test]
    fn an_end_and_an_error_are_passed_on_after_all_that_came_before() {
        let mut io = ahead_of(&[vec![7; 1_000], Vec::new()]);
        while let Some(bytes) = read(&mut io, 100) {
            assert_eq!(bytes.unwrap().len(), 100);
        }
        assert!(read(&mut io, 100).unwrap().unwrap().is_empty(), "the end");
        assert!(read(&mut io, 100).is_none());
        let error = read(&mut io, 100).unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    proptest! {
        #[test]
        fn every_byte_comes_once_and_in_order(
            lengths in prop::collection::vec(1_usize..40_000, 1..5),
            sizes in prop::collection::vec(1_usize..20_000, 1..8),
        ) {
            // A number of bytes that nothing else here is a multiple of.
            let mut bytes = (0..251_u8).cycle();
            let piece = |length| bytes.by_ref().take(length).collect();
            let pieces: Vec<Vec<u8>> = lengths.into_iter().map(piece).collect();
            let mut io = ahead_of(&pieces);
            let mut came = Vec::new();
            for size in sizes.iter().cycle() {
                match read(&mut io, *size) {
                    Some(Ok(bytes)) => came.extend(bytes),
                    Some(Err(_)) => break,
                    None => {}
                }
            }
            prop_assert_eq!(came, pieces.concat());
        }
    }
}
