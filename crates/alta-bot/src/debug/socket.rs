//! Looking at what goes over a websocket, from where it is dialled.

use super::frames::Texts;
use super::{Channel, Direction, Traffic, Watcher, shown};
use alta_model::Redactor;
use alta_ws::{BoxIo, Dial, DialError};
use futures_core::future::BoxFuture;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use url::Url;

/// A dialer whose connections are looked at.
pub(crate) struct TapDialer {
    pub(crate) dialer: Arc<dyn Dial>,
    pub(crate) channel: Channel,
    pub(crate) watcher: Watcher,
    /// Knows the tokens of all connections.
    pub(crate) redactor: Redactor,
}

impl Dial for TapDialer {
    fn proxy(&self, address: &Url) -> Option<String> {
        self.dialer.proxy(address)
    }

    fn dial<'a>(&'a self, address: &'a Url) -> BoxFuture<'a, Result<BoxIo, DialError>> {
        Box::pin(async {
            let io = self.dialer.dial(address).await?;
            let tap = |direction| Tap {
                direction,
                channel: self.channel,
                watcher: Arc::clone(&self.watcher),
                redactor: self.redactor.clone(),
                texts: Texts::default(),
                // The first frame to a console is a token.
                hide_next: direction == Direction::Sent
                    && matches!(self.channel, Channel::Console(_)),
            };
            let io: BoxIo = Box::new(Tapped {
                io,
                sent: tap(Direction::Sent),
                received: tap(Direction::Received),
            });
            Ok(io)
        })
    }
}

struct Tapped {
    io: BoxIo,
    sent: Tap,
    received: Tap,
}

struct Tap {
    direction: Direction,
    channel: Channel,
    watcher: Watcher,
    redactor: Redactor,
    texts: Texts,
    hide_next: bool,
}

impl Tap {
    fn see(&mut self, bytes: &[u8]) {
        let Self {
            direction,
            channel,
            watcher,
            redactor,
            texts,
            hide_next,
        } = self;
        texts.read(bytes, |text| {
            if *direction == Direction::Sent {
                redactor.learn_fields(text);
            }
            if std::mem::take(hide_next) {
                redactor.learn(text);
            }
            let text = shown(text, redactor);
            watcher(&Traffic {
                direction: *direction,
                channel: *channel,
                text,
            });
        });
    }
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?;
        self.received.see(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.sent.see(&bytes[..written.min(bytes.len())]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
