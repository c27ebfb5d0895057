//! One client on one console: frames both ways, unchanged.

use super::super::audit::Who;
use super::super::host::PrivateCloud;
use super::command::{CommandFrame, exception};
use crate::private_cloud::allowed::Allowed;
use alta_cloud::Host as _;
use alta_cloud::state::Account;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt as _, Sink, SinkExt as _, StreamExt as _};
use pytale::model::Secret;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// The longest time that writing to a peer may take.
const WRITE: Duration = Duration::from_secs(10);

/// The interval of pings to the client.
const PING: Duration = Duration::from_secs(30);

/// The time without any frame of the client after which its connection ends.
const SILENCE: Duration = Duration::from_secs(100);

/// The number of frames that are written before one flush.
const BATCH: usize = 64;

/// The number of refusals that wait to be written.
const REFUSALS: usize = 16;

/// The shortest time between two checks of the permission.
const RECHECK: Duration = Duration::from_millis(100);

/// The cause of a session's end.
#[derive(Debug)]
pub(super) enum End {
    /// The client closed the connection, or it was lost.
    Client,
    /// The server closed the connection, with this close frame, or it was lost.
    Server(Option<CloseFrame>),
    /// The client or the server accepted no bytes for too long.
    Slow(&'static str),
    /// The client sent something that the relay does not pass on.
    Invalid(&'static str),
    /// The account may not use the console anymore.
    Revoked(&'static str),
}

impl End {
    /// The reason in the audit log.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Client => "the client left",
            Self::Server(_) => "the server closed the connection",
            Self::Slow(reason) | Self::Invalid(reason) | Self::Revoked(reason) => reason,
        }
    }

    /// The close frame for the client. A lost connection to the server becomes a lost connection of the client.
    pub(super) fn close(self) -> Option<(CloseCode, String)> {
        match self {
            Self::Client | Self::Server(None) | Self::Slow(_) => None,
            Self::Server(Some(frame)) => Some((frame.code, frame.reason.as_str().to_owned())),
            Self::Invalid(reason) => Some((CloseCode::Unsupported, reason.to_owned())),
            Self::Revoked(reason) => Some((CloseCode::Policy, reason.to_owned())),
        }
    }
}

/// A client whose token was accepted.
pub(super) struct Session<'a> {
    pub(super) cloud: &'a PrivateCloud,
    pub(super) who: &'a Who,
    /// The account at the time of the login.
    pub(super) account: &'a Account,
    /// The token of the real console.
    pub(super) token: Secret,
}

type Client<S> = WebSocketStream<S>;
type Server = WebSocketStream<TcpStream>;

impl Session<'_> {
    /// Passes frames on until one side ends.
    pub(super) async fn run<S>(&self, client: &mut Client<S>, server: Server) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (to_client, from_client) = client.split();
        let (to_server, from_server) = server.split();
        let (refuse, refusals) = mpsc::channel(REFUSALS);
        let (heard, last_heard) = watch::channel(Instant::now());
        let (allow, allowed) = watch::channel(Allowed::default());
        if let Some(end) = self.recheck(&allow) {
            return end;
        }
        tokio::select! {
            end = self.up(from_client, to_server, refuse, allowed, heard) => end,
            end = self.down(from_server, to_client, refusals, last_heard) => end,
            end = self.watch_permission(&allow) => end,
        }
    }

    /// Passes on the frames of the client.
    async fn up<S>(
        &self,
        mut client: SplitStream<&mut Client<S>>,
        mut server: SplitSink<Server, Message>,
        refuse: mpsc::Sender<String>,
        allowed: watch::Receiver<Allowed>,
        heard: watch::Sender<Instant>,
    ) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        while let Some(Ok(message)) = client.next().await {
            heard.send_replace(Instant::now());
            let text = match message {
                Message::Text(text) => text,
                Message::Binary(_) => return End::Invalid("a console takes text frames only"),
                Message::Close(_) => return End::Client,
                _ => continue,
            };
            let frame = CommandFrame::parse(&text);
            let line = frame.as_ref().and_then(|frame| frame.line.as_deref());
            let line = line.unwrap_or(&text);
            let refused = allowed.borrow().check(frame.as_ref()).err();
            let audited = self.cloud.audit().command(self.who, line, refused);
            let reason = match (refused, audited) {
                (Some(reason), _) => reason.to_owned(),
                (None, Err(failure)) => format!("the audit log of this service fails: {failure}"),
                (None, Ok(())) => {
                    if let Some(end) = write(&mut server, Message::Text(text), "the server").await {
                        return end;
                    }
                    continue;
                }
            };
            let id = frame.as_ref().and_then(|frame| frame.id.as_ref());
            if refuse.send(exception(id, &reason)).await.is_err() {
                return End::Client;
            }
        }
        End::Client
    }

    /// Passes on the frames of the server, several with one flush if they arrive together.
    async fn down<S>(
        &self,
        mut server: SplitStream<Server>,
        mut client: SplitSink<&mut Client<S>, Message>,
        mut refusals: mpsc::Receiver<String>,
        last_heard: watch::Receiver<Instant>,
    ) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut pings = interval_at(Instant::now() + PING, PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut next = tokio::select! {
                biased;
                message = server.next() => message,
                Some(refusal) = refusals.recv() => Some(Ok(Message::text(refusal))),
                _ = pings.tick() => {
                    if last_heard.borrow().elapsed() > SILENCE {
                        return End::Slow("the client was silent");
                    }
                    Some(Ok(Message::Ping(bytes::Bytes::new())))
                }
            };
            let mut end = None;
            let mut fed = 0;
            loop {
                let message = match next {
                    Some(Ok(Message::Close(frame))) => {
                        end = Some(End::Server(frame));
                        break;
                    }
                    None | Some(Err(_)) => {
                        end = Some(End::Server(None));
                        break;
                    }
                    Some(Ok(message)) => message,
                };
                if self.may_pass(&message)
                    && let Some(end) = feed(&mut client, message).await
                {
                    return end;
                }
                fed += 1;
                if fed == BATCH {
                    break;
                }
                let Some(more) = server.next().now_or_never() else {
                    break;
                };
                next = more;
            }
            let flushed = timed(client.flush(), "the client").await;
            if let Some(end) = flushed.or(end) {
                return end;
            }
        }
    }

    /// Returns whether a message may reach the client. The token of the server must not.
    fn may_pass(&self, message: &Message) -> bool {
        let bytes = match message {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
            Message::Ping(bytes) => return bytes.is_empty(),
            _ => return false,
        };
        let has_token = memchr::memmem::find(bytes, self.token.expose().as_bytes()).is_some();
        if has_token {
            tracing::error!(
                "a frame of {} contains the server's token; it is not passed on",
                self.who.server
            );
        }
        !has_token
    }

    /// Ends when the account loses the permission.
    async fn watch_permission(&self, allow: &watch::Sender<Allowed>) -> End {
        let mut changes = self.cloud.env().changes();
        loop {
            if changes.changed().await.is_err() {
                return End::Revoked("the service ends");
            }
            if let Some(end) = self.recheck(allow) {
                return end;
            }
            sleep(RECHECK).await;
        }
    }

    fn recheck(&self, allow: &watch::Sender<Allowed>) -> Option<End> {
        match self.cloud.permission(self.who, self.account) {
            Ok(allowed) => {
                allow.send_if_modified(|old| {
                    let is_new = *old != allowed;
                    *old = allowed;
                    is_new
                });
                None
            }
            Err(refused) => Some(End::Revoked(refused.0)),
        }
    }
}

async fn feed<S: AsyncRead + AsyncWrite + Unpin>(
    client: &mut SplitSink<&mut Client<S>, Message>,
    message: Message,
) -> Option<End> {
    timed(client.feed(message), "the client").await
}

async fn write(
    sink: &mut (impl Sink<Message, Error = tokio_tungstenite::tungstenite::Error> + Unpin),
    message: Message,
    peer: &'static str,
) -> Option<End> {
    timed(sink.send(message), peer).await
}

/// Bounds the time of a write.
async fn timed<E>(writing: impl Future<Output = Result<(), E>>, peer: &'static str) -> Option<End> {
    let is_client = peer == "the client";
    match timeout(WRITE, writing).await {
        Ok(Ok(())) => None,
        Ok(Err(_)) if is_client => Some(End::Client),
        Ok(Err(_)) => Some(End::Server(None)),
        Err(_) if is_client => Some(End::Slow("the client was too slow")),
        Err(_) => Some(End::Slow("the server was too slow")),
    }
}
