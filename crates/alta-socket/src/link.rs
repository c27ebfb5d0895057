use crate::dial::{BoxIo, Dial, DialError, shown};
use crate::frame::RawFrame;
use crate::lost::Lost;
use crate::read_ahead::ReadAhead;
use crate::read_at::ReadAt;
use alta_dial::{basic_authorization, retry_after, without_credentials};
use futures_util::{SinkExt as _, StreamExt as _};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tokio::time::Sleep;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::Url;

/// The most that the websocket library reads at once, into memory that it clears before: little, since most reads bring one
/// event. What more there is, is read ahead.
const READ: usize = 1024;

/// Small frames are gathered up to this size before they are written, when several are sent at once. More than this and the
/// last frame is never in the library's buffer: a frame is handed over when the ones before are written, pongs included.
const WRITE_BUFFER: usize = 4 * 1024;

/// As long as a command or a request may take: by then nobody waits for what could not be written.
const WRITE: Duration = Duration::from_secs(30);

/// The bounds of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest frame accepted, in bytes. A larger one ends the connection.
    pub frame: usize,
    /// How long dialling, TLS and the websocket handshake may take together.
    pub connect: Duration,
    /// How long nothing at all may be written while something waits to be. Then the link is lost.
    pub write: Duration,
}

impl Limits {
    /// Frames of at most this size; ten seconds to connect, as tavernpy allows, and thirty to write.
    pub fn new(frame: usize) -> Self {
        Self {
            frame,
            connect: Duration::from_secs(10),
            write: WRITE,
        }
    }

    /// With another time allowed for connecting.
    #[must_use]
    pub fn connect(mut self, within: Duration) -> Self {
        self.connect = within;
        self
    }

    /// With another time allowed for writing.
    #[must_use]
    pub fn write(mut self, within: Duration) -> Self {
        self.write = within;
        self
    }
}

/// An open websocket, to be handed to [`Links`](crate::Links).
pub struct WebSocket {
    stream: WebSocketStream<ReadAhead<BoxIo>>,
    limits: Limits,
}

impl WebSocket {
    /// Dials `address` and shakes hands, sending these headers beside the usual ones. User and password of the address are sent
    /// as `Authorization: Basic`; they take the place of such a header.
    ///
    /// # Errors
    ///
    /// See [`DialError`]. A status other than 101 is [`DialError::Rejected`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the connection.
    pub async fn connect(
        dialer: &dyn Dial,
        address: &Url,
        headers: HeaderMap,
        limits: Limits,
    ) -> Result<Self, DialError> {
        let opening = async {
            let io = dialer.dial(address).await?;
            Self::shake_hands(io, address, headers, limits).await
        };
        tokio::time::timeout(limits.connect, opening)
            .await
            .map_err(|_| DialError::TimedOut {
                after: limits.connect,
                proxy: dialer.proxy(address),
            })?
    }

    async fn shake_hands(
        io: BoxIo,
        address: &Url,
        headers: HeaderMap,
        limits: Limits,
    ) -> Result<Self, DialError> {
        let mut request = without_credentials(address)
            .as_str()
            .into_client_request()
            .map_err(|error| DialError::Handshake {
                reason: error.to_string(),
            })?;
        request.headers_mut().extend(headers);
        if let Some(basic) = basic_authorization(address) {
            request.headers_mut().insert(AUTHORIZATION, basic);
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(READ)
            .write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(limits.frame))
            .max_frame_size(Some(limits.frame));
        let io = ReadAhead::new(io);
        match client_async_with_config(request, io, Some(config)).await {
            Ok((mut stream, _)) => {
                stream.get_mut().begin_frames(limits.frame);
                Ok(Self { stream, limits })
            }
            Err(WsError::Http(response)) => Err(DialError::Rejected {
                status: response.status().as_u16(),
                retry_after: retry_after(response.headers(), SystemTime::now()),
            }),
            Err(WsError::Io(source)) => Err(DialError::Connect {
                address: shown(address),
                source,
            }),
            Err(error) => Err(DialError::Handshake {
                reason: error.to_string(),
            }),
        }
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").finish_non_exhaustive()
    }
}

/// What one link reports.
#[derive(Debug)]
pub(crate) enum Pumped {
    Text(RawFrame, ReadAt),
    Binary(usize),
    /// Something else arrived: a ping, a pong, a part of a frame.
    Heard,
    /// The frame sent under this tag was handed to the socket.
    Written(u64),
    /// The frame queued under this tag was not sent, since whoever wanted it is gone.
    Skipped(u64),
    Lost(Lost),
}

#[derive(Debug)]
enum Outgoing {
    Text {
        text: Utf8Bytes,
        tag: Option<u64>,
        owner: Option<Weak<()>>,
    },
    Ping,
    Pong(Vec<u8>),
}

/// One websocket being pumped: writing never holds up reading, and reading never holds up writing.
pub(crate) struct Link {
    socket: WebSocket,
    outgoing: VecDeque<Outgoing>,
    reports: VecDeque<Pumped>,
    unflushed: bool,
    /// Rings when nothing could be written for too long.
    stuck: Option<Pin<Box<Sleep>>>,
    /// Why nothing can be written any more. What had arrived before is still read.
    failed: Option<Lost>,
    /// When anything was read last.
    read_at: ReadAt,
}

impl Link {
    pub(crate) fn new(socket: WebSocket) -> Self {
        Self {
            socket,
            outgoing: VecDeque::new(),
            reports: VecDeque::new(),
            unflushed: false,
            stuck: None,
            failed: None,
            read_at: ReadAt::now(),
        }
    }

    pub(crate) fn send(&mut self, text: String, tag: Option<u64>, owner: Option<Weak<()>>) {
        let text = text.into();
        self.outgoing.push_back(Outgoing::Text { text, tag, owner });
    }

    pub(crate) fn ping(&mut self) {
        self.outgoing.push_back(Outgoing::Ping);
    }

    /// Takes a frame back that was not yet handed to the socket.
    pub(crate) fn recall(&mut self, wanted: u64) -> bool {
        let before = self.outgoing.len();
        self.outgoing.retain(
            |outgoing| !matches!(outgoing, Outgoing::Text { tag: Some(tag), .. } if *tag == wanted),
        );
        self.outgoing.len() < before
    }

    /// What is already known of a frame, without reading or writing.
    pub(crate) fn report(&mut self) -> Option<Pumped> {
        self.reports.pop_front()
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Pumped> {
        if self.failed.is_none() {
            self.failed = self.write(cx).err();
        }
        // Before a loss is told, so that its owner knows of every frame whether it may have been sent.
        if let Some(report) = self.reports.pop_front() {
            return Poll::Ready(report);
        }
        if self.failed.is_none() && self.is_stuck(cx) {
            return Poll::Ready(Pumped::Lost(Lost::Unwritable(self.socket.limits.write)));
        }
        let message = self.socket.stream.poll_next_unpin(cx);
        // Whatever is reported says that something was heard.
        let heard = self.socket.stream.get_mut().take_heard();
        if heard {
            self.read_at = ReadAt::now();
        }
        if self.answer_ping() {
            // It is written when the link is polled next.
            cx.waker().wake_by_ref();
        }
        let Poll::Ready(message) = message else {
            return match self.failed.take() {
                Some(lost) => Poll::Ready(Pumped::Lost(lost)),
                None if heard => Poll::Ready(Pumped::Heard),
                None => Poll::Pending,
            };
        };
        Poll::Ready(match message {
            Some(Ok(Message::Text(text))) => {
                Pumped::Text(RawFrame::from(text.as_str()), self.read_at)
            }
            Some(Ok(Message::Binary(bytes))) => Pumped::Binary(bytes.len()),
            // Pings do not come through, and a raw frame is never read.
            Some(Ok(Message::Pong(_) | Message::Ping(_) | Message::Frame(_))) => Pumped::Heard,
            Some(Ok(Message::Close(frame))) => Pumped::Lost(closed_by(frame)),
            Some(Err(error)) => Pumped::Lost(self.why_lost(error)),
            None => Pumped::Lost(Lost::Broken(None)),
        })
    }

    /// Queues the answer to the last ping, if one has come. Those before need none: of many that wait, one is left.
    fn answer_ping(&mut self) -> bool {
        let Some(payload) = self.socket.stream.get_mut().take_ping() else {
            return false;
        };
        let waiting = self
            .outgoing
            .iter_mut()
            .find_map(|outgoing| match outgoing {
                Outgoing::Pong(waiting) => Some(waiting),
                _ => None,
            });
        match waiting {
            Some(waiting) => *waiting = payload,
            None => self.outgoing.push_front(Outgoing::Pong(payload)),
        }
        true
    }

    /// Whether something waits to be written and nothing could be for too long.
    fn is_stuck(&mut self, cx: &mut Context<'_>) -> bool {
        let wrote = self.socket.stream.get_mut().take_wrote();
        if self.outgoing.is_empty() && !self.unflushed {
            self.stuck = None;
            return false;
        }
        if wrote {
            self.stuck = None;
        }
        let within = self.socket.limits.write;
        let stuck = self
            .stuck
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(within)));
        stuck.as_mut().poll(cx).is_ready()
    }

    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), Lost> {
        while let Some(next) = self.outgoing.front() {
            match self.socket.stream.poll_ready_unpin(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(ready) => ready.map_err(|error| self.why_lost(error))?,
            }
            let (message, tag) = match next {
                Outgoing::Text {
                    tag: Some(tag),
                    owner: Some(owner),
                    ..
                } if owner.strong_count() == 0 => {
                    self.reports.push_back(Pumped::Skipped(*tag));
                    self.outgoing.pop_front();
                    continue;
                }
                Outgoing::Text { text, tag, .. } => (Message::Text(text.clone()), *tag),
                Outgoing::Ping => (Message::Ping(bytes::Bytes::new()), None),
                Outgoing::Pong(payload) => (Message::Pong(payload.clone().into()), None),
            };
            self.outgoing.pop_front();
            self.unflushed = true;
            // From here on the frame may reach the server, whatever the send returns.
            self.reports.extend(tag.map(Pumped::Written));
            self.socket
                .stream
                .start_send_unpin(message)
                .map_err(|error| self.why_lost(error))?;
        }
        if self.unflushed {
            match self.socket.stream.poll_flush_unpin(cx) {
                Poll::Pending => {}
                Poll::Ready(flushed) => {
                    flushed.map_err(|error| self.why_lost(error))?;
                    self.unflushed = false;
                }
            }
        }
        Ok(())
    }

    fn why_lost(&self, error: WsError) -> Lost {
        match error {
            WsError::Capacity(CapacityError::MessageTooLong { .. }) => Lost::Oversize {
                limit: self.socket.limits.frame,
            },
            WsError::Utf8(_) => Lost::InvalidUtf8,
            WsError::Protocol(
                tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )
            | WsError::ConnectionClosed
            | WsError::AlreadyClosed => Lost::Broken(None),
            WsError::Io(error) => Lost::Broken(Some(Arc::new(error))),
            other => Lost::Protocol(other.to_string()),
        }
    }

    /// Says goodbye and waits for the answer; for at most `within`.
    pub(crate) async fn close(
        mut self: Box<Self>,
        code: u16,
        reason: &'static str,
        within: Duration,
    ) {
        let frame = CloseFrame {
            code: CloseCode::from(code),
            reason: reason.into(),
        };
        let goodbye = async {
            if self.socket.stream.close(Some(frame)).await.is_ok() {
                // What arrives now was given up; reading on completes the handshake.
                while let Some(Ok(_)) = self.socket.stream.next().await {}
            }
        };
        // A server that is gone or does not answer is left alone.
        let _ = tokio::time::timeout(within, goodbye).await;
    }

    /// Completes a close handshake that either side began; for at most `within`.
    pub(crate) async fn end(mut self: Box<Self>, within: Duration) {
        // What arrives now was given up; reading on completes the handshake.
        let rest = async { while let Some(Ok(_)) = self.socket.stream.next().await {} };
        let _ = tokio::time::timeout(within, rest).await;
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("outgoing", &self.outgoing.len())
            .finish_non_exhaustive()
    }
}

fn closed_by(frame: Option<CloseFrame>) -> Lost {
    match frame {
        Some(frame) => Lost::Closed {
            code: frame.code.into(),
            reason: frame.reason.to_string(),
        },
        None => Lost::Closed {
            code: 1005,
            reason: String::new(),
        },
    }
}
