//! The ends of connections. The stream of a connection is dropped after its last frame, and before the next connection is made.

use futures_util::future::BoxFuture;
use pytale::console::{BoxIo, Dial, DialError};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use url::Url;

type Notice = Arc<dyn Fn() + Send + Sync>;

/// A dialer that calls a function at the end of each connection.
pub(super) struct NoticesEnds {
    dialer: Arc<dyn Dial>,
    notice: Notice,
}

impl NoticesEnds {
    pub(super) fn new(dialer: Arc<dyn Dial>, notice: impl Fn() + Send + Sync + 'static) -> Self {
        let notice = Arc::new(notice);
        Self { dialer, notice }
    }
}

impl Dial for NoticesEnds {
    fn dial<'a>(&'a self, address: &'a Url) -> BoxFuture<'a, Result<BoxIo, DialError>> {
        Box::pin(async move {
            let io = self.dialer.dial(address).await?;
            let notice = Arc::clone(&self.notice);
            Ok(Box::new(Stream { io, notice }) as BoxIo)
        })
    }

    fn proxy(&self, address: &Url) -> Option<String> {
        self.dialer.proxy(address)
    }
}

struct Stream {
    io: BoxIo,
    notice: Notice,
}

impl Drop for Stream {
    fn drop(&mut self) {
        (self.notice)();
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
