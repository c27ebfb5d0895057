use super::observer::Observer;
use crate::dial::{BoxIo, Dial, DialError, WithoutSecrets};
use alta_dial::{basic_authorization, retry_after, without_credentials};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};
use std::{fmt, io};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use url::Url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// As long as the timeout of a command or a request: after it no caller waits for an unwritten frame.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// The configuration of one connection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LinkConfig {
    /// The size of the largest accepted message, in bytes. A larger one ends the connection.
    pub max_frame: usize,
    /// The timeout for dialing, TLS and the websocket handshake together. 10 s by default, as in tavernpy.
    pub connect_timeout: Duration,
    /// The longest time in which the socket takes no bytes although some wait. Then the connection is lost. 30 s by default.
    pub write_timeout: Duration,
    /// The observer of the text frames. None by default.
    pub observer: Option<Observer>,
}

impl LinkConfig {
    /// The defaults, with messages of at most this size.
    pub fn new(max_frame: usize) -> Self {
        Self {
            max_frame,
            connect_timeout: CONNECT_TIMEOUT,
            write_timeout: WRITE_TIMEOUT,
            observer: None,
        }
    }

    /// With another [`connect_timeout`](Self#structfield.connect_timeout).
    #[must_use]
    pub fn connect_timeout(mut self, within: Duration) -> Self {
        self.connect_timeout = within;
        self
    }

    /// With another [`write_timeout`](Self#structfield.write_timeout).
    #[must_use]
    pub fn write_timeout(mut self, within: Duration) -> Self {
        self.write_timeout = within;
        self
    }

    /// With an [`observer`](Self#structfield.observer), or none.
    #[must_use]
    pub fn observer(mut self, observer: Option<Observer>) -> Self {
        self.observer = observer;
        self
    }
}

/// An open websocket, for [`Links`](crate::Links).
pub struct WebSocket {
    pub(super) io: BoxIo,
    /// Bytes after the handshake that arrived with it.
    pub(super) early: Vec<u8>,
    pub(super) config: LinkConfig,
}

impl WebSocket {
    /// Dials `address` and performs the websocket handshake with these headers and the usual ones. User and password of the
    /// address are sent as `Authorization: Basic`, and replace such a header.
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
        config: LinkConfig,
    ) -> Result<Self, DialError> {
        let connect_timeout = config.connect_timeout;
        let opening = async {
            let io = dialer.dial(address).await?;
            Self::shake_hands(io, address, headers, config).await
        };
        tokio::time::timeout(connect_timeout, opening)
            .await
            .map_err(|_| DialError::TimedOut {
                after: connect_timeout,
                proxy: dialer.proxy(address),
            })?
    }

    async fn shake_hands(
        io: BoxIo,
        address: &Url,
        headers: HeaderMap,
        config: LinkConfig,
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
        // The library reads and writes no frame, so its buffers stay unused.
        let unused = WebSocketConfig::default()
            .read_buffer_size(0)
            .write_buffer_size(0);
        match client_async_with_config(request, Head::new(io), Some(unused)).await {
            Ok((stream, _)) => {
                let Head { io, early, .. } = stream.into_inner();
                Ok(Self { io, early, config })
            }
            Err(WsError::Http(response)) => Err(DialError::Rejected {
                status: response.status().as_u16(),
                retry_after: retry_after(response.headers(), SystemTime::now()),
            }),
            Err(WsError::Io(source)) => Err(DialError::Connect {
                address: WithoutSecrets(address).to_string(),
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

/// A connection during the handshake: it yields the head of the response and keeps the bytes after it, which are frames.
struct Head<T> {
    io: T,
    /// The length of the present line.
    line: usize,
    is_over: bool,
    early: Vec<u8>,
}

impl<T> Head<T> {
    fn new(io: T) -> Self {
        Self {
            io,
            line: 0,
            is_over: false,
            early: Vec::new(),
        }
    }

    /// The number of bytes that belong to the head.
    fn length_of_head(&mut self, bytes: &[u8]) -> usize {
        for (index, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' if self.line == 0 => {
                    self.is_over = true;
                    return index + 1;
                }
                b'\n' => self.line = 0,
                b'\r' => {}
                _ => self.line += 1,
            }
        }
        bytes.len()
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Head<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        // A response that is not a handshake may have a body.
        if this.is_over && !this.early.is_empty() {
            let count = this.early.len().min(buf.remaining());
            buf.put_slice(&this.early[..count]);
            this.early.drain(..count);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.io).poll_read(cx, buf))?;
        if !this.is_over {
            let read = &buf.filled()[before..];
            let head = this.length_of_head(read);
            this.early.extend_from_slice(&read[head..]);
            buf.set_filled(before + head);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Head<T> {
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
}
