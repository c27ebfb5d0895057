//! Malformed and malicious HTTP.

use super::support::{World, exchange, status};
use crate::host::Host as _;
use crate::net::Limits;
use crate::state::Scopes;
use serde_json::{Value, json};

fn body(text: &str) -> Value {
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

async fn is_alive(world: &World) {
    let (status, text) = world.call("GET", "/api/regions", "", "").await;
    assert_eq!(status, 200, "{text}");
}

#[tokio::test]
async fn paths_that_lead_nowhere_are_refused() {
    let world = World::new(Limits::default());
    let token = world.bot_token(world.bots[0], Scopes::ALL);
    let group = world.group;
    let before = world.snapshot();
    for path in [
        "/api".to_owned(),
        "/api/%00".to_owned(),
        "/api/groups/..".to_owned(),
        "/api/groups/%2e%2e/servers".to_owned(),
        format!("/api/users/../groups/{group}"),
        format!("/api/groups/{group}%00"),
        format!("/api/groups/{group}%2Fmembers"),
        format!("/api/groups/{group}/../../groups/{group}"),
        format!("/api/groups/%20{group}"),
        format!("/api/groups/-{group}"),
        format!("/api/groups/0x{group:x}"),
        format!("/api/groups/{group}'%20OR%20'1'='1"),
        "/api/groups/99999999999999999999999999".to_owned(),
        "/api/groups/18446744073709551615".to_owned(),
        "/api/groups/%D9%A1".to_owned(),
        "/api/groups/%ff%fe".to_owned(),
        "/api/groups/{group}".to_owned(),
        format!("/api/groups/{}", "9".repeat(8_000)),
        "/..//..//etc/passwd".to_owned(),
        "/output/../../x/y".to_owned(),
        format!("/live/api/groups/{group}"),
    ] {
        for method in ["GET", "POST", "PATCH", "DELETE"] {
            let (status, text) = world.call_as(&token, method, &path, "{}").await;
            assert!((400..=405).contains(&status), "{method} {path}: {text}");
            assert!(!text.contains("Thornwood"), "{method} {path}: {text}");
        }
    }
    let long = format!("/api/{}", "x".repeat(100_000));
    let (status, _) = world.call_as(&token, "GET", &long, "").await;
    assert!([414, 431].contains(&status), "{status}");
    assert_eq!(world.snapshot(), before);
    is_alive(&world).await;
}

#[tokio::test]
async fn ambiguous_requests_are_refused() {
    let world = World::new(Limits::default());
    // A request that a wrong reader would find behind the first one.
    let hidden = "GET /api/regions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let length = hidden.len();
    for head in [
        format!("content-length: 0\r\ncontent-length: {length}\r\n"),
        format!("content-length: {length}\r\ncontent-length: 0\r\n"),
        "content-length: +0\r\n".to_owned(),
        "content-length: 0x0\r\n".to_owned(),
        "content-length: -1\r\n".to_owned(),
        "content-length: 99999999999999999999\r\n".to_owned(),
        "transfer-encoding: identity\r\n".to_owned(),
        "transfer-encoding: chunked, identity\r\n".to_owned(),
        "transfer-encoding : chunked\r\n".to_owned(),
        "x: 1\r\n folded: 2\r\n".to_owned(),
        "x: \0\r\n".to_owned(),
        "x\0: 1\r\n".to_owned(),
        "x: 1\rcontent-length: 0\r\n".to_owned(),
        "no colon\r\n".to_owned(),
        "x: 1\r\n".repeat(500),
        format!("x: {}\r\n", "y".repeat(100_000)),
    ] {
        let request = format!("PUT /api/sessions HTTP/1.1\r\nhost: x\r\n{head}\r\n{hidden}");
        let text = world.raw(request.as_bytes()).await;
        let start: String = head.chars().take(60).collect();
        assert!(!text.contains("200 OK"), "{start:?}: {text}");
        assert!(
            [400, 414, 431].contains(&status(&text)),
            "{start:?}: {text}"
        );
    }
    for request in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"[..],
        b"GET\r\n\r\n",
        b"GET /api/regions HTTP/9.9\r\n\r\n",
        b"GET /api/\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n\r\n\r\n\0\0\0\0",
        b"CONNECT example.invalid:80 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    ] {
        let text = exchange(world.http_from(None), request).await;
        assert!(!text.contains("200 OK"), "{text}");
    }
    is_alive(&world).await;
}

#[tokio::test]
async fn a_second_request_hides_in_no_body() {
    let world = World::new(Limits::default());
    let hidden = "GET /api/regions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let length = hidden.len();
    // The chunks end before the length. hyper reads the chunks, and ends the connection as RFC 9112 requires: a program on the way may
    // have read the length.
    for head in [
        format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
        format!("transfer-encoding: chunked\r\ncontent-length: {length}\r\n"),
        format!("transfer-encoding: gzip, chunked\r\ncontent-length: {length}\r\n"),
    ] {
        let request =
            format!("PUT /api/sessions HTTP/1.1\r\nhost: x\r\n{head}\r\n0\r\n\r\n{hidden}");
        let text = world.raw(request.as_bytes()).await;
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{head}: {text}");
        assert_eq!(status(&text), 401, "{head}: {text}");
        assert!(text.contains("\r\nconnection: close\r\n"), "{head}: {text}");
    }
    // HTTP/1.0 has no chunks.
    let old = "PUT /api/sessions HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    let text = world.raw(format!("{old}{hidden}").as_bytes()).await;
    assert!(
        !text.contains("200 OK") && !text.contains(" 401 "),
        "{text}"
    );
    // The same length twice has one meaning.
    let twice =
        format!("content-length: {length}\r\ncontent-length: {length}\r\nconnection: close\r\n");
    let request = format!("PUT /api/sessions HTTP/1.1\r\nhost: x\r\n{twice}\r\n{hidden}{hidden}");
    let text = world.raw(request.as_bytes()).await;
    assert_eq!(
        (status(&text), text.matches("HTTP/1.1 ").count()),
        (401, 1),
        "{text}"
    );
    is_alive(&world).await;
}

#[tokio::test]
async fn bodies_of_garbage_are_refused() {
    let world = World::new(Limits::default());
    let token = world.bot_token(world.bots[3], Scopes::ALL);
    let before = world.snapshot();
    let deep = 50_000;
    for body in [
        "[".repeat(deep),
        "{\"a\":".repeat(deep),
        "{'a':".repeat(deep),
        "'".repeat(deep),
        "{\"Name\":\"\\ud800\"}".to_owned(),
        format!("{{\"Name\":\"{}\"}}", "x".repeat(deep)),
        "{\"Name\":\"a\\u0000b\"}".to_owned(),
        "{\"Name\":\"a\\r\\nb\"}".to_owned(),
        "{\"Name\":1e999}".to_owned(),
        "{\"Name\":{}}".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "\0".to_owned(),
        "<!doctype html>".to_owned(),
    ] {
        let start: String = body.chars().take(40).collect();
        for (method, path) in [
            ("POST", "/api/groups".to_owned()),
            ("POST", "/api/sessions".to_owned()),
            ("POST", "/api/sessions/email".to_owned()),
            ("POST", "/connect/token".to_owned()),
        ] {
            let (status, text) = world.call_as(&token, method, &path, &body).await;
            assert!([400, 429].contains(&status), "{path} {start}: {text}");
        }
    }
    assert_eq!(world.snapshot(), before);
    is_alive(&world).await;
}

#[tokio::test]
async fn names_are_data_and_nothing_else() {
    let world = World::new(Limits::default());
    let token = world.bot_token(world.bots[3], Scopes::ALL);
    for name in [
        "\"},{\"id\":1,\"x\":\"",
        "'; DROP TABLE groups; --",
        "<script>alert(1)</script>",
        "%00%0d%0aset-cookie: x",
        "${jndi:ldap://example.invalid}",
        "../../etc/passwd",
        "Ä\u{202e}\u{1f404}",
    ] {
        let wanted = json!({"Name": name, "description": name}).to_string();
        let (status, text) = world.call_as(&token, "POST", "/api/groups", &wanted).await;
        assert_eq!(status, 200, "{text}");
        let id = body(&text)["id"].clone();
        let path = format!("/api/groups/{id}");
        let (_, text) = world.call_as(&token, "GET", &path, "").await;
        assert_eq!(body(&text)["name"], name);
        assert_eq!(body(&text)["description"], name);
        assert!(!text.contains("\r\nset-cookie"), "{text}");
    }
    for query in [
        "limit=0",
        "limit=-1",
        "limit=99999999999999999999",
        "limit=1&limit=2",
        "LIMIT=%00",
        "&&&=&=",
        "paginationToken=",
    ] {
        let path = format!("/api/groups/joined?{query}");
        let (status, text) = world.call_as(&token, "GET", &path, "").await;
        assert_eq!(status, 200, "{query}: {text}");
    }
    for value in [
        "x",
        "18446744073709551615",
        "%0d%0ax:1",
        "%7B%22PK%22%3A1%7D",
    ] {
        let path = format!("/api/groups/joined?paginationToken={value}");
        let (status, text) = world.call_as(&token, "GET", &path, "").await;
        assert_eq!(status, 400, "{value}: {text}");
    }
}

#[tokio::test]
async fn an_account_owns_a_limited_number_of_groups() {
    let world = World::new(Limits::default());
    let token = world.bot_token(world.bots[0], Scopes::ALL);
    let body = r#"{"Name":"Mill"}"#;
    let mut statuses = Vec::new();
    for _ in 0..101 {
        statuses.push(world.call_as(&token, "POST", "/api/groups", body).await.0);
    }
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        100
    );
    assert_eq!(statuses.last(), Some(&400));
}

#[tokio::test]
async fn every_reply_says_that_the_service_is_private() {
    let world = World::new(Limits::default());
    for (method, path, expected) in [
        ("GET", "/api/regions", 200),
        ("GET", "/api/groups", 401),
        ("GET", "/", 403),
        ("GET", "/api/sessions", 405),
        ("POST", "/connect/token", 400),
    ] {
        let (status, text) = world.call(method, path, "", "").await;
        assert_eq!(status, expected, "{text}");
        assert!(text.contains("\r\nx-pytale-service: private\r\n"), "{text}");
    }
    let upgrade = "GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let text = exchange(world.socket(), upgrade.as_bytes()).await;
    assert_eq!(status(&text), 401, "{text}");
    assert!(text.contains("x-pytale-service: private"), "{text}");
}

#[tokio::test]
async fn an_ipv6_address_of_consoles_has_brackets() {
    let world = World::new(Limits::default());
    let token = world.bot_token(world.bots[2], Scopes::ALL);
    let path = format!("/api/servers/{}/console", world.server);
    for (host, expected) in [
        ("::1", "[::1]"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("192.0.2.1", "192.0.2.1"),
        ("bots.example", "bots.example"),
    ] {
        world.service.with_cloud(|cloud, _| {
            cloud.config.console_host = host.to_owned();
        });
        let (status, text) = world.call_as(&token, "POST", &path, "{}").await;
        assert_eq!(status, 200, "{text}");
        assert!(
            text.contains(&format!("\"address\":\"{expected}\"")),
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_address_of_the_token_endpoint_has_the_scheme_that_the_client_uses() {
    let behind = Limits {
        behind_proxy: true,
        ..Limits::default()
    };
    for (limits, header, expected) in [
        (Limits::default(), "", "http://x/connect/token"),
        (
            Limits::default(),
            "x-forwarded-proto: https\r\n",
            "http://x/connect/token",
        ),
        (
            behind.clone(),
            "x-forwarded-proto: https\r\n",
            "https://x/connect/token",
        ),
        (behind, "", "http://x/connect/token"),
    ] {
        let world = World::new(limits);
        let path = "/.well-known/openid-configuration";
        let (status, text) = world.call("GET", path, header, "").await;
        assert_eq!(
            (status, &body(&text)["token_endpoint"]),
            (200, &json!(expected)),
            "{header}"
        );
    }
}
