//! Environment variables: proxies and the location of the platform's root certificates. A process cannot change its own
//! variables safely, so each test runs another test of this program as a process with its own environment.
#![cfg(feature = "hyper")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "http/proxy_server.rs"]
mod proxy;
#[cfg(all(target_os = "linux", feature = "platform-roots"))]
#[path = "http/tls_server.rs"]
mod tls;

use alta_http::{Config, ErrorKind, HttpClient, Tls};
use bytes::Bytes;
use http::Request;
use std::process::Command;
use std::time::Duration;
use tokio::time::timeout;

const BOUND: Duration = Duration::from_secs(30);

/// Runs an ignored test of this program with these variables and no other proxies.
async fn run(test: &'static str, variables: Vec<(&'static str, String)>) {
    let child = move || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--ignored", "--nocapture"]);
        for name in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"] {
            command
                .env_remove(name)
                .env_remove(name.to_ascii_lowercase());
        }
        command.envs(variables).output().unwrap()
    };
    let ended = timeout(BOUND, tokio::task::spawn_blocking(child)).await;
    let output = ended.unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap()
}

async fn get(client: &HttpClient, url: &str) -> Result<http::Response<Bytes>, alta_http::Error> {
    let request = Request::get(url).body(Bytes::new()).unwrap();
    timeout(BOUND, client.send(request)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_default_goes_through_the_proxies_of_the_environment() {
    let (through, requests) = proxy::start().await;
    let (server, direct) = proxy::start().await;
    let port = server.rsplit_once(':').unwrap().1.to_owned();
    let address = format!("http://itsley:hunter20@{through}");
    run(
        "in_an_environment_with_proxies",
        vec![
            ("HTTP_PROXY", address.clone()),
            ("https_proxy", address),
            ("NO_PROXY", "0.0.0.0, example.test".to_owned()),
            ("TEST_PORT", port),
        ],
    )
    .await;
    let heads = |log: &proxy::Log| -> Vec<String> {
        let log = log.lock().unwrap();
        log.iter()
            .map(|head| head.lines().next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        heads(&requests),
        [
            "get http://example.invalid/api/groups http/1.1",
            "connect example.invalid:443 http/1.1"
        ]
    );
    let all = requests.lock().unwrap().concat();
    assert_eq!(all.matches("proxy-authorization: basic ").count(), 2);
    // Loopback addresses and exceptions are reached directly.
    let count = if cfg!(unix) { 2 } else { 1 };
    assert_eq!(heads(&direct), vec!["get / http/1.1"; count]);
}

#[tokio::test]
#[ignore = "run by another test"]
async fn in_an_environment_with_proxies() {
    let port = variable("TEST_PORT");
    let config = Config::default().attempts(1);
    let client = HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0]).unwrap(), &config);
    let response = get(&client, "http://example.invalid/api/groups").await;
    assert_eq!(response.unwrap().body(), "proxy");
    // The proxy opens no tunnel.
    let error = get(&client, "https://example.invalid/").await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotSent);
    get(&client, &format!("http://127.0.0.1:{port}/"))
        .await
        .unwrap();
    if cfg!(unix) {
        get(&client, &format!("http://0.0.0.0:{port}/"))
            .await
            .unwrap();
    }
}

#[cfg(feature = "webpki-roots")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_proxy_of_the_environment_is_an_error_at_the_start() {
    for name in ["ALL_PROXY", "https_proxy"] {
        let variables = vec![
            (name, "nonsense-hunter20".to_owned()),
            ("TEST_NAME", name.to_owned()),
        ];
        run("in_an_environment_with_an_invalid_proxy", variables).await;
    }
}

#[cfg(feature = "webpki-roots")]
#[tokio::test]
#[ignore = "run by another test"]
async fn in_an_environment_with_an_invalid_proxy() {
    let config = Config::default().attempts(1);
    let error = HttpClient::web_roots(&config).unwrap_err();
    let said = format!("{error:?}");
    assert!(said.contains(&variable("TEST_NAME")), "{said}");
    assert!(!said.contains("hunter20"), "{said}");
    // A client that was made without the check fails at its first use.
    let client = HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0]).unwrap(), &config);
    let error = get(&client, "https://example.invalid/").await.unwrap_err();
    let said = format!("{error:?}");
    assert!(said.contains(&variable("TEST_NAME")), "{said}");
    // With an explicit proxy, the environment is not read.
    let config = config.proxy(alta_http::Proxy::none());
    assert!(HttpClient::web_roots(&config).is_ok());
}

#[cfg(all(target_os = "linux", feature = "platform-roots"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_platforms_roots_are_trusted_and_no_others() {
    let (trusted, root) = tls::start(&["h2"]).await;
    let (other, _) = tls::start(&["h2"]).await;
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("platform-roots.pem");
    std::fs::write(&file, tls::pem(&root)).unwrap();
    run(
        "on_a_platform_with_one_root",
        vec![
            ("SSL_CERT_FILE", file.to_str().unwrap().to_owned()),
            ("TEST_TRUSTED", trusted.port().to_string()),
            ("TEST_OTHER", other.port().to_string()),
        ],
    )
    .await;
}

#[cfg(all(target_os = "linux", feature = "platform-roots"))]
#[tokio::test]
#[ignore = "run by another test"]
async fn on_a_platform_with_one_root() {
    let client = HttpClient::platform_roots(&Config::default().attempts(1)).unwrap();
    let url = |name: &str| format!("https://localhost:{}/", variable(name));
    assert_eq!(
        get(&client, &url("TEST_TRUSTED")).await.unwrap().version(),
        http::Version::HTTP_2
    );
    let error = get(&client, &url("TEST_OTHER")).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotSent);
}
