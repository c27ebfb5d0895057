//! REST and the main websocket over TLS.

use crate::support::{authority, handshake};
use alta_sim::Sim;
use rustls::pki_types::{CertificateDer, ServerName};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

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
async fn rest_and_main_websocket_use_tls_with_the_returned_certificate() {
    let sim = Sim::builder().tls().start().await.unwrap();
    assert!(sim.rest_url().starts_with("https://") && sim.socket_url().starts_with("wss://"));
    let mut stream = dial(&sim, &sim.rest_url()).await;
    stream
        .write_all(b"GET /api/regions HTTP/1.1\r\nhost: sim\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");

    let url = sim.socket_url();
    let mut socket = handshake(dial(&sim, &url).await, &url, Some(&sim.bot_token()))
        .await
        .unwrap();
    socket.subscribe(&sim, "group-update", sim.group()).await;
}
