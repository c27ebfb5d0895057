//! Ports and the connections that come in there.

use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::cloud;
use crate::error::{Error, ErrorKind};
use crate::game;
use crate::link::BoxIo;
use crate::shared::{Listening, Shared};

/// Where the cloud's services listen.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    pub(crate) http: SocketAddr,
    pub(crate) socket: SocketAddr,
    #[cfg(feature = "tls")]
    pub(crate) certificate: Option<Arc<[u8]>>,
    pub(crate) tls: bool,
}

/// Which service a port leads to.
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
    let http = listen(shared, port, Destination::Http, &shared.stop, &tls)?;
    let socket = listen(shared, next, Destination::MainSocket, &shared.stop, &tls)?;
    shared.with(|state, _| state.http_port = http.port());
    Ok(Endpoints {
        http,
        socket,
        #[cfg(feature = "tls")]
        certificate: tls.certificate.clone(),
        tls: shared.config.tls,
    })
}

/// Opens the console port of a server, unless it is open.
pub(crate) fn start_server(shared: &Arc<Shared>, server: u64) -> Result<(), Error> {
    let ports = shared.with(|state, _| {
        let found = state.world.servers.get(&server)?;
        let fixed = state
            .fixed_ports
            .get(&server)
            .copied()
            .filter(|_| found.self_hosted);
        (!state.listening.contains_key(&server)).then(|| fixed.unwrap_or_else(|| state.port()))
    });
    let Some(port) = ports else { return Ok(()) };
    let stop = shared.stop.child_token();
    let address = listen(
        shared,
        port,
        Destination::Console(server),
        &stop,
        &Tls::default(),
    )?;
    shared.with(|state, now| {
        state.listening.insert(
            server,
            Listening {
                port: address.port(),
                stop,
            },
        );
        state.fixed_ports.entry(server).or_insert(address.port());
        state.world.set_online(server, true, now);
    });
    Ok(())
}

fn listen(
    shared: &Arc<Shared>,
    port: u16,
    to: Destination,
    stop: &CancellationToken,
    tls: &Tls,
) -> Result<SocketAddr, Error> {
    let failed =
        |source| Error::new(ErrorKind::Listen, format!("listening on port {port}")).because(source);
    // Both bind at once, so that this needs no waiting and can be called from anywhere.
    let listener = bind(shared, port).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (task_shared, stop, tls) = (Arc::clone(shared), stop.clone(), tls.clone());
    shared.spawn(async move {
        let _ = stop
            .run_until_cancelled(accept(task_shared, listener, to, tls))
            .await;
    });
    Ok(address)
}

fn bind(shared: &Shared, port: u16) -> std::io::Result<TcpListener> {
    let _runtime = shared.runtime().enter();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = StdListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

async fn accept(shared: Arc<Shared>, listener: TcpListener, to: Destination, tls: Tls) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: others have to end first.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        let serving = Arc::clone(&shared);
        shared.spawn(async move {
            if let Some(io) = tls.accept(stream).await {
                serve(&serving, io, to).await;
            }
        });
    }
}

async fn serve(shared: &Arc<Shared>, io: BoxIo, to: Destination) {
    match to {
        Destination::Http => cloud::http::serve(shared, io).await,
        Destination::MainSocket => cloud::socket::serve(shared, io).await,
        Destination::Console(server) => game::console::serve(shared, server, io).await,
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

    #[expect(
        clippy::unused_async,
        clippy::unused_self,
        reason = "it waits with the feature `tls`"
    )]
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
        let doing = || Error::new(ErrorKind::Certificate, "making a certificate for localhost");
        let names = vec!["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string()];
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
