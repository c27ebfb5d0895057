//! The protocol that a port speaks.

use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The largest part of a reply that is read.
const LARGEST: usize = 16 * 1024;

/// The longest pause before the first bytes of a reply. A server that needs more is silent.
const SILENCE: Duration = Duration::from_secs(3);

/// The protocol of a port, by the reply to a request for a websocket.
#[derive(Debug, PartialEq)]
pub(super) enum Speaks {
    Websocket,
    /// With the status line.
    Http(String),
    Tls,
    Ssh,
    /// Anything else, from its beginning.
    Other(Vec<u8>),
    Silence,
    /// The connection was closed without a reply.
    Nothing,
}

impl Speaks {
    /// The sentence for a port that is not the expected one.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Websocket => "it speaks websocket".to_owned(),
            Self::Http(status) => format!("it is a web server: {status}"),
            Self::Tls => "it speaks TLS".to_owned(),
            Self::Ssh => "it is an SSH server".to_owned(),
            Self::Other(bytes) => format!(
                "it speaks another protocol, which begins with {:?}",
                String::from_utf8_lossy(&bytes[..bytes.len().min(40)])
            ),
            Self::Silence => "it accepts connections and sends nothing".to_owned(),
            Self::Nothing => "it closes connections at once".to_owned(),
        }
    }
}

/// Opens a connection. The host is a name or an address, an IPv6 address without brackets.
pub(super) async fn connect(host: &str, port: u16, limit: Duration) -> io::Result<TcpStream> {
    let connected = timeout(limit, TcpStream::connect((host, port))).await;
    connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// The cause of a failed connection, with the next step.
pub(super) fn cause(error: &io::Error) -> (String, &'static str) {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => (
            "nothing listens there".to_owned(),
            "start the server, or correct the port",
        ),
        io::ErrorKind::TimedOut => (
            "no reply to the connection".to_owned(),
            "open the port in the firewall, or correct the host",
        ),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => (
            error.to_string(),
            "check the network between this machine and the server",
        ),
        _ => (error.to_string(), "correct the host"),
    }
}

/// Requests a websocket and classifies the reply.
pub(super) async fn speaks(host: &str, port: u16, limit: Duration) -> io::Result<Speaks> {
    let name = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGFsZSBkb2N0b3IgcHJvYg==\r\n\r\n"
    );
    let is_complete = |reply: &[u8]| reply.contains(&b'\n') || reply.len() >= 64;
    let reply = exchange(host, port, request.as_bytes(), limit, is_complete).await?;
    Ok(match reply {
        Reply::Silence => Speaks::Silence,
        Reply::Closed => Speaks::Nothing,
        Reply::Bytes(bytes) => classified(bytes),
    })
}

fn classified(bytes: Vec<u8>) -> Speaks {
    match bytes.as_slice() {
        // An alert or a handshake.
        [0x15 | 0x16, 0x03, ..] => Speaks::Tls,
        [b'S', b'S', b'H', b'-', ..] => Speaks::Ssh,
        [b'H', b'T', b'T', b'P', b'/', ..] => {
            let text = String::from_utf8_lossy(&bytes);
            let status = text.lines().next().unwrap_or_default().trim().to_owned();
            if status.split(' ').nth(1) == Some("101") {
                Speaks::Websocket
            } else {
                Speaks::Http(status)
            }
        }
        _ => Speaks::Other(bytes),
    }
}

/// The reply to a request.
#[derive(Debug)]
pub(super) enum Reply {
    Bytes(Vec<u8>),
    Silence,
    Closed,
}

/// Sends a request over a new connection, and reads until the reply is complete, ends or pauses.
pub(super) async fn exchange(
    host: &str,
    port: u16,
    request: &[u8],
    limit: Duration,
    is_complete: impl Fn(&[u8]) -> bool,
) -> io::Result<Reply> {
    let mut stream = connect(host, port, limit).await?;
    // A server that closes at once can fail the request, and its reply can still be read.
    let _ = timeout(limit, stream.write_all(request)).await;
    let mut reply = Vec::new();
    let mut chunk = [0; 1_024];
    while reply.len() < LARGEST && !is_complete(&reply) {
        match timeout(limit.min(SILENCE), stream.read(&mut chunk)).await {
            Ok(Ok(read @ 1..)) => reply.extend_from_slice(&chunk[..read]),
            Ok(_) if reply.is_empty() => return Ok(Reply::Closed),
            Err(_) if reply.is_empty() => return Ok(Reply::Silence),
            _ => break,
        }
    }
    Ok(Reply::Bytes(reply))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_known_by_its_first_bytes() {
        let of = |bytes: &[u8]| classified(bytes.to_vec());
        assert_eq!(
            of(b"HTTP/1.1 101 Switching Protocols\r\n"),
            Speaks::Websocket
        );
        assert_eq!(
            of(b"HTTP/1.1 404 Not Found\r\n\r\n101"),
            Speaks::Http("HTTP/1.1 404 Not Found".to_owned())
        );
        assert_eq!(of(b"\x15\x03\x01\x00\x02\x02\x46"), Speaks::Tls);
        assert_eq!(of(b"SSH-2.0-OpenSSH\r\n"), Speaks::Ssh);
        assert_eq!(of(b"{}"), Speaks::Other(b"{}".to_vec()));
    }
}
