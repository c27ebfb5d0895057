//! REST and the main websocket over TLS.

#![cfg(feature = "tls")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::sync::Arc;

use alta_sim::Sim;
use common::{Socket, authority};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

async fn dial(sim: &Sim, url: &str) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from(
            sim.certificate_der().unwrap().to_vec(),
        ))
        .unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_root_certificates(roots)
    .with_no_client_auth();
    let stream = TcpStream::connect(authority(url)).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap()
}

#[tokio::test]
async fn rest_and_main_websocket_speak_tls_with_the_certificate_shown() {
    let sim = Sim::builder().tls().start().await.unwrap();
    assert!(sim.rest_url().starts_with("https://") && sim.socket_url().starts_with("wss://"));
    let mut stream = dial(&sim, &sim.rest_url()).await;
    stream
        .write_all(b"GET /api/regions HTTP/1.1\r\nhost: sim\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let mut request = sim.socket_url().into_client_request().unwrap();
    request.headers_mut().insert(
        "authorization",
        format!("Bearer {}", sim.bot_token()).parse().unwrap(),
    );
    let mut socket = Socket(
        client_async(request, dial(&sim, &sim.socket_url()).await)
            .await
            .unwrap()
            .0,
    );
    let path = format!("subscription/group-update/{}", sim.group());
    assert_eq!(
        socket.request(&sim, 1, "POST", &path).await["responseCode"],
        200
    );
}
