//! The files of the certificate and its key.

use crate::failure::{Failure, Status};
use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, Error, RootCertStore, ServerConfig};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio_rustls::TlsAcceptor;

/// The paths of the files.
pub(super) struct Files {
    /// The chain of certificates in PEM.
    pub(super) certificate: PathBuf,
    /// The private key in PEM.
    pub(super) key: PathBuf,
}

/// The times and the sizes of both files. It changes when a file is renewed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct Stamp([Option<(SystemTime, u64)>; 2]);

impl Files {
    pub(super) fn stamp(&self) -> Stamp {
        Stamp([&self.certificate, &self.key].map(|path| {
            let file = fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len()))
        }))
    }

    /// Reads and checks the files.
    pub(super) fn read(&self) -> Result<TlsAcceptor, Failure> {
        let Self { certificate, key } = self;
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
        let chain = chain.map_err(|error| unreadable("certificate", certificate, &error))?;
        let Some(first) = chain.first() else {
            return Err(unreadable(
                "certificate",
                certificate,
                &pem::Error::NoItemsFound,
            ));
        };
        let private =
            PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable("key", key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        check_time(first, &provider).map_err(|error| {
            Failure::usage(format!(
                "tls.certificate {} cannot be used: {error}",
                certificate.display()
            ))
        })?;
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(chain, private)
            });
        let server = server.map_err(|error| {
            let reason = match error {
                Error::InconsistentKeys(_) => {
                    "the key is not the one of the certificate".to_owned()
                }
                error => error.to_string(),
            };
            Failure::usage(format!(
                "tls.certificate {} and tls.key {} cannot be used: {reason}",
                certificate.display(),
                key.display()
            ))
        })?;
        Ok(Arc::new(server).into())
    }
}

/// Returns the reason if the certificate is no certificate, or its time has not begun or is over. No client would accept it.
fn check_time(
    certificate: &CertificateDer<'_>,
    provider: &Arc<CryptoProvider>,
) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    let root = roots.add(certificate.clone().into_owned());
    root.map_err(|error| error.to_string())?;
    let builder = WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider));
    let (Ok(verifier), Ok(name)) = (builder.build(), ServerName::try_from("localhost")) else {
        return Ok(());
    };
    let verified = verifier.verify_server_cert(certificate, &[], &name, &[], UnixTime::now());
    // Other errors do not matter: the certificate has another name, and its root is another one.
    match verified {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            Err(format!("it expired at {}", date(not_after)))
        }
        Err(Error::InvalidCertificate(CertificateError::NotValidYetContext {
            not_before, ..
        })) => Err(format!("it is not valid before {}", date(not_before))),
        Err(error @ Error::InvalidCertificate(CertificateError::BadEncoding)) => {
            Err(error.to_string())
        }
        _ => Ok(()),
    }
}

fn date(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

fn unreadable(key: &str, path: &Path, error: &pem::Error) -> Failure {
    let reason = match error {
        pem::Error::NoItemsFound if key == "key" => "it contains no private key in PEM".to_owned(),
        pem::Error::NoItemsFound => "it contains no certificate in PEM".to_owned(),
        error => error.to_string(),
    };
    Failure::new(
        Status::Io,
        format!("reading tls.{key} {}: {reason}", path.display()),
    )
}
