//! A tunnel through an HTTP proxy (CONNECT).

use crate::proxy::ProxyServer;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The most bytes of a proxy's response.
const HEAD: usize = 16 * 1024;

/// The most header lines of the response.
const LINES: usize = 100;

/// Requests a connection to `target` (`host:port`) from the proxy at the other end of `io`.
///
/// # Errors
///
/// Fails if the proxy refuses or its response is invalid.
pub(crate) async fn open(
    io: &mut (impl AsyncRead + AsyncWrite + Unpin),
    proxy: &ProxyServer,
    target: &str,
) -> io::Result<()> {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(authorization) = &proxy.authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    io.write_all(&request).await?;
    io.flush().await?;
    match read_status(io).await? {
        200..=299 => Ok(()),
        407 => Err(refused(
            "it requires a user and a password, or refuses the given ones (status 407)".to_owned(),
        )),
        status => Err(refused(format!("it responded with status {status}"))),
    }
}

async fn read_status(io: &mut (impl AsyncRead + Unpin)) -> io::Result<u16> {
    let mut head = Vec::with_capacity(512);
    loop {
        // Reads no byte beyond the head: the following bytes come from the server.
        let byte = match io.read_u8().await {
            Ok(byte) => byte,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(refused("it closed the connection".to_owned()));
            }
            Err(error) => return Err(error),
        };
        head.push(byte);
        if byte == b'\n' && (head.ends_with(b"\r\n\r\n") || head.ends_with(b"\n\n")) {
            let mut headers = [httparse::EMPTY_HEADER; LINES];
            let mut response = httparse::Response::new(&mut headers);
            let parsed = response.parse(&head);
            let status = response.code.filter(|_| parsed.is_ok());
            return status.ok_or_else(not_http);
        }
        if head.len() == HEAD || head.len() == 5 && !head.starts_with(b"HTTP/") {
            return Err(not_http());
        }
    }
}

fn not_http() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "its response is not HTTP; is it another type of proxy?",
    )
}

fn refused(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, reason)
}
