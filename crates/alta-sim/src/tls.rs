//! TLS for REST and the main websocket, or none.

use crate::error::Error;
#[cfg(feature = "tls")]
use crate::error::ErrorKind;
use alta_cloud::net::BoxIo;
#[cfg(feature = "tls")]
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use std::fmt;
#[cfg(feature = "tls")]
use std::sync::Arc;

/// The certificate of REST and the main websocket.
#[derive(Clone, Default)]
pub(crate) enum Certificate {
    /// No TLS.
    #[default]
    None,
    /// One that is made at the start.
    #[cfg(feature = "tls")]
    SelfMade,
    /// Certificate and key in PEM.
    #[cfg(feature = "tls")]
    Given(Arc<[Vec<u8>; 2]>),
}

impl fmt::Debug for Certificate {
    /// Hides the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            #[cfg(feature = "tls")]
            Self::SelfMade => "SelfMade",
            #[cfg(feature = "tls")]
            Self::Given(_) => "Given",
        })
    }
}

/// The acceptor of TLS connections, or none.
#[derive(Clone, Default)]
pub(crate) struct Tls {
    #[cfg(feature = "tls")]
    acceptor: Option<tokio_rustls::TlsAcceptor>,
    /// The certificate, in DER.
    #[cfg(feature = "tls")]
    pub(crate) certificate: Option<Arc<[u8]>>,
    /// The certificate and those between it and its root, in PEM.
    #[cfg(feature = "tls")]
    pub(crate) pem: Option<Arc<str>>,
}

#[cfg(not(feature = "tls"))]
impl Tls {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "it can fail with the feature `tls`"
    )]
    pub(crate) fn new(_: &Certificate, _: &str) -> Result<Self, Error> {
        Ok(Self::default())
    }

    #[expect(
        clippy::unused_self,
        reason = "it reads the acceptor with the feature `tls`"
    )]
    pub(crate) fn is_used(&self) -> bool {
        false
    }

    #[expect(clippy::unused_async, reason = "it waits with the feature `tls`")]
    pub(crate) async fn accept(&self, stream: tokio::net::TcpStream) -> Option<BoxIo> {
        Some(Box::new(stream))
    }
}

#[cfg(feature = "tls")]
impl Tls {
    /// `host`: the name or the address by which clients reach the services.
    pub(crate) fn new(certificate: &Certificate, host: &str) -> Result<Self, Error> {
        match certificate {
            Certificate::None => Ok(Self::default()),
            Certificate::SelfMade => {
                let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
                if !names.iter().any(|name| name == host) {
                    names.push(host.to_owned());
                }
                Self::self_made(names)
            }
            Certificate::Given(pem) => Self::given(&pem[0], &pem[1]),
        }
    }

    pub(crate) fn is_used(&self) -> bool {
        self.acceptor.is_some()
    }

    fn self_made(names: Vec<String>) -> Result<Self, Error> {
        let doing = "making a certificate for localhost";
        let made = rcgen::generate_simple_self_signed(names)
            .map_err(|source| Error::new(ErrorKind::Certificate, doing).because(source))?;
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let pem = made.cert.pem();
        Self::serving(vec![made.cert.der().clone()], &pem, key, doing)
    }

    fn given(certificate: &[u8], key: &[u8]) -> Result<Self, Error> {
        let failed =
            |doing| move |source| Error::new(ErrorKind::Certificate, doing).because(source);
        let doing = "reading the certificate";
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
        let chain = chain.map_err(|source| failed(doing)(source.to_string()))?;
        if chain.is_empty() {
            return Err(Error::new(ErrorKind::Certificate, doing)
                .detail("the file has no certificate in PEM form"));
        }
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|source| failed("reading the key of the certificate")(source.to_string()))?;
        let pem = String::from_utf8_lossy(certificate);
        Self::serving(chain, &pem, key, "using the certificate")
    }

    fn serving(
        chain: Vec<CertificateDer<'static>>,
        pem: &str,
        key: PrivateKeyDer<'static>,
        doing: &'static str,
    ) -> Result<Self, Error> {
        let certificate = chain.first().map(|first| first.as_ref().into());
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|source| Error::new(ErrorKind::Certificate, doing).because(source))?;
        Ok(Self {
            acceptor: Some(Arc::new(config).into()),
            certificate,
            pem: Some(pem.into()),
        })
    }

    pub(crate) async fn accept(&self, stream: tokio::net::TcpStream) -> Option<BoxIo> {
        match &self.acceptor {
            None => Some(Box::new(stream)),
            Some(acceptor) => Some(Box::new(acceptor.accept(stream).await.ok()?)),
        }
    }
}

#[cfg(all(test, feature = "tls"))]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;

    fn error_of(certificate: &Certificate, host: &str) -> Error {
        let made = Tls::new(certificate, host);
        let error = made.err().expect("an error");
        assert_eq!(error.kind(), ErrorKind::Certificate);
        error
    }

    #[test]
    fn a_name_that_no_certificate_can_have_is_an_error_with_its_source() {
        let error = error_of(&Certificate::SelfMade, "Thörnwood");
        assert!(std::error::Error::source(&error).is_some());
    }

    #[test]
    fn garbage_in_place_of_a_certificate_or_a_key_is_an_error() {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let given = |certificate: &str, key: &str| {
            Certificate::Given(Arc::new([certificate.into(), key.into()]))
        };
        assert!(Tls::new(&given(&pem, &key), "localhost").unwrap().is_used());
        for (certificate, key, expected) in [
            ("", key.as_str(), "the file has no certificate in PEM form"),
            (&pem, "garbage", "reading the key of the certificate"),
            (&pem, &pem, "reading the key of the certificate"),
            (
                &pem,
                &other.signing_key.serialize_pem(),
                "using the certificate",
            ),
            (
                "-----BEGIN CERTIFICATE-----\n%%\n-----END CERTIFICATE-----\n",
                &key,
                "reading the certificate",
            ),
        ] {
            let error = error_of(&given(certificate, key), "localhost");
            let error = format!("{error:?}");
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(format!("{:?}", given(&pem, &key)), "Given");
    }
}
