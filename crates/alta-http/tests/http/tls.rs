//! The default transport over TLS, against a server on the loopback with a certificate of its own.

use crate::tls_server::start;
use alta_http::{Config, ErrorKind, HttpClient, Tls};
use bytes::Bytes;
use http::{Request, Version};
use rustls::crypto::ring;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

const BOUND: Duration = Duration::from_secs(10);

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
async fn an_unknown_certificate_is_refused_before_the_request_is_sent() {
    let (address, _) = start(&[]).await;
    let client = HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0]).unwrap(), &config());
    let error = timeout(BOUND, client.send(request(address)))
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotSent);
}

#[tokio::test]
async fn the_callers_configuration_is_used_and_may_name_protocols() {
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
fn an_invalid_certificate_is_an_error() {
    let error = Tls::with_roots([b"certificate".to_vec()]).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Tls);
}
