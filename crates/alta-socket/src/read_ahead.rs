use bytes::{Buf as _, BytesMut};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::poll_read_buf;

/// How much is read at once while much arrives.
const AHEAD: usize = 16 * 1024;

/// Reads ahead while more arrives than the reader takes at once, so that its own buffer can be small: of a thousand calm
/// connections none holds a large one, and of a busy one few system calls are made.
#[derive(Debug)]
pub(crate) struct ReadAhead<T> {
    io: T,
    /// What was read and not taken yet. Only there once the reader had no room left; else it reads straight from below.
    ahead: Option<BytesMut>,
}

impl<T> ReadAhead<T> {
    pub(crate) fn new(io: T) -> Self {
        Self { io, ahead: None }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for ReadAhead<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let io = Pin::new(&mut this.io);
        let Some(ahead) = &mut this.ahead else {
            let read = ready!(io.poll_read(cx, buf));
            if buf.remaining() == 0 {
                // More may be there than there was room for.
                this.ahead = Some(BytesMut::new());
            }
            return Poll::Ready(read);
        };
        if ahead.is_empty() {
            ahead.reserve(AHEAD);
            let read = poll_read_buf(io, cx, ahead);
            if ahead.is_empty() {
                this.ahead = None;
                return read.map_ok(|_| ());
            }
        }
        let taken = ahead.len().min(buf.remaining());
        buf.put_slice(&ahead[..taken]);
        ahead.advance(taken);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for ReadAhead<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
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
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
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
        assert!(io.ahead.is_none());
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
        // The first hundred, the rest, and that there is no more.
        assert_eq!(io.io.asked, 3);
        assert!(io.ahead.is_none());
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
