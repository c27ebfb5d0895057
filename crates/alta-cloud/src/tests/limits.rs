//! Clients that exceed the limits of HTTP.

use super::support::{World, exchange, status};
use crate::net::{Limits, Rate};
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep};

fn address(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_end_is_cut() {
    let world = World::new(Limits::default());
    for start in ["", "G", "GET /api/regions HTTP/1.1\r\nhost: x\r\nx: "] {
        let begin = Instant::now();
        let text = exchange(world.http_from(None), start.as_bytes()).await;
        assert!(!text.contains("200 OK"), "{text}");
        let limit = world.env().limits.head_timeout.unwrap();
        let took = begin.elapsed();
        assert!(took >= limit && took < 2 * limit, "{start}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_end_gets_a_timeout() {
    let world = World::new(Limits::default());
    let head = "POST /api/sessions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    let begin = Instant::now();
    let text = exchange(world.http_from(None), head.as_bytes()).await;
    assert_eq!(status(&text), 408, "{text}");
    assert!(begin.elapsed() >= world.env().limits.request_timeout.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_a_byte_a_second_is_cut() {
    let world = World::new(Limits::default());
    let limits = world.env().limits.clone();
    let head = "POST /api/sessions HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n";
    let (head_timeout, request_timeout) = (limits.head_timeout, limits.request_timeout);
    for (start, rest, limit, expected) in [
        ("", "GET /", head_timeout, 0),
        (head, "{\"a\":", request_timeout, 408),
    ] {
        let (mut reader, mut writer) = tokio::io::split(world.http_from(None));
        writer.write_all(start.as_bytes()).await.unwrap();
        let writing = async {
            for byte in rest.bytes().chain(std::iter::repeat(b'x')) {
                sleep(Duration::from_secs(1)).await;
                if writer.write_all(&[byte]).await.is_err() {
                    break;
                }
            }
        };
        let begin = Instant::now();
        let mut reply = Vec::new();
        // The end of the connection, or an error after bytes that were not read.
        let reading = reader.read_to_end(&mut reply);
        tokio::select! {
            _ = reading => {}
            () = writing => {}
        }
        let (took, limit) = (begin.elapsed(), limit.unwrap());
        assert!(took >= limit && took < 2 * limit, "{start}: {took:?}");
        let reply = String::from_utf8_lossy(&reply);
        assert!([0, 408].contains(&status(&reply)), "{reply}");
        assert!(status(&reply) == expected || expected == 0, "{reply}");
    }
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused() {
    let world = World::new(Limits::default());
    let limit = world.env().limits.body;
    let head = "POST /api/sessions HTTP/1.1\r\nhost: x\r\n";
    let declared = format!("{head}content-length: {}\r\n\r\n", limit + 1);
    let chunk = format!("{:x}\r\n{}\r\n", limit, "x".repeat(limit));
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}1\r\nx\r\n0\r\n\r\n");
    for request in [declared, chunked] {
        let text = world.raw(request.as_bytes()).await;
        assert_eq!(status(&text), 413, "{text}");
    }
}

#[tokio::test]
async fn connections_above_the_limit_are_closed_at_once() {
    let limits = Limits {
        connections: 3,
        connections_per_address: 2,
        ..Limits::default()
    };
    let world = World::new(limits);
    let admit = |last| world.env().admit(Some(address(last)));
    let request = "GET /api/regions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let held = (admit(1), admit(1));
    let text = exchange(world.http_from(Some(address(1))), request.as_bytes()).await;
    assert_eq!(text, "");
    let text = exchange(world.http_from(Some(address(2))), request.as_bytes()).await;
    assert_eq!(status(&text), 200, "{text}");
    drop(held);
    let text = exchange(world.http_from(Some(address(1))), request.as_bytes()).await;
    assert_eq!(status(&text), 200, "{text}");
}

/// A login with a wrong secret.
async fn log_in(world: &World, peer: IpAddr, client: &str, headers: &str) -> String {
    let body = format!("grant_type=client_credentials&client_id={client}&client_secret=x");
    let length = body.len();
    let request = format!(
        "POST /connect/token HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    exchange(world.http_from(Some(peer)), request.as_bytes()).await
}

fn few_logins() -> Limits {
    Limits {
        logins_per_address: Rate::new(4, Duration::from_secs(10)),
        logins_per_account: Rate::new(3, Duration::from_secs(60)),
        ..Limits::default()
    }
}

#[tokio::test]
async fn failed_logins_of_an_address_and_to_an_account_are_limited() {
    let world = World::new(few_logins());
    for nth in 0..4 {
        let text = log_in(&world, address(1), &format!("client_{nth}"), "").await;
        assert_eq!(status(&text), 400, "{text}");
    }
    let text = log_in(&world, address(1), "client_9", "").await;
    assert_eq!(status(&text), 429, "{text}");
    assert!(text.contains("\r\nretry-after: 10\r\n"), "{text}");
    // A client cannot choose its address.
    let forged = "x-forwarded-for: 198.51.100.7\r\n";
    let text = log_in(&world, address(1), "client_9", forged).await;
    assert_eq!(status(&text), 429, "{text}");
    for nth in 2..5 {
        let text = log_in(&world, address(nth), "CLIENT_x", "").await;
        assert_eq!(status(&text), 400, "{text}");
    }
    let text = log_in(&world, address(5), "client_X", "").await;
    assert_eq!(status(&text), 429, "{text}");
    world.env().clock.advance(Duration::from_secs(60));
    let text = log_in(&world, address(5), "client_x", "").await;
    assert_eq!(status(&text), 400, "{text}");
}

#[tokio::test]
async fn logins_to_sessions_count_too() {
    let world = World::new(few_logins());
    let body = r#"{"username":"Ashwick","password_hash":"00"}"#;
    let length = body.len();
    let request = format!(
        "POST /API/Sessions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let mut statuses = Vec::new();
    for nth in 0..4 {
        let stream = world.http_from(Some(address(nth)));
        statuses.push(status(&exchange(stream, request.as_bytes()).await));
    }
    assert_eq!(statuses, [400, 400, 400, 429]);
}

#[tokio::test]
async fn behind_a_proxy_the_address_that_it_adds_counts() {
    let limits = Limits {
        behind_proxy: true,
        ..few_logins()
    };
    let world = World::new(limits);
    for nth in 0..4 {
        // The first addresses are the client's own invention.
        let header = format!("x-forwarded-for: 10.0.0.{nth}, 198.51.100.7\r\n");
        let text = log_in(&world, address(1), &format!("client_{nth}"), &header).await;
        assert_eq!(status(&text), 400, "{text}");
    }
    let header = "x-forwarded-for: 198.51.100.7\r\n";
    let text = log_in(&world, address(1), "client_9", header).await;
    assert_eq!(status(&text), 429, "{text}");
    let header = "x-forwarded-for: 198.51.100.8\r\n";
    let text = log_in(&world, address(1), "client_9", header).await;
    assert_eq!(status(&text), 400, "{text}");
}
