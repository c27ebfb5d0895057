//! Logins at a server that responds with the fixtures.
#![cfg(feature = "login")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_auth::{
    API_KEY, ErrorKind, Login as _, Password, Scopes, TokenCache, TokenSource as _,
    UserCredentials, UserLogin,
};
use serde_json::json;
use std::error::Error as _;
use std::time::Duration;
use support::{bot, bot_with, endpoints, fixture, http, response, serve, user};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockBuilder, ResponseTemplate};

fn pairs(form: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect()
}

#[tokio::test]
async fn a_bot_sends_the_form_and_reads_the_response_of_the_fixture() {
    let name = "token-client-credentials";
    let token = Mock::given(method("POST"))
        .and(path("/connect/token"))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .respond_with(response(name));
    let server = serve([token]).await;
    let grant = bot(&server.uri(), "<secret>").log_in().await.unwrap();
    assert_eq!(grant.token.expose(), "<bot access token>");
    assert_eq!(grant.expires_in, Some(Duration::from_secs(3_600)));
    let sent = &server.received_requests().await.unwrap()[0];
    assert_eq!(
        pairs(std::str::from_utf8(&sent.body).unwrap()),
        pairs(fixture(name)["request"]["body"].as_str().unwrap())
    );
    assert!(!sent.headers.contains_key("authorization"));
    assert!(sent.headers.contains_key("user-agent"));
}

#[tokio::test]
async fn the_configured_scopes_are_requested() {
    let token = Mock::given(path("/connect/token")).respond_with(
        ResponseTemplate::new(200)
            .set_body_json(json!({"access_token": "abc", "expires_in": "60"})),
    );
    let server = serve([token]).await;
    let scopes: Scopes = "server.view server.fly".parse().unwrap();
    let login = bot_with(&server.uri(), "a=&b==", scopes);
    let grant = login.log_in().await.unwrap();
    assert_eq!(grant.expires_in, Some(Duration::from_secs(60)));
    let sent = &server.received_requests().await.unwrap()[0];
    let sent = pairs(std::str::from_utf8(&sent.body).unwrap());
    assert_eq!(
        sent[1],
        ("scope".to_owned(), "server.view server.fly".to_owned())
    );
    assert_eq!(sent[3], ("client_secret".to_owned(), "a=&b==".to_owned()));
}

#[tokio::test]
async fn a_wrong_client_secret_is_refused_at_once_and_not_retried() {
    let token = Mock::given(path("/connect/token"))
        .respond_with(response("token-invalid-client"))
        .expect(1);
    let server = serve([token]).await;
    let source = TokenCache::new(bot(&server.uri(), "wrong"));
    let error = source.token().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Refused);
    assert!(!error.is_transient());
    assert_eq!(
        (error.status(), error.code()),
        (Some(400), Some("invalid_client"))
    );
    assert_eq!(
        error.to_string(),
        "logging in as a bot: refused with status 400: invalid_client"
    );
}

#[tokio::test]
async fn an_unreachable_host_is_a_transient_error_that_names_it() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let error = bot(&uri, "secret").log_in().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Transport);
    assert!(error.is_transient());
    assert!(error.source().unwrap().to_string().contains(&uri));
}

#[tokio::test]
async fn an_invalid_address_is_a_final_error() {
    let error = bot("ftp://127.0.0.1:1", "secret")
        .log_in()
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidInput);
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_failure_with_an_html_page_is_a_transient_error_with_its_beginning() {
    let page = "<html><head><title>502 Bad Gateway</title>".to_owned() + &"x".repeat(5_000);
    let token = Mock::given(path("/connect/token"))
        .respond_with(ResponseTemplate::new(502).set_body_string(page))
        .expect(3);
    let server = serve([token]).await;
    let error = bot(&server.uri(), "secret").log_in().await.unwrap_err();
    assert_eq!(
        (*error.kind(), error.status()),
        (ErrorKind::Server, Some(502))
    );
    let message = error.message().unwrap();
    assert!(message.starts_with("<html>") && message.len() == 200);
}

#[tokio::test]
async fn the_address_of_another_service_is_an_unexpected_response() {
    for response in [
        ResponseTemplate::new(200).set_body_string("<html>hello"),
        ResponseTemplate::new(200).set_body_json(json!({"access_token": 7})),
        ResponseTemplate::new(200).set_body_json(json!(["access_token"])),
        ResponseTemplate::new(405),
        ResponseTemplate::new(302).insert_header("location", "https://example.org/"),
    ] {
        let server = serve([Mock::given(path("/connect/token")).respond_with(response)]).await;
        let error = bot(&server.uri(), "secret").log_in().await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::UnexpectedResponse);
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn a_cut_response_is_a_transient_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"access";
            let _ = stream.write_all(cut).await;
        }
    });
    let error = bot(&uri, "secret").log_in().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Transport);
    server.abort();
}

#[tokio::test]
async fn a_user_sends_the_body_and_reads_the_response_of_the_fixture() {
    let name = "session-login";
    let session = Mock::given(method("POST"))
        .and(path("/api/sessions"))
        .and(header("x-api-key", API_KEY))
        .and(body_json(&fixture(name)["request"]["body"]))
        .respond_with(response(name));
    let server = serve([session]).await;
    let grant = user(&server.uri()).log_in().await.unwrap();
    assert_eq!(grant.token.expose(), "<user access token>");
    assert_eq!(grant.expires_in, None);
    let sent = &server.received_requests().await.unwrap()[0];
    assert!(!sent.headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_user_can_log_in_by_e_mail() {
    let hash = &fixture("session-login")["request"]["body"]["password_hash"];
    let session = Mock::given(method("POST"))
        .and(path("/api/sessions/email"))
        .and(body_json(
            json!({"email": "ashwick@example.org", "password_hash": hash}),
        ))
        .respond_with(response("session-login"));
    let server = serve([session]).await;
    let password = Password::hashed(hash.as_str().unwrap()).unwrap();
    let credentials = UserCredentials::with_email("ashwick@example.org", password);
    let login = UserLogin::new(http(), credentials, &endpoints(&server.uri()));
    assert_eq!(
        login.log_in().await.unwrap().token.expose(),
        "<user access token>"
    );
}

#[tokio::test]
async fn a_wrong_password_is_refused_at_once_in_the_servers_words() {
    let session = Mock::given(path("/api/sessions"))
        .respond_with(response("session-login-refused"))
        .expect(1);
    let server = serve([session]).await;
    let error = user(&server.uri()).log_in().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Refused);
    assert_eq!(error.code(), Some("InvalidLoginCredentials"));
    assert_eq!(error.message(), Some("Invalid login credentials"));
}

/// A login by password, with the fixture's response.
fn password_login() -> Mock {
    Mock::given(method("POST"))
        .and(path("/api/sessions"))
        .respond_with(response("session-login"))
}

/// The renewal of a session.
fn refresh() -> MockBuilder {
    Mock::given(method("PUT")).and(path("/api/sessions"))
}

#[tokio::test]
async fn a_session_is_renewed_by_its_refresh_token() {
    let server = serve([
        password_login().expect(1),
        refresh()
            .and(header("x-api-key", API_KEY))
            .and(body_json(json!({})))
            .respond_with(response("session-refresh"))
            .expect(2),
    ])
    .await;
    let source = TokenCache::new(user(&server.uri()));
    let first = source.token().await.unwrap();
    let second = source.renew(&first).await.unwrap();
    assert_eq!(second.expose(), "<user access token 2>");
    source.renew(&second).await.unwrap();
    let authorizations: Vec<_> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .filter_map(|request| request.headers.get("authorization").cloned())
        .collect();
    assert_eq!(
        authorizations,
        ["Bearer <refresh token>", "Bearer <refresh token 2>"]
    );
}

#[tokio::test]
async fn a_refused_refresh_or_one_without_a_token_causes_a_new_login() {
    for response_to_refresh in [
        ResponseTemplate::new(401).set_body_json(json!({"error_code": "ExpiredToken"})),
        ResponseTemplate::new(200).set_body_json(json!({})),
    ] {
        let server = serve([
            password_login().expect(2),
            refresh().respond_with(response_to_refresh).expect(1),
        ])
        .await;
        let login = user(&server.uri());
        login.log_in().await.unwrap();
        let grant = login.log_in().await.unwrap();
        assert_eq!(grant.token.expose(), "<user access token>");
    }
}

#[tokio::test]
async fn a_failed_refresh_causes_no_login() {
    let server = serve([
        password_login().expect(1),
        refresh().respond_with(ResponseTemplate::new(503)),
    ])
    .await;
    let login = user(&server.uri());
    login.log_in().await.unwrap();
    let error = login.log_in().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Server);
}
