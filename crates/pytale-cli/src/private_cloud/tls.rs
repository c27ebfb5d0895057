//! TLS with the certificate of the configuration, or none.

use super::config::Config;
use crate::failure::{Failure, Status};
use alta_cloud::net::BoxIo;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// The first byte of a TLS connection.
const TLS_RECORD: u8 = 0x16;

/// TLS, or none.
#[derive(Clone, Default)]
pub(super) struct Tls {
    acceptor: Option<TlsAcceptor>,
    plain_consoles: bool,
}

impl Tls {
    /// Reads the files that the configuration names.
    pub(super) fn load(config: &Config) -> Result<Self, Failure> {
        let Some(files) = &config.tls else {
            return Ok(Self::default());
        };
        let certificate = config.path_in(&files.certificate);
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_file_iter(&certificate).and_then(Iterator::collect);
        let chain = chain.map_err(|error| unreadable("certificate", &certificate, &error))?;
        if chain.is_empty() {
            return Err(Failure::usage(format!(
                "tls.certificate {} contains no certificate in PEM",
                certificate.display()
            )));
        }
        let key = config.path_in(&files.key);
        let private =
            PrivateKeyDer::from_pem_file(&key).map_err(|error| unreadable("key", &key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(chain, private)
            })
            .map_err(|error| {
                Failure::usage(format!(
                    "tls.certificate {} and tls.key {} cannot be used: {error}",
                    certificate.display(),
                    key.display()
                ))
            })?;
        Ok(Self {
            acceptor: Some(Arc::new(server).into()),
            plain_consoles: files.plain_consoles,
        })
    }

    pub(super) fn is_on(&self) -> bool {
        self.acceptor.is_some()
    }

    /// Performs the handshake of a connection. The consoles can also accept connections without TLS.
    pub(super) async fn accept(&self, stream: TcpStream, is_console: bool) -> Option<BoxIo> {
        let Some(acceptor) = &self.acceptor else {
            return Some(Box::new(stream));
        };
        if is_console && self.plain_consoles {
            let mut first = [0];
            if stream.peek(&mut first).await.ok()? == 1 && first[0] != TLS_RECORD {
                return Some(Box::new(stream));
            }
        }
        Some(Box::new(acceptor.accept(stream).await.ok()?))
    }
}

fn unreadable(key: &str, path: &Path, error: &rustls::pki_types::pem::Error) -> Failure {
    Failure::new(
        Status::Io,
        format!("reading tls.{key} {}: {error}", path.display()),
    )
}
