//! The ports of the services, and the connections that they accept.

use crate::console;
use crate::error::{Error, ErrorKind};
use crate::shared::Shared;
use crate::state::Listening;
use crate::tls::Tls;
use alta_cloud::net::{Admission, BoxIo, Env};
use alta_cloud::state::Cloud;
use alta_cloud::{Host, NoFile, rest, socket};
use jiff::Timestamp;
use std::net::{IpAddr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket};

/// The number of connections that wait to be accepted, as the standard library sets it.
const BACKLOG: u32 = 128;

/// The ports of the cloud's services.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    pub(crate) http: u16,
    pub(crate) socket: u16,
    #[cfg(feature = "tls")]
    pub(crate) certificate: Option<Arc<[u8]>>,
    #[cfg(feature = "tls")]
    pub(crate) pem: Option<Arc<str>>,
    pub(crate) tls: bool,
    /// The host in addresses.
    pub(crate) host: Arc<str>,
}

/// The service of a port.
#[derive(Clone, Copy, Debug)]
enum Destination {
    Http,
    MainSocket,
    Console(u64),
}

/// Opens the ports of HTTP and the main websocket.
pub(crate) fn open(shared: &Arc<Shared>) -> Result<Endpoints, Error> {
    let port = shared.config.port;
    let next = if port == 0 { 0 } else { port.saturating_add(1) };
    let name = shared.config.advertised();
    let host = host_in_address(&name)?;
    let tls = Tls::new(&shared.config.certificate, &name)?;
    let http = listen(shared, port, Destination::Http, &tls)?.port;
    let socket = listen(shared, next, Destination::MainSocket, &tls)?.port;
    shared.with(|state, _| state.world.cloud.http_port = http);
    Ok(Endpoints {
        http,
        socket,
        tls: tls.is_used(),
        #[cfg(feature = "tls")]
        certificate: tls.certificate,
        #[cfg(feature = "tls")]
        pem: tls.pem,
        host: host.into(),
    })
}

/// A host as an address has it: an IPv6 address in brackets.
fn host_in_address(host: &str) -> Result<String, Error> {
    match host.parse() {
        Ok(IpAddr::V6(address)) => return Ok(format!("[{address}]")),
        Ok(IpAddr::V4(_)) => return Ok(host.to_owned()),
        Err(_) => {}
    }
    let is_allowed = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
    if !host.is_empty() && host.chars().all(is_allowed) {
        return Ok(host.to_owned());
    }
    let doing = format!("advertising {host:?}");
    Err(Error::new(ErrorKind::Invalid, doing)
        .detail("it is no host name and no IP address, without a port"))
}

/// Opens the console port of a server and marks the server as online. Does nothing if the port is open.
pub(crate) fn start_server(shared: &Arc<Shared>, server: u64) -> Result<(), Error> {
    let port = shared.with(|state, _| {
        let found = state.world.cloud.servers.get(&server)?;
        let kept = state.first_ports.get(&server).copied();
        let kept = kept.filter(|_| found.is_self_hosted() || state.fixed_ports.contains(&server));
        let is_closed = !state.listening.contains_key(&server);
        is_closed.then(|| kept.unwrap_or_else(|| state.take_port()))
    });
    let Some(port) = port else { return Ok(()) };
    let reserved = shared.with(|state, _| state.reserved.remove(&server));
    let open = match reserved {
        Some(socket) => reopen(shared, port, socket, server)?,
        None => listen(shared, port, Destination::Console(server), &Tls::default())?,
    };
    shared.with(|state, now| {
        state.first_ports.entry(server).or_insert(open.port);
        if let Some(found) = state.world.cloud.servers.get_mut(&server) {
            found.console_port = Some(open.port);
        }
        state.listening.insert(server, open);
        state.world.set_online(server, true, now);
    });
    Ok(())
}

fn listen(shared: &Arc<Shared>, port: u16, to: Destination, tls: &Tls) -> Result<Listening, Error> {
    let failed =
        |source| Error::new(ErrorKind::Listen, format!("listening on port {port}")).because(source);
    let listener = bind(shared, port).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    Ok(serve_port(shared, port, listener, to, tls))
}

/// Opens the port of a self-hosted server again.
fn reopen(
    shared: &Arc<Shared>,
    port: u16,
    socket: TcpSocket,
    server: u64,
) -> Result<Listening, Error> {
    let _runtime = shared.env.tasks.runtime().enter();
    let listener = socket.listen(BACKLOG).map_err(|source| {
        Error::new(ErrorKind::Listen, format!("listening on port {port}")).because(source)
    })?;
    let to = Destination::Console(server);
    Ok(serve_port(shared, port, listener, to, &Tls::default()))
}

fn serve_port(
    shared: &Arc<Shared>,
    port: u16,
    listener: TcpListener,
    to: Destination,
    tls: &Tls,
) -> Listening {
    let stop = shared.env.tasks.child_token();
    let accepting = accept(Arc::clone(shared), listener, to, tls.clone());
    let stopping = stop.clone();
    let task = shared.env.tasks.spawn(async move {
        let _ = stopping.run_until_cancelled_owned(accepting).await;
    });
    Listening::new(port, stop, task)
}

fn bind(shared: &Shared, port: u16) -> std::io::Result<TcpListener> {
    let _runtime = shared.env.tasks.runtime().enter();
    let address = SocketAddr::from((shared.config.listen, port));
    let listener = StdListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

async fn accept(shared: Arc<Shared>, listener: TcpListener, to: Destination, tls: Tls) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Most likely the process has no free descriptors; other connections must end first.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        let Some(admission) = shared.env.admit(Some(peer.ip())) else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        let serving = Arc::clone(&shared);
        shared.env.tasks.spawn(async move {
            if let Some(io) = tls.accept(stream).await {
                serve(&serving, io, admission, to).await;
            }
        });
    }
}

async fn serve(shared: &Arc<Shared>, io: BoxIo, admission: Admission, to: Destination) {
    match to {
        Destination::Http => rest::serve(shared, io, admission).await,
        Destination::MainSocket => socket::serve(shared, io, admission).await,
        Destination::Console(server) => console::serve(shared, server, io).await,
    }
}

impl Host for Shared {
    fn env(&self) -> &Env {
        &self.env
    }

    fn with_cloud<T>(&self, work: impl FnOnce(&mut Cloud, Timestamp) -> T) -> T {
        self.with(|state, now| work(&mut state.world.cloud, now))
    }

    fn start_server(self: &Arc<Self>, server: u64) {
        // The client's next request shows whether the server runs.
        let _ = start_server(self, server);
    }

    fn file(&self, authorization: Option<&str>, user: &str, file: &str) -> Result<String, NoFile> {
        console::file(self, authorization, user, file)
    }
}
