//! TLS with the certificate of the configuration, or none.

mod files;

use super::config::Config;
use crate::failure::Failure;
use alta_cloud::net::BoxIo;
use files::{Files, Stamp};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::TlsAcceptor;

/// The first byte of a TLS connection.
const TLS_RECORD: u8 = 0x16;

/// The interval at which renewed files are looked for.
const RENEWAL: Duration = Duration::from_secs(1);

/// TLS, or none. A clone uses the same certificate, also a renewed one.
#[derive(Clone, Default)]
pub(super) struct Tls {
    certificate: Option<Arc<Certificate>>,
    plain_consoles: bool,
}

/// The certificate that is in use.
struct Certificate {
    files: Files,
    acceptor: RwLock<TlsAcceptor>,
}

impl Tls {
    /// Reads the files that the configuration names.
    pub(super) fn load(config: &Config) -> Result<Self, Failure> {
        let Some(tls) = &config.tls else {
            return Ok(Self::default());
        };
        let files = Files {
            certificate: config.path_in(&tls.certificate),
            key: config.path_in(&tls.key),
        };
        let acceptor = RwLock::new(files.read()?);
        Ok(Self {
            certificate: Some(Arc::new(Certificate { files, acceptor })),
            plain_consoles: tls.plain_consoles,
        })
    }

    pub(super) fn is_on(&self) -> bool {
        self.certificate.is_some()
    }

    /// Uses renewed files for new connections, until the service ends.
    pub(super) async fn follow_files(self) {
        let Some(certificate) = self.certificate else {
            return;
        };
        let mut used = certificate.files.stamp();
        let mut last = used;
        let mut ticks = interval(RENEWAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now: Stamp = certificate.files.stamp();
            // Both files change one after the other: they are read when they have not changed for a while.
            if now != used && now == last {
                used = now;
                certificate.renew();
            }
            last = now;
        }
    }

    /// Performs the handshake of a connection. The consoles can also accept connections without TLS.
    pub(super) async fn accept(&self, stream: TcpStream, is_console: bool) -> Option<BoxIo> {
        let Some(certificate) = &self.certificate else {
            return Some(Box::new(stream));
        };
        if is_console && self.plain_consoles {
            let mut first = [0];
            if stream.peek(&mut first).await.ok()? == 1 && first[0] != TLS_RECORD {
                return Some(Box::new(stream));
            }
        }
        let acceptor = certificate.acceptor();
        Some(Box::new(acceptor.accept(stream).await.ok()?))
    }
}

impl Certificate {
    fn acceptor(&self) -> TlsAcceptor {
        let acceptor = self.acceptor.read();
        acceptor.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the files again. If they cannot be used, the certificate stays.
    fn renew(&self) {
        match self.files.read() {
            Ok(acceptor) => {
                let mut used = self
                    .acceptor
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                *used = acceptor;
                tracing::info!(
                    "the certificate {} is renewed",
                    self.files.certificate.display()
                );
            }
            Err(failure) => {
                tracing::error!("the certificate stays the one before, because {failure}");
            }
        }
    }
}
