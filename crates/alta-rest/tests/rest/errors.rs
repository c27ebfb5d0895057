//! Errors and their messages.

use crate::support::{self, both, client, serve};
use alta_auth::{BotTokens, StaticToken, Token, TokenSource};
use alta_http::HttpClient;
use alta_model::GroupId;
use alta_rest::{Error, ErrorKind, Identities};
use futures_core::future::BoxFuture;
use serde_json::json;
use std::error::Error as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::matchers::{any, method};
use wiremock::{Mock, ResponseTemplate};

const GROUP: GroupId = GroupId::new(7);

/// The error of a request for a group with this response.
async fn get_group(response: ResponseTemplate) -> Error {
    let (_server, client) = serve([Mock::given(any()).respond_with(response)]).await;
    client.groups().get(GROUP).await.unwrap_err()
}

#[tokio::test]
async fn each_status_has_its_kind_of_error() {
    for (status, kind, transient) in [
        (302, ErrorKind::UnexpectedStatus, false),
        (400, ErrorKind::Rejected, false),
        (401, ErrorKind::Unauthorized, false),
        (403, ErrorKind::Forbidden, false),
        (404, ErrorKind::NotFound, false),
        (405, ErrorKind::MethodNotAllowed, false),
        (409, ErrorKind::Conflict, false),
        (418, ErrorKind::UnexpectedStatus, false),
        (422, ErrorKind::Rejected, false),
        (429, ErrorKind::RateLimited, true),
        (500, ErrorKind::Server, true),
        (503, ErrorKind::Server, true),
    ] {
        let response = ResponseTemplate::new(status).insert_header("retry-after", "31");
        let error = get_group(response).await;
        assert_eq!(*error.kind(), kind, "{status}");
        assert_eq!(error.is_transient(), transient, "{status}");
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(31)));
        assert_eq!(error.doing(), "GET groups/7");
    }
}

#[tokio::test]
async fn a_change_that_may_have_been_made_and_a_pause_are_in_the_message() {
    let cut = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", cut.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = cut.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
        }
    });
    let unreachable = client(&uri, both());
    let error = unreachable.invites().accept(GROUP).await.unwrap_err();
    assert!(error.may_have_run());
    assert_eq!(
        error.to_string(),
        "POST groups/invites/7: the exchange broke off; the service may have executed it"
    );
    let error = unreachable.groups().get(GROUP).await.unwrap_err();
    assert_eq!(error.to_string(), "GET groups/7: the exchange broke off");

    let busy = ResponseTemplate::new(429).insert_header("retry-after", "31");
    let (server, client) = serve([Mock::given(any()).respond_with(busy)]).await;
    let error = client.invites().accept(GROUP).await.unwrap_err();
    assert!(!error.may_have_run());
    assert_eq!(
        error.to_string(),
        "POST groups/invites/7: too many requests (429); retry after 31s"
    );
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_request_that_timed_out_is_retried() {
    let once = |status| ResponseTemplate::new(status).insert_header("retry-after", "0");
    let ok = || {
        let body = json!({"id": 7, "user_id": 3, "group_id": 7, "role_id": 1});
        ResponseTemplate::new(200).set_body_json(body)
    };
    let (server, client) = serve([
        Mock::given(method("GET"))
            .respond_with(once(500))
            .up_to_n_times(1),
        Mock::given(method("POST"))
            .respond_with(once(429))
            .up_to_n_times(1),
        Mock::given(any()).respond_with(ok()),
    ])
    .await;
    client.groups().get(GROUP).await.unwrap();
    client.invites().accept(GROUP).await.unwrap();
    assert_eq!(server.received_requests().await.unwrap().len(), 4);
}

/// A source whose login never ends.
struct Silent;

impl TokenSource for Silent {
    fn token(&self) -> BoxFuture<'_, Result<Token, alta_auth::Error>> {
        Box::pin(std::future::pending())
    }

    fn renew<'a>(&'a self, _: &'a Token) -> BoxFuture<'a, Result<Token, alta_auth::Error>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_call_is_bounded_with_its_login() {
    let silent = tower::service_fn(|_: http::Request<bytes::Bytes>| {
        std::future::pending::<Result<http::Response<String>, std::convert::Infallible>>()
    });
    let http = HttpClient::layered(silent, &alta_http::Config::default().attempts(1_000));
    let base: url::Url = "http://example.invalid/api".parse().unwrap();
    for (identities, kind) in [
        (Identities::bot(BotTokens::new(Silent)), ErrorKind::Login),
        (both(), ErrorKind::TimedOut),
    ] {
        let client = alta_rest::Client::new(http.clone(), base.clone(), identities);
        let started = tokio::time::Instant::now();
        let error = client.groups().get(GROUP).await.unwrap_err();
        assert_eq!(*error.kind(), kind);
        assert!(error.is_transient());
        let elapsed = started.elapsed();
        let within = Duration::from_secs(60);
        assert!(elapsed > within / 2 && elapsed <= within, "{elapsed:?}");
    }
}

#[tokio::test]
async fn the_services_message_is_in_the_error_and_its_code_is_for_programs() {
    let error = get_group(ResponseTemplate::new(404).set_body_json(json!({
        "message": "No such group", "error_code": "SomethingNew", "context": {"id": 7}
    })))
    .await;
    assert_eq!(
        error.to_string(),
        "GET groups/7: not found (404): No such group (SomethingNew)"
    );
    assert_eq!(error.message(), Some("No such group"));
    assert_eq!(error.error_code().unwrap().as_str(), "SomethingNew");
    assert_eq!(error.api_error().unwrap().context, Some(json!({"id": 7})));
}

#[tokio::test]
async fn a_gateway_error_with_only_a_message_is_read() {
    let error =
        get_group(ResponseTemplate::new(403).set_body_json(json!({"message": "Forbidden"}))).await;
    assert_eq!(
        error.to_string(),
        "GET groups/7: forbidden (403): Forbidden"
    );
}

#[tokio::test]
async fn an_html_page_keeps_its_status_and_its_beginning() {
    let page = "<html>\n<h1>500</h1>".to_owned() + &"x".repeat(5_000);
    let error = get_group(ResponseTemplate::new(500).set_body_string(page)).await;
    assert_eq!(
        (*error.kind(), error.status().unwrap().as_u16()),
        (ErrorKind::Server, 500)
    );
    assert!(
        error.to_string().contains("(500): <html> <h1>500</h1>xx"),
        "{error}"
    );
    assert_eq!(error.body().len(), 1_024);
    assert!(error.api_error().is_none());
}

#[tokio::test]
async fn html_with_a_success_status_is_an_error() {
    let error = get_group(ResponseTemplate::new(200).set_body_string("<html>hello")).await;
    assert_eq!(*error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("<html>hello"), "{error}");
    assert!(error.may_have_run());
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_named_with_its_surroundings() {
    let error = get_group(ResponseTemplate::new(200).set_body_json(json!({
        "id": "first", "roles": [{"role_id": 1}, {"role_id": 2}]
    })))
    .await;
    assert_eq!(*error.kind(), ErrorKind::Decode);
    let text = error.to_string();
    assert!(text.contains("at id: "), "{text}");
    assert!(text.contains(r#"{"id":"first","#), "{text}");
}

#[tokio::test]
async fn an_error_says_that_the_body_is_empty() {
    let error = get_group(ResponseTemplate::new(200)).await;
    assert_eq!(
        error.to_string(),
        "GET groups/7: the response could not be decoded (200): the body is empty"
    );
}

#[tokio::test]
async fn a_response_above_the_limit_is_not_read() {
    let error = get_group(ResponseTemplate::new(200).set_body_string("x".repeat(100_001))).await;
    assert_eq!(*error.kind(), ErrorKind::TooLarge);
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_cut_response_is_a_broken_exchange() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"id\"";
            let _ = stream.write_all(cut).await;
        }
    });
    let error = client(&uri, both()).groups().get(GROUP).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Transport);
    assert!(error.is_transient() && error.may_have_run());
    server.abort();
}

#[tokio::test]
async fn an_unreachable_host_differs_from_a_broken_exchange() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let error = client(&uri, both()).groups().get(GROUP).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotSent);
    assert!(error.is_transient() && !error.may_have_run());
    assert!(error.source().unwrap().to_string().contains(&uri));
}

#[tokio::test]
async fn an_invalid_address_is_a_final_error() {
    let client = client("ftp://127.0.0.1:1", both());
    let error = client.groups().get(GROUP).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidRequest);
    assert!(!error.is_transient() && !error.may_have_run());
    let source = error.source().unwrap().to_string();
    assert!(source.contains("invalid input"), "{source}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let response = ResponseTemplate::new(307).insert_header("location", "http://127.0.0.1:1/");
    let error = get_group(response).await;
    assert_eq!(*error.kind(), ErrorKind::UnexpectedStatus);
}

#[tokio::test]
async fn an_invalid_path_fails_before_the_request_is_sent() {
    let (server, client) = serve([]).await;
    for name in ["", "..", "."] {
        let mut found = client.servers().named(name);
        let error = found.next().await.unwrap().unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::InvalidRequest);
    }
    let token = Identities::bot(StaticToken::new("two\nlines"));
    let broken = support::client(&server.uri(), token);
    let error = broken.groups().get(GROUP).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidRequest);
    assert!(format!("{error:?}").contains("the fixed token has a control character"));
    assert!(!format!("{error:?}").contains("lines"));
    assert!(server.received_requests().await.unwrap().is_empty());
}
