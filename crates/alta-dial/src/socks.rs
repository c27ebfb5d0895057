//! A connection through a SOCKS 5 proxy (RFC 1928), with user and password (RFC 1929).

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

/// Asks the proxy at the other end of `io` for a connection to `host`, which it looks up if it is a name.
///
/// # Errors
///
/// If it refuses, or says what is no answer.
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
            PASSWORD => "it takes no user and password",
            _ => "it asks for a user and a password",
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
    // Where it connected from, which is of no interest.
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
    u8::try_from(text.len())
        .map_err(|_| refused("a name of more than 255 bytes cannot be told to it"))
}

fn reason(status: u8) -> &'static str {
    match status {
        2 => "its rules do not allow the connection",
        3 => "it finds the network unreachable",
        4 => "it finds the host unreachable",
        5 => "the connection was refused there",
        6 => "the connection took too long there",
        7 => "it opens no connections",
        8 => "it knows no addresses of that kind",
        _ => "it failed to connect",
    }
}

fn not_socks() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "what it answered is not SOCKS 5; is it a proxy of another kind?",
    )
}

fn refused(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, reason)
}
