//! The relay: a client with a short-lived token of ours gets a connection to a real console, whose own token it never sees.

pub(super) mod command;
mod session;
#[cfg(test)]
mod tests;

use super::host::{PrivateCloud, Refused};
use alta_cloud::Host as _;
use command::refusal;
use futures_util::{SinkExt as _, StreamExt as _};
use pytale::console::Access as _;
use pytale::model::Secret;
use session::Session;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::server::{
    Callback, ErrorResponse, Request, Response,
};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config, client_async_with_config};

/// The timeout of the handshake, of the token, and of opening the real console.
const LOGIN: Duration = Duration::from_secs(10);

/// The time that a client has to reply to a close frame.
const CLOSING: Duration = Duration::from_secs(1);

/// The largest frame of a client. The longest known commands are save strings of some hundred KiB.
const FROM_CLIENT: usize = 1024 * 1024;

/// The largest frame of a server. Clients accept as much.
const FROM_SERVER: usize = 64 * 1024 * 1024;

/// The size of the buffers of a connection.
const BUFFER: usize = 16 * 1024;

/// The most bytes that wait for a slow client besides the frame that is being written.
const WAITING: usize = 4 * 1024 * 1024;

fn limits(largest: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(WAITING.max(largest) + BUFFER)
        .max_message_size(Some(largest))
        .max_frame_size(Some(largest))
}

/// Serves one client of the consoles, from the handshake to the end of its connection.
pub(crate) async fn serve<S>(cloud: &Arc<PrivateCloud>, io: S, peer: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let accepting = accept_hdr_async_with_config(io, Signed(cloud), Some(limits(FROM_CLIENT)));
    let Ok(Ok(mut client)) = timeout(LOGIN, accepting).await else {
        return;
    };
    let Ok(Some(token)) = timeout(LOGIN, token(&mut client)).await else {
        return;
    };
    let (who, account) = match cloud.console_client(&token) {
        Ok(found) => found,
        Err(Refused(reason)) => {
            tracing::warn!("a console is refused to {}: {reason}", peer.ip());
            let _ = client.send(Message::text(refusal(reason))).await;
            close(&mut client, CloseCode::Policy, reason).await;
            return;
        }
    };
    drop(token);
    let opened = match timeout(LOGIN, open(cloud, who.server_id)).await {
        Ok(opened) => opened,
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
    };
    let (server, token) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            tracing::warn!("the console of {} cannot be opened: {error}", who.server);
            close(
                &mut client,
                CloseCode::Again,
                "the server cannot be reached",
            )
            .await;
            return;
        }
    };
    let audit = cloud.audit();
    audit.connection(&who, "connected", &peer.ip().to_string());
    let session = Session {
        cloud,
        who: &who,
        account: &account,
        token,
    };
    let end = session.run(&mut client, server).await;
    audit.connection(&who, "disconnected", end.reason());
    if let Some((code, reason)) = end.close() {
        close(&mut client, code, &reason).await;
    }
}

/// Adds the name of the service to the reply of a handshake.
struct Signed<'a>(&'a PrivateCloud);

impl Callback for Signed<'_> {
    fn on_request(self, _: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        self.0.env().sign(response.headers_mut());
        Ok(response)
    }
}

/// The first text frame of a client.
async fn token<S>(client: &mut WebSocketStream<S>) -> Option<String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match client.next().await? {
            Ok(Message::Text(text)) => return Some(text.trim().to_owned()),
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            _ => return None,
        }
    }
}

/// Opens the real console and sends its token.
async fn open(
    cloud: &PrivateCloud,
    server: u64,
) -> io::Result<(WebSocketStream<TcpStream>, Secret)> {
    let access = cloud.access(server).ok_or(io::ErrorKind::NotFound)?;
    let access = access.access().await.map_err(io::Error::other)?;
    let host = access.url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = access.url.port_or_known_default().unwrap_or_default();
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let request = access.url.as_str();
    let opening = client_async_with_config(request, stream, Some(limits(FROM_SERVER)));
    let (mut console, _) = opening.await.map_err(without_details)?;
    let token = Message::text(access.token.expose().to_owned());
    console.send(token).await.map_err(without_details)?;
    Ok((console, access.token))
}

/// An error of the websocket, without the text of the server.
fn without_details(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::Http(response) => io::Error::other(format!("status {}", response.status())),
        error => io::Error::other(error),
    }
}

/// Sends a close frame, and waits a limited time for the client's.
async fn close<S>(client: &mut WebSocketStream<S>, code: CloseCode, reason: &str)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let frame = CloseFrame {
        code,
        // The longest reason of a close frame is 123 bytes.
        reason: reason[..reason.floor_char_boundary(120)].to_owned().into(),
    };
    let closing = async {
        if client.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = client.next().await {}
        }
    };
    let _ = timeout(CLOSING, closing).await;
}
