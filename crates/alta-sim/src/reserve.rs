use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::TcpSocket;

/// Reserves the closed port of a self-hosted server, which keeps its port: otherwise another program could get it as any free
/// port meanwhile. Connections to it are refused.
pub(crate) fn reserve(port: u16) -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections that have just ended still have the port. On Windows they do not prevent it.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    Ok(socket)
}
