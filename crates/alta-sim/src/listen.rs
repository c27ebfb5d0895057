//! The ports of the services, and the connections that they accept.

use crate::console;
use crate::error::{Error, ErrorKind};
use crate::shared::Shared;
use crate::state::Listening;
use alta_cloud::net::{BoxIo, Env};
use alta_cloud::state::Cloud;
use alta_cloud::{Host, NoFile, rest, socket};
use jiff::Timestamp;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
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
    pub(crate) tls: bool,
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
    let tls = Tls::new(shared.config.tls)?;
    let http = listen(shared, port, Destination::Http, &tls)?.port;
    let socket = listen(shared, next, Destination::MainSocket, &tls)?.port;
    shared.with(|state, _| state.world.cloud.http_port = http);
    Ok(Endpoints {
        http,
        socket,
        #[cfg(feature = "tls")]
        certificate: tls.certificate.clone(),
        tls: shared.config.tls,
    })
}

/// Opens the console port of a server and marks the server as online. Does nothing if the port is open.
pub(crate) fn start_server(shared: &Arc<Shared>, server: u64) -> Result<(), Error> {
    let port = shared.with(|state, _| {
        let found = state.world.cloud.servers.get(&server)?;
        let kept = state.first_ports.get(&server).copied();
        let kept = kept.filter(|_| found.is_self_hosted());
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
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = StdListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

async fn accept(shared: Arc<Shared>, listener: TcpListener, to: Destination, tls: Tls) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Most likely the process has no free descriptors; other connections must end first.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        let serving = Arc::clone(&shared);
        shared.env.tasks.spawn(async move {
            if let Some(io) = tls.accept(stream).await {
                serve(&serving, io, to).await;
            }
        });
    }
}

async fn serve(shared: &Arc<Shared>, io: BoxIo, to: Destination) {
    match to {
        Destination::Http => rest::serve(shared, io).await,
        Destination::MainSocket => socket::serve(shared, io).await,
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

/// TLS, or none.
#[derive(Clone, Default)]
struct Tls {
    #[cfg(feature = "tls")]
    acceptor: Option<tokio_rustls::TlsAcceptor>,
    #[cfg(feature = "tls")]
    certificate: Option<Arc<[u8]>>,
}

#[cfg(not(feature = "tls"))]
impl Tls {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "it can fail with the feature `tls`"
    )]
    fn new(_: bool) -> Result<Self, Error> {
        Ok(Self::default())
    }

    #[expect(clippy::unused_async, reason = "it waits with the feature `tls`")]
    async fn accept(&self, stream: tokio::net::TcpStream) -> Option<BoxIo> {
        Some(Box::new(stream))
    }
}

#[cfg(feature = "tls")]
impl Tls {
    fn new(wanted: bool) -> Result<Self, Error> {
        if !wanted {
            return Ok(Self::default());
        }
        Self::named(vec![
            "localhost".to_owned(),
            Ipv4Addr::LOCALHOST.to_string(),
        ])
    }

    fn named(names: Vec<String>) -> Result<Self, Error> {
        let doing = || Error::new(ErrorKind::Certificate, "making a certificate for localhost");
        let made =
            rcgen::generate_simple_self_signed(names).map_err(|source| doing().because(source))?;
        let certificate = made.cert.der().clone();
        let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .and_then(|config| {
            config
                .with_no_client_auth()
                .with_single_cert(vec![certificate.clone()], key)
        })
        .map_err(|source| doing().because(source))?;
        Ok(Self {
            acceptor: Some(Arc::new(config).into()),
            certificate: Some(certificate.as_ref().into()),
        })
    }

    async fn accept(&self, stream: tokio::net::TcpStream) -> Option<BoxIo> {
        match &self.acceptor {
            None => Some(Box::new(stream)),
            Some(acceptor) => Some(Box::new(acceptor.accept(stream).await.ok()?)),
        }
    }
}

#[cfg(all(test, feature = "tls"))]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_certificate_can_have_is_an_error_with_its_source() {
        let error = Tls::named(vec!["Thörnwood".to_owned()]).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Certificate);
        assert!(std::error::Error::source(&error).is_some());
    }
}
