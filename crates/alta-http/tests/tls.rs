//! The default transport over TLS, against a server on the loopback with a certificate of its own.
#![cfg(feature = "hyper")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use alta_http::{Config, ErrorKind, HttpClient, Tls};
use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{net::TcpListener, time::timeout};
use tokio_rustls::TlsAcceptor;

const BOUND: Duration = Duration::from_secs(10);

/// A server for `localhost` that offers these protocols, and its root certificate.
async fn start(protocols: &[&str]) -> (SocketAddr, CertificateDer<'static>) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = certified.cert.der().clone();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let echo = service_fn(|request: Request<Incoming>| async move {
                    let version = format!("{:?}", request.version());
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(version))))
                });
                let server = auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), echo).await;
            });
        }
    });
    (address, certificate)
}

fn request(address: SocketAddr) -> Request<Bytes> {
    Request::get(format!("https://localhost:{}/", address.port()))
        .body(Bytes::new())
        .unwrap()
}

fn config() -> Config {
    Config::default().attempts(1)
}

#[tokio::test]
async fn http_2_is_chosen_when_offered_and_http_1_otherwise() {
    for (protocols, version) in [
        (&["h2", "http/1.1"] as &[&str], Version::HTTP_2),
        (&["http/1.1"], Version::HTTP_11),
        (&[], Version::HTTP_11),
    ] {
        let (address, root) = start(protocols).await;
        let tls = Tls::with_roots([root.to_vec()]).unwrap();
        let client = HttpClient::over_tls(&tls, &config());
        let response = timeout(BOUND, client.send(request(address)))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(response.version(), version);
        assert_eq!(response.body(), format!("{version:?}").as_str());
    }
}

#[tokio::test]
async fn an_unknown_certificate_is_refused_before_anything_is_sent() {
    let (address, _) = start(&[]).await;
    let client = HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0]).unwrap(), &config());
    let error = timeout(BOUND, client.send(request(address)))
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent);
}

#[tokio::test]
async fn the_callers_own_configuration_is_used_and_may_name_protocols() {
    let (address, root) = start(&["h2"]).await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root).unwrap();
    let mut config =
        rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let tls = Tls::from_config(Arc::new(config));
    let client = HttpClient::over_tls(&tls, &self::config());
    let response = timeout(BOUND, client.send(request(address)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
}

#[test]
fn what_is_no_certificate_is_an_error() {
    let error = Tls::with_roots([b"certificate".to_vec()]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
}
