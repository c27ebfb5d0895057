//! A private cloud with TLS.

use super::clients::{SCOPES, python, restart_is_seen};
use super::support::{BOUND, Own, SERVERS, files};
use pytale::Console;
use pytale::bot::{Bot, BotCredentials};
use pytale::console::{Config as ConsoleConfig, ConsoleAccess};
use pytale::http::{Config as HttpConfig, HttpClient};
use pytale::kit::Handlers;
use pytale::model::ServerId;
use pytale::rest::ConsoleOptions;
use pytale::socket::TcpDialer;
use rustls::pki_types::CertificateDer;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// A certificate of this machine.
pub(super) struct Made {
    certificate: String,
    key: String,
    der: CertificateDer<'static>,
}

/// A certificate that is valid in these years.
pub(super) fn made(from: i32, to: i32) -> Made {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut parameters = rcgen::CertificateParams::new(names).unwrap();
    parameters.not_before = rcgen::date_time_ymd(from, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(to, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    Made {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
        der: certificate.der().clone(),
    }
}

impl Own {
    /// Two servers, and a configuration with these lines about TLS.
    pub(super) async fn with_tls(made: &Made, more: &str) -> Self {
        let own = Self::start().await;
        let tls = format!("[tls]\ncertificate = 'chain.pem'\nkey = 'key.pem'\n{more}\n[audit]");
        own.configure("[audit]", &tls);
        own.write_certificate(made);
        own
    }

    fn write_certificate(&self, made: &Made) {
        std::fs::write(self.path("chain.pem"), &made.certificate).unwrap();
        std::fs::write(self.path("key.pem"), &made.key).unwrap();
    }
}

/// The dialer of a client that trusts only this certificate.
fn dialer(made: &Made) -> Arc<TcpDialer> {
    let tls = pytale::socket::Tls::with_roots([made.der.to_vec()]).unwrap();
    Arc::new(TcpDialer::with_tls(tls))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_bot_uses_every_port_over_tls() {
    let made = made(2020, 2090);
    let own = Own::with_tls(&made, "plain-consoles = true").await;
    let account = own.add_bot("Example_Bot", &[]).await;
    let service = own.serve().await;
    assert!(service.token_url.starts_with("https://"));
    assert!(service.socket_url.starts_with("wss://"));
    let tls = pytale::http::Tls::with_roots([made.der.to_vec()]).unwrap();
    let (opened, mut openings) = mpsc::unbounded_channel();
    let handlers = Handlers::new().on_session(move |_| {
        // The test may have ended.
        let _ = opened.send(());
        async {}
    });
    let bot = Bot::builder()
        .bot(BotCredentials::new(account.id, account.secret))
        .endpoints(service.endpoints())
        .http(HttpClient::over_tls(&tls, &HttpConfig::default()))
        .socket_config(pytale::ws::Config::default().dialer(dialer(&made)))
        .managed()
        .handlers(handlers)
        .start()
        .await
        .unwrap();
    // The service's REST tells addresses of consoles without a scheme, so the bot opens them without TLS.
    for _ in SERVERS {
        timeout(BOUND, openings.recv()).await.unwrap().unwrap();
    }
    let access = bot
        .bot()
        .rest()
        .servers()
        .console(
            ServerId::new(SERVERS[0].cast_signed()),
            ConsoleOptions::default(),
        )
        .await
        .unwrap();
    let port = access.connection.unwrap().websocket_port.unwrap();
    let url = format!("wss://127.0.0.1:{port}/").parse().unwrap();
    let mut config = ConsoleConfig::default();
    config.dialer = Some(dialer(&made));
    let access = ConsoleAccess::new(url, access.token.unwrap());
    let console = Console::open_with(access, config);
    let reply = console.command("player list").timeout(BOUND).await;
    reply.unwrap();
    console.close().await;
    bot.shutdown(Duration::from_secs(1)).await;
    let done = service.end().await;
    assert_eq!(done.code, 0, "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_without_any_library_uses_every_port_over_tls() {
    let Some(python) = python() else {
        return;
    };
    let own = Own::with_tls(&made(2020, 2090), "").await;
    let account = own.add_bot("Example_Bot", &["--scopes", SCOPES]).await;
    let service = own.serve().await;
    let mut command = Command::new(python);
    command
        .arg(files().join("bot.py"))
        .args([&service.token_url, &service.rest_url, &service.socket_url])
        .args([&account.id, &account.secret])
        .arg(own.path("chain.pem"));
    restart_is_seen(&own, command).await;
    service.end().await;
}

/// Performs the TLS handshake of a client that trusts only this certificate.
async fn is_trusted(made: &Made, address: &str) -> bool {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.der.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    connecting.await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn renewed_files_are_used_for_new_connections() {
    let (first, second, third) = (made(2020, 2090), made(2020, 2090), made(2020, 2090));
    let own = Own::with_tls(&first, "").await;
    let mut service = own.serve().await;
    let address = service.rest_url.replace("https://", "");
    let address = address.split('/').next().unwrap();
    let renewed = async |made: &Made| {
        let renewed = async {
            while !is_trusted(made, address).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(BOUND, renewed).await.expect("the renewed files");
    };
    assert!(is_trusted(&first, address).await);
    own.write_certificate(&second);
    renewed(&second).await;
    assert!(!is_trusted(&first, address).await);
    // The certificate of one pair and the key of another, as in the middle of a renewal.
    std::fs::write(own.path("key.pem"), &third.key).unwrap();
    let line = service.program.log_line_with("the certificate stays").await;
    assert!(
        line.contains("chain.pem") && line.contains("key.pem"),
        "{line}"
    );
    assert!(is_trusted(&second, address).await);
    own.write_certificate(&third);
    renewed(&third).await;
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificate_files_that_cannot_be_used_are_named() {
    let good = made(2020, 2090);
    let own = Own::with_tls(&good, "").await;
    let (certificate, key) = (good.certificate.as_str(), good.key.as_str());
    let (expired, early) = (made(2020, 2021), made(2088, 2090));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let open = "-----BEGIN PRIVATE KEY-----\nAAAA\n";
    for (certificate, key, code, told) in [
        ("", key, 6, "chain.pem: it contains no certificate in PEM"),
        ("garbage", key, 6, "chain.pem: it contains no certificate"),
        (broken, key, 2, "tls.certificate"),
        (key, key, 6, "chain.pem: it contains no certificate in PEM"),
        (
            certificate,
            "",
            6,
            "key.pem: it contains no private key in PEM",
        ),
        (
            certificate,
            certificate,
            6,
            "key.pem: it contains no private key in PEM",
        ),
        (certificate, open, 6, "tls.key"),
        (
            certificate,
            expired.key.as_str(),
            2,
            "key.pem cannot be used: the key is not the one",
        ),
        (
            &expired.certificate,
            &expired.key,
            2,
            "it expired at 2021-01-01",
        ),
        (
            &early.certificate,
            &early.key,
            2,
            "it is not valid before 2088-01-01",
        ),
    ] {
        std::fs::write(own.path("chain.pem"), certificate).unwrap();
        std::fs::write(own.path("key.pem"), key).unwrap();
        let done = own.tale(&[]).await;
        assert_eq!(done.code, code, "{told}: {done:?}");
        assert!(done.err.contains(told), "{told}: {done:?}");
        assert!(
            done.err.contains("chain.pem") || done.err.contains("key.pem"),
            "{done:?}"
        );
    }
    own.write_certificate(&good);
    for (name, key) in [("chain.pem", "tls.certificate"), ("key.pem", "tls.key")] {
        std::fs::remove_file(own.path(name)).unwrap();
        for _ in ["missing", "a folder"] {
            let done = own.tale(&[]).await;
            assert_eq!(done.code, 6, "{done:?}");
            assert!(
                done.err.contains(name) && done.err.contains(key),
                "{done:?}"
            );
            let _ = std::fs::create_dir(own.path(name));
        }
        std::fs::remove_dir(own.path(name)).unwrap();
        own.write_certificate(&good);
    }
}
