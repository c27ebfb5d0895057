use crate::support::{Bank, config, event, group, start, status, within};
use alta_auth::BotTokens;
use alta_sim::Sim;
use alta_ws::{Client, GroupUpdate, State, TcpDialer, Tls};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::json;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

fn trusting(certificate: &[u8]) -> Arc<TcpDialer> {
    let tls = Tls::with_roots([certificate.to_vec()]).unwrap();
    Arc::new(TcpDialer::with_tls(tls))
}

#[tokio::test]
async fn a_secure_socket_works_with_a_certificate_that_is_trusted() {
    let sim = start(Sim::builder().tls()).await;
    let dialer = trusting(sim.certificate_der().unwrap());
    let client =
        Client::open_with(BotTokens::new(Bank::new(&sim)), config(&sim).dialer(dialer)).unwrap();
    within(client.ready()).await.unwrap();
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    sim.emit_main_event("group-update", sim.group(), json!({"id": 7}));
    assert_eq!(event(&mut updates).await.data.id.get(), 7);
    within(client.migrate_now()).await.unwrap();
}

/// Presents this certificate to one client after the other, and returns the reason for which the client refuses it.
async fn refused(certificate: CertificateParams, trusted: bool) -> String {
    let sim = start(Sim::builder()).await;
    let key = KeyPair::generate().unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let _ = acceptor.accept(tcp).await;
        }
    });
    let config = config(&sim).url(format!("wss://127.0.0.1:{port}").parse().unwrap());
    let config = if trusted {
        config.dialer(trusting(certificate.der()))
    } else {
        config
    };
    let client = Client::open_with(BotTokens::new(Bank::new(&sim)), config).unwrap();
    let failed = status(&client, |status| {
        matches!(status.state, State::Recovering { .. })
    })
    .await;
    server.abort();
    let State::Recovering { because, .. } = failed.state else {
        panic!("{failed:?}");
    };
    because.to_string()
}

fn named(host: &str) -> CertificateParams {
    CertificateParams::new([host.to_owned()]).unwrap()
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let why = refused(named("example.invalid"), true).await;
    assert!(why.contains("not valid for name"), "{why}");
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let mut certificate = named("127.0.0.1");
    certificate.not_before = date_time_ymd(2001, 1, 1);
    certificate.not_after = date_time_ymd(2002, 1, 1);
    let why = refused(certificate, true).await;
    assert!(why.contains("expired"), "{why}");
}

#[tokio::test]
async fn a_certificate_of_an_unknown_issuer_is_refused_by_default() {
    let why = refused(named("127.0.0.1"), false).await;
    assert!(why.contains("UnknownIssuer"), "{why}");
}
