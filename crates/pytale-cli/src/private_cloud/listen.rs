//! The ports of the service, and the connections that they accept.

use super::host::PrivateCloud;
use super::relay;
use super::tls::Tls;
use crate::failure::{Failure, Status};
use alta_cloud::Host as _;
use alta_cloud::net::{Admission, BoxIo};
use alta_cloud::{rest, socket};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};

/// The timeout of the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The shortest time between two log lines about too many connections.
const TOLD: Duration = Duration::from_mins(1);

/// The service of a port.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Service {
    Rest,
    MainSocket,
    Consoles,
}

/// A port that is open and not served yet.
pub(super) struct Port {
    listener: TcpListener,
    pub(super) address: SocketAddr,
    service: Service,
}

impl Port {
    pub(super) async fn open(host: IpAddr, port: u16, service: Service) -> Result<Self, Failure> {
        let wanted = SocketAddr::new(host, port);
        let failed = |error: std::io::Error| {
            Failure::new(Status::Io, format!("listening on {wanted}: {error}")).advice(
                "another program may use the port; `port` in the configuration selects another one",
            )
        };
        let listener = TcpListener::bind(wanted).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            service,
        })
    }

    /// Accepts connections until the service ends.
    pub(super) async fn serve(self, cloud: Arc<PrivateCloud>, tls: Tls) {
        let mut told: Option<Instant> = None;
        loop {
            let Ok((stream, peer)) = self.listener.accept().await else {
                // Most likely the process has no free descriptors; other connections must end first.
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Some(admission) = cloud.env().admit(Some(peer.ip())) else {
                if told.is_none_or(|at| at.elapsed() > TOLD) {
                    tracing::warn!("too many connections: one of {} is closed", peer.ip());
                    told = Some(Instant::now());
                }
                continue;
            };
            let _ = stream.set_nodelay(true);
            let (cloud, tls, service) = (Arc::clone(&cloud), tls.clone(), self.service);
            let tasks = cloud.env().tasks.clone();
            tasks.spawn(async move {
                connection(&cloud, &tls, service, stream, peer, admission).await;
            });
        }
    }
}

async fn connection(
    cloud: &Arc<PrivateCloud>,
    tls: &Tls,
    service: Service,
    stream: TcpStream,
    peer: SocketAddr,
    admission: Admission,
) {
    let may_be_plain = service == Service::Consoles;
    let accepting = tls.accept(stream, may_be_plain);
    let io: BoxIo = match timeout(HANDSHAKE, accepting).await {
        Ok(Some(io)) => io,
        _ => return,
    };
    match service {
        Service::Rest => rest::serve(cloud, io, admission).await,
        Service::MainSocket => socket::serve(cloud, io, admission).await,
        Service::Consoles => {
            relay::serve(cloud, io, peer).await;
            drop(admission);
        }
    }
}
