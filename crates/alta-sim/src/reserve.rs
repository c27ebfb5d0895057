use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpSocket;

/// The interval and the number of attempts: two seconds in all.
const INTERVAL: Duration = Duration::from_millis(10);
const ATTEMPTS: u32 = 200;

/// Reserves a port that was closed. A process that another thread is starting has a copy of the listening socket until it runs
/// its program, so the port can still be in use for a moment.
pub(crate) async fn reserve_when_free(port: u16) -> Option<TcpSocket> {
    for _ in 0..ATTEMPTS {
        if let Ok(socket) = reserve(port) {
            return Some(socket);
        }
        tokio::time::sleep(INTERVAL).await;
    }
    None
}

/// Reserves the closed port of a self-hosted server, which keeps its port: otherwise another program could get it as any free
/// port meanwhile. Connections to it are refused.
fn reserve(port: u16) -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections that have just ended still have the port. On Windows they do not prevent it.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    Ok(socket)
}
