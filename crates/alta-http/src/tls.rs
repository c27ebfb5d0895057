use crate::{Error, ErrorKind};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::sync::Arc;

/// The configuration of TLS connections: the trusted root certificates and the crypto provider.
///
/// The provider is the one that the process installed, else *ring*. It is always passed explicitly, so that a build with two
/// providers does not panic. To choose another one, use [`from_config`](Self::from_config).
#[derive(Clone)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Trusts Mozilla's root certificates, compiled in.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] if the process's crypto provider supports none of the protocol versions.
    #[cfg(feature = "webpki-roots")]
    pub fn web_roots() -> Result<Self, Error> {
        Self::trusting(RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        })
    }

    /// Trusts the root certificates of the operating system.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] if the platform's verifier does not start.
    #[cfg(feature = "platform-roots")]
    pub fn platform_roots() -> Result<Self, Error> {
        use rustls_platform_verifier::BuilderVerifierExt as _;

        let config = builder()?
            .with_platform_verifier()
            .map_err(|source| {
                Error::new(ErrorKind::Tls, "starting the platform's verifier").caused_by(source)
            })?
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// Trusts only these root certificates (DER): for a service with its own certificate.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Tls`] if one of them is not a certificate.
    pub fn with_roots(
        certificates: impl IntoIterator<Item = impl Into<Vec<u8>>>,
    ) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots
                .add(CertificateDer::from(certificate.into()))
                .map_err(|source| {
                    Error::new(ErrorKind::Tls, "reading a root certificate").caused_by(source)
                })?;
        }
        Self::trusting(roots)
    }

    /// Uses this rustls configuration, except for the protocol names (ALPN), which the transport sets. It is for a crypto
    /// provider or a client certificate of the caller's own. No other item of this crate names a type of rustls.
    pub fn from_config(config: Arc<ClientConfig>) -> Self {
        Self(config)
    }

    /// The configuration, without protocol names.
    pub(crate) fn client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::clone(&self.0);
        config.alpn_protocols.clear();
        config
    }

    fn trusting(roots: RootCertStore) -> Result<Self, Error> {
        let config = builder()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Error> {
    let provider = CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|source| {
            Error::new(ErrorKind::Tls, "choosing the protocol versions").caused_by(source)
        })
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
