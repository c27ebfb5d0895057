//! Requests that a page in a browser sends.

use super::Town;
use crate::support::{TIMEOUT, http};
use alta_sim::Sim;
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The first line of the reply to a request with this host.
async fn status_of(address: &str, host: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /state HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    let reading = stream.read_to_string(&mut reply);
    timeout(TIMEOUT, reading).await.unwrap().unwrap();
    reply.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_host_that_is_not_the_simulators_is_refused() {
    let sim = Sim::builder()
        .advertise("sim.example")
        .start()
        .await
        .unwrap();
    let address = sim.serve_control((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = address.to_string();
    for host in [
        "localhost",
        "LOCALHOST:1",
        "127.0.0.1:13600",
        "[::1]:1",
        "192.0.2.7",
        "sim.example:5",
        "a.localhost.",
    ] {
        assert_eq!(status_of(&address, host).await, "HTTP/1.1 200 OK", "{host}");
    }
    for host in [
        "rebind.example",
        "localhost.example:13600",
        "sim.example.invalid",
        "127.0.0.1.example",
        "a b",
        "@",
        "",
    ] {
        let status = status_of(&address, host).await;
        assert!(status.starts_with("HTTP/1.1 40"), "{host}: {status}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_is_refused() {
    let town = Town::new().await;
    let url = format!("{}/actions", town.url);
    let body = r#"{"do": "heartbeat"}"#;
    for origin in [
        "https://evil.example",
        "http://192.0.2.7",
        "null",
        "http://localhost.example",
        "\"",
        "",
    ] {
        // As a form or a script without CORS sends it.
        let headers = [("origin", origin), ("content-type", "text/plain")];
        let reply = http("POST", &url, &headers, body).await;
        assert_eq!(reply.status, 403, "{origin}: {}", reply.text);
        assert!(
            reply.text.contains("may not drive the simulator"),
            "{}",
            reply.text
        );
        let reply = http("OPTIONS", &url, &headers, "").await;
        assert_eq!(reply.status, 403, "{origin}");
        assert_eq!(reply.headers.get("access-control-allow-origin"), None);
    }
    for origin in [
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]:8080",
    ] {
        let reply = http("POST", &url, &[("origin", origin)], body).await;
        assert_eq!(reply.status, 200, "{origin}: {}", reply.text);
    }
}
