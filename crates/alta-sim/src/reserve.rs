use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpSocket;

/// The interval and the number of attempts: two seconds in all.
const INTERVAL: Duration = Duration::from_millis(10);
const ATTEMPTS: u32 = 200;

/// Reserves a port that was closed. A process that another thread is starting has a copy of the listening socket until it runs
/// its program, so the port can still be in use for a moment.
pub(crate) async fn reserve_when_free(address: IpAddr, port: u16) -> Option<TcpSocket> {
    for _ in 0..ATTEMPTS {
        if let Ok(socket) = reserve(address, port) {
            return Some(socket);
        }
        tokio::time::sleep(INTERVAL).await;
    }
    None
}

/// Reserves the closed port of a server that keeps its port: otherwise another program could get it as any free
/// port meanwhile. Connections to it are refused.
fn reserve(address: IpAddr, port: u16) -> std::io::Result<TcpSocket> {
    let socket = match address {
        IpAddr::V4(_) => TcpSocket::new_v4()?,
        IpAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Connections that have just ended still have the port. On Windows they do not prevent it.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((address, port)))?;
    Ok(socket)
}
