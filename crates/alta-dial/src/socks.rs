//! Connections through a SOCKS 5 proxy (RFC 1928), with user and password (RFC 1929).

use crate::proxy::ProxyServer;
use std::io;
use std::net::IpAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// Requests a connection to `host` from the proxy at the other end of `io`. The proxy resolves a name.
///
/// # Errors
///
/// Fails if the proxy refuses or its reply is invalid.
pub(crate) async fn open(
    io: &mut (impl AsyncRead + AsyncWrite + Unpin),
    proxy: &ProxyServer,
    host: &str,
    port: u16,
) -> io::Result<()> {
    let method = match &proxy.credentials {
        Some(_) => PASSWORD,
        None => NO_AUTHENTICATION,
    };
    send(io, &[VERSION, 1, method]).await?;
    let [version, chosen] = read(io).await?;
    if version != VERSION {
        return Err(not_socks());
    }
    if chosen != method {
        return Err(refused(match method {
            PASSWORD => "it does not accept a user and a password",
            _ => "it requires a user and a password",
        }));
    }
    if let Some((user, password)) = &proxy.credentials {
        let mut login = vec![1];
        for text in [user, password] {
            login.push(length(text)?);
            login.extend_from_slice(text);
        }
        send(io, &login).await?;
        let [_, status] = read(io).await?;
        if status != 0 {
            return Err(refused("it refuses the user and the password"));
        }
    }
    let mut request = vec![VERSION, CONNECT, 0];
    match host.parse() {
        Ok(IpAddr::V4(ip)) => {
            request.push(IPV4);
            request.extend_from_slice(&ip.octets());
        }
        Ok(IpAddr::V6(ip)) => {
            request.push(IPV6);
            request.extend_from_slice(&ip.octets());
        }
        Err(_) => {
            request.push(NAME);
            request.push(length(host.as_bytes())?);
            request.extend_from_slice(host.as_bytes());
        }
    }
    request.extend_from_slice(&port.to_be_bytes());
    send(io, &request).await?;
    let [version, status, _, kind] = read(io).await?;
    if version != VERSION {
        return Err(not_socks());
    }
    if status != 0 {
        return Err(refused(reason(status)));
    }
    // The address from which it connected; not needed.
    let rest = match kind {
        IPV4 => 4 + 2,
        IPV6 => 16 + 2,
        NAME => usize::from(read::<1>(io).await?[0]) + 2,
        _ => return Err(not_socks()),
    };
    io.read_exact(&mut vec![0; rest]).await?;
    Ok(())
}

async fn send(io: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    io.write_all(bytes).await?;
    io.flush().await
}

async fn read<const N: usize>(io: &mut (impl AsyncRead + Unpin)) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    match io.read_exact(&mut bytes).await {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(refused("it closed the connection"))
        }
        Err(error) => Err(error),
    }
}

fn length(text: &[u8]) -> io::Result<u8> {
    u8::try_from(text.len()).map_err(|_| refused("a name must have at most 255 bytes"))
}

fn reason(status: u8) -> &'static str {
    match status {
        2 => "its rules do not allow the connection",
        3 => "it finds the network unreachable",
        4 => "it finds the host unreachable",
        5 => "the target refused the connection",
        6 => "the connection to the target timed out",
        7 => "it does not support connections",
        8 => "it does not support this type of address",
        _ => "it failed to connect",
    }
}

fn not_socks() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "its reply is not SOCKS 5; is it another type of proxy?",
    )
}

fn refused(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, reason)
}
