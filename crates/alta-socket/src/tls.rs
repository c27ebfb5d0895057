use crate::dial::{BoxIo, DialError};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Host;

/// The TLS configuration: the trusted root certificates and the crypto provider.
///
/// The provider is the process's default, else *ring*. It is always passed explicitly, so that a build with two providers does
/// not panic. To choose another one, build the configuration yourself and use
/// [`from_config`](Self::from_config).
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
}

/// The error of setting up TLS.
#[derive(thiserror::Error)]
#[error("TLS could not be set up: {doing}")]
pub struct TlsError {
    doing: &'static str,
    #[source]
    source: rustls::Error,
}

impl Tls {
    /// Trusts Mozilla's root certificates, compiled in.
    ///
    /// # Errors
    ///
    /// If the process's crypto provider supports none of the protocol versions.
    #[cfg(feature = "webpki-roots")]
    pub fn web_roots() -> Result<Self, TlsError> {
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        Self::trusting(roots)
    }

    /// Trusts the root certificates of the operating system.
    ///
    /// # Errors
    ///
    /// If the platform's verifier cannot be started.
    #[cfg(feature = "platform-roots")]
    pub fn platform_roots() -> Result<Self, TlsError> {
        use rustls_platform_verifier::BuilderVerifierExt as _;
        let config = builder()?
            .with_platform_verifier()
            .map_err(|source| TlsError {
                doing: "starting the platform's certificate verifier",
                source,
            })?
            .with_no_client_auth();
        Ok(Self::from_config(Arc::new(config)))
    }

    /// Trusts these root certificates (DER) and no others: for a service with its own certificate.
    ///
    /// # Errors
    ///
    /// If one of them is not a certificate.
    pub fn with_roots(
        certificates: impl IntoIterator<Item = impl Into<Vec<u8>>>,
    ) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots
                .add(CertificateDer::from(certificate.into()))
                .map_err(|source| TlsError {
                    doing: "reading a root certificate",
                    source,
                })?;
        }
        Self::trusting(roots)
    }

    /// Uses a rustls configuration as it is, for a crypto provider or client certificate of your own.
    pub fn from_config(config: Arc<ClientConfig>) -> Self {
        Self { config }
    }

    fn trusting(roots: RootCertStore) -> Result<Self, TlsError> {
        let config = builder()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::from_config(Arc::new(config)))
    }

    pub(crate) async fn handshake(
        &self,
        host: Host<&str>,
        tcp: TcpStream,
    ) -> Result<BoxIo, DialError> {
        let name = match host {
            Host::Domain(name) => {
                ServerName::try_from(name.to_owned()).map_err(|_| DialError::Address {
                    address: name.to_owned(),
                    reason: "it is not a name a certificate can be issued for",
                })?
            }
            Host::Ipv4(ip) => ServerName::IpAddress(ip.into()),
            Host::Ipv6(ip) => ServerName::IpAddress(ip.into()),
        };
        let stream = TlsConnector::from(Arc::clone(&self.config))
            .connect(name, tcp)
            .await
            .map_err(|source| DialError::Tls {
                host: host.to_string(),
                source,
            })?;
        Ok(Box::new(stream))
    }
}

type Builder = rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>;

fn builder() -> Result<Builder, TlsError> {
    let provider = CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|source| TlsError {
            doing: "asking the crypto provider for TLS 1.2 or 1.3",
            source,
        })
}

impl fmt::Debug for TlsError {
    /// The message and its cause in one line, as the error of `main` is shown. `{:#?}` shows the fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return f
                .debug_struct("TlsError")
                .field("doing", &self.doing)
                .field("source", &self.source)
                .finish();
        }
        fmt::Display::fmt(&alta_model::chain(self), f)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
