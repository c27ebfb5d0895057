//! Logs, errors and debug output of a login. A process has one log, so this is a program of its own.
#![cfg(feature = "login")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_auth::{ErrorKind, Login as _, TokenCache, TokenSource as _};
use std::io::Write;
use std::sync::{Arc, Mutex};
use support::{bot_with, fixture, response, serve, user};
use tracing_subscriber::fmt::MakeWriter;
use wiremock::matchers::{method, path};
use wiremock::{Mock, Request, ResponseTemplate};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_error_or_debug_text_shows_a_secret() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .init();
    let echo = |request: &Request| {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        ResponseTemplate::new(403).set_body_string(text)
    };
    let server = serve([
        Mock::given(path("/connect/token")).respond_with(echo),
        Mock::given(method("POST"))
            .and(path("/api/sessions"))
            .respond_with(response("session-login")),
        Mock::given(method("PUT"))
            .and(path("/api/sessions"))
            .respond_with(ResponseTemplate::new(401).set_body_string("<refresh token>")),
    ])
    .await;
    // Few scopes, so that the secret is within the kept part of the response.
    let scopes = "server.view".parse().unwrap();
    let bot = bot_with(&server.uri(), "hunter2==", scopes);
    let user = user(&server.uri());
    let error = bot.log_in().await.unwrap_err();
    assert!(
        error
            .message()
            .unwrap()
            .ends_with("client_secret=<redacted>")
    );
    assert_eq!(*error.kind(), ErrorKind::Refused);
    let source = TokenCache::new(user);
    let token = source.token().await.unwrap();
    source.renew(&token).await.unwrap();
    let shown = format!("{error} {error:?} {bot:?} {source:?} {token:?}")
        + &String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(shown.contains("alta_http"), "the log was not caught");
    let hash = &fixture("session-login")["request"]["body"]["password_hash"];
    for secret in [
        "hunter2",
        hash.as_str().unwrap(),
        "<refresh token",
        "<user access token",
    ] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
