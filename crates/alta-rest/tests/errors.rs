//! Errors and their messages.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::{error::Error as _, sync::Arc, time::Duration};

use alta_auth::{
    BotCredentials, BotLogin, BotTokens, Endpoints, StaticToken, Token, TokenCache, TokenSource,
};
use alta_http::HttpClient;
use alta_model::{GroupId, ServerId, UserId};
use alta_rest::{ConsoleOptions, Error, ErrorKind, Identities, Request};
use futures_core::future::BoxFuture;
use http::Method;
use serde_json::json;
use support::{BOT, Renewing, USER, both, client, http, response, serve};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use wiremock::{
    Mock, ResponseTemplate,
    matchers::{any, header, method, path},
};

const GROUP: GroupId = GroupId::new(7);

/// The error of a request for a group with this response.
async fn get_group(response: ResponseTemplate) -> Error {
    let (_server, client) = serve([Mock::given(any()).respond_with(response)]).await;
    client.groups().get(GROUP).await.unwrap_err()
}

#[tokio::test]
async fn a_status_is_a_kind() {
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
async fn a_gateways_message_alone_is_read() {
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
async fn an_empty_response_is_named_as_such() {
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
async fn a_call_without_its_account_names_the_missing_token_and_sends_nothing() {
    let (server, _) = serve([Mock::given(any()).respond_with(ResponseTemplate::new(500))]).await;
    let bot = client(&server.uri(), Identities::bot(StaticToken::new(BOT)));
    let error = bot.users().search("Ashwick").await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NoAccount);
    assert_eq!(
        error.to_string(),
        "POST users/search/username: no account for this call: the call needs a user's token, and the client has none"
    );
    let nobody = client(&server.uri(), Identities::default());
    let error = nobody.groups().get(GROUP).await.unwrap_err();
    assert!(
        error.to_string().contains("a bot's or a user's token"),
        "{error}"
    );
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn either_account_suffices_and_the_bot_takes_precedence() {
    let response = ResponseTemplate::new(200).set_body_json(json!({"id": 7}));
    let (server, both) = serve([Mock::given(any()).respond_with(response)]).await;
    both.groups().get(GROUP).await.unwrap();
    both.as_user().groups().get(GROUP).await.unwrap();
    both.users().get(UserId::new(7)).await.unwrap();
    assert!(both.as_bot().users().get(UserId::new(7)).await.is_err());
    let names: Vec<_> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(|request| {
            request.headers["authorization"]
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let (bot, user) = (format!("Bearer {BOT}"), format!("Bearer {USER}"));
    assert_eq!(names, [bot, user.clone(), user]);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_request_is_repeated_once_even_a_post() {
    for refusal in [
        ResponseTemplate::new(401),
        ResponseTemplate::new(400).set_body_json(json!({"error_code": "ExpiredToken"})),
    ] {
        let (server, _) = serve([
            Mock::given(header("authorization", "Bearer token-1"))
                .respond_with(refusal)
                .expect(1),
            Mock::given(method("POST"))
                .and(header("authorization", "Bearer token-2"))
                .respond_with(response("invite-accept"))
                .expect(1),
        ])
        .await;
        let tokens = Arc::new(Renewing::default());
        let client = client(
            &server.uri(),
            Identities::bot(BotTokens::new(tokens.clone())),
        );
        client.invites().accept(GROUP).await.unwrap();
        assert_eq!(tokens.renewals(), 1);
    }
}

#[tokio::test]
async fn a_token_that_is_refused_again_is_an_error() {
    let (server, _) = serve([Mock::given(any())
        .respond_with(ResponseTemplate::new(401))
        .expect(2)])
    .await;
    let tokens = Arc::new(Renewing::default());
    let client = client(
        &server.uri(),
        Identities::bot(BotTokens::new(tokens.clone())),
    );
    let error = client.groups().get(GROUP).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unauthorized);
    assert_eq!(tokens.renewals(), 1);
}

#[tokio::test]
async fn a_failed_renewal_is_the_error_and_a_refused_one_is_its_source() {
    for (fails, kind, transient) in [
        (alta_auth::ErrorKind::Transport, ErrorKind::Login, true),
        (
            alta_auth::ErrorKind::Refused,
            ErrorKind::Unauthorized,
            false,
        ),
    ] {
        let (server, _) = serve([Mock::given(any())
            .respond_with(ResponseTemplate::new(401))
            .expect(1)])
        .await;
        let tokens = Renewing {
            fails: Some(fails),
            ..Renewing::default()
        };
        let client = client(&server.uri(), Identities::bot(BotTokens::new(tokens)));
        let error = client.groups().get(GROUP).await.unwrap_err();
        assert_eq!((*error.kind(), error.is_transient()), (kind, transient));
        assert!(error.source().unwrap().is::<alta_auth::Error>());
    }
}

#[tokio::test]
async fn a_wrong_client_secret_fails_the_first_call() {
    let (server, _) = serve([Mock::given(path("/connect/token"))
        .respond_with(response("token-invalid-client"))
        .expect(1)])
    .await;
    let endpoints = Endpoints::new(
        format!("{}/connect/token", server.uri()).parse().unwrap(),
        format!("{}/api", server.uri()).parse().unwrap(),
    );
    let credentials = BotCredentials::new("client_1", "wrong".to_owned());
    let login = BotLogin::new(http(), credentials, &endpoints);
    let tokens = TokenCache::new(login);
    let client = client(&server.uri(), Identities::bot(tokens));
    let error = client.groups().get(GROUP).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Login);
    assert!(!error.is_transient());
    assert!(
        error
            .source()
            .unwrap()
            .to_string()
            .contains("invalid_client")
    );
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

#[tokio::test]
async fn no_error_shows_a_secret() {
    let console_token = "bv87s4y387b";
    let bodies = [
        // A console's token in an invalid response.
        (
            200,
            json!({"token": console_token, "server_id": {}}).to_string(),
        ),
        (
            200,
            json!({"token": [console_token], "server_id": [7]}).to_string(),
        ),
        (
            200,
            format!("{{\"server_id\": 7, \"token\": \"{console_token}"),
        ),
        // The request's own token in another field.
        (200, json!({"allowed": true, "server_id": BOT}).to_string()),
        (
            403,
            json!({"message": format!("no {BOT} here")}).to_string(),
        ),
        (500, format!("<html>Authorization: Bearer {BOT}")),
        (500, "<html>eyJhbGciOi.eyJzdWIi.c2ln".to_owned()),
    ];
    for (status, body) in bodies {
        let response = ResponseTemplate::new(status).set_body_string(&body);
        let (_server, client) = serve([Mock::given(any()).respond_with(response)]).await;
        let options = ConsoleOptions::default();
        let error = client
            .servers()
            .console(ServerId::new(7), options)
            .await
            .unwrap_err();
        let kept = String::from_utf8_lossy(error.body());
        let shown = format!("{error} {error:?} {kept}");
        assert!(kept.contains("<redacted>"), "{shown}");
        for secret in [console_token, BOT, "eyJ"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

#[tokio::test]
async fn secrets_that_the_service_repeats_are_hidden_also_escaped_and_after_a_renewal() {
    let token = "a/token+of \"some\" length=";
    let json = serde_json::to_string(token).unwrap();
    let json = json.trim_matches('"');
    let obeyed = "\\u001b[2J\\r\\n\\u202e\\u2028";
    for written in [
        json.to_owned(),
        json.replace('/', "\\/"),
        json.replace('/', "\\u002f"),
        "a%2Ftoken%2Bof%20%22some%22%20length%3D".to_owned(),
    ] {
        for (status, body) in [
            (
                403,
                format!(
                    r#"{{"message": "no {written}{obeyed}", "error_code": "{written}{obeyed}"}}"#
                ),
            ),
            (
                400,
                format!(
                    r#"{{"request_model_errors": {{"errors": [{{"field": "{written}", "message": "{written}{obeyed}"}}]}}}}"#
                ),
            ),
            (200, format!(r#"{{"id": "{written}{obeyed}"}}"#)),
            (
                200,
                format!(r#"{{"id": 7, "name": {{"{written}": "{obeyed}"#),
            ),
            (
                500,
                format!("<html>\u{1b}]0;{written}\r\n\u{9b}\u{202e}</html>"),
            ),
        ] {
            let response = ResponseTemplate::new(status).set_body_string(&body);
            let (server, _) = serve([Mock::given(any()).respond_with(response)]).await;
            let tokens = StaticToken::new(token);
            let client = client(&server.uri(), Identities::bot(tokens));
            let error = client.groups().get(GROUP).await.unwrap_err();
            let kept = String::from_utf8_lossy(error.body());
            let long = format!("{error:#?}").replace('\n', " ");
            let shown = format!("{error} {error:?} {long}");
            for secret in [token, &*written, json, "some"] {
                assert!(!shown.contains(secret), "{secret} in {shown}");
                assert!(!kept.contains(secret), "{secret} in {kept}");
            }
            let obeyed = |c: char| c.is_control() || "\u{202e}\u{2028}".contains(c);
            assert!(!shown.contains(obeyed), "{shown:?}");
        }
    }

    // A refused token stays a secret after its renewal.
    let refused = ResponseTemplate::new(401).set_body_string("no token-1");
    let repeated = ResponseTemplate::new(403).set_body_string("once token-1, now token-2");
    let (server, _) = serve([
        Mock::given(header("authorization", "Bearer token-1")).respond_with(refused),
        Mock::given(header("authorization", "Bearer token-2")).respond_with(repeated),
    ])
    .await;
    let client = client(
        &server.uri(),
        Identities::bot(BotTokens::new(Renewing::default())),
    );
    let error = client.groups().get(GROUP).await.unwrap_err();
    let shown = format!("{error} {error:?} {error:#?}");
    assert!(shown.contains("once <redacted>, now <redacted>"), "{shown}");
    assert!(!shown.contains("token-"), "{shown}");
}

#[tokio::test]
async fn a_key_and_the_password_of_the_address_stay_hidden_after_many_tokens() {
    let refusal = json!({"message": "neither our/key nor hun/ter20 nor aHVuL3RlcjIw"});
    let response = ResponseTemplate::new(400).set_body_json(refusal);
    let (server, _) = serve([Mock::given(any()).respond_with(response)]).await;
    let base = server.uri().replace("://", "://me:hun%2Fter20@");
    let client = client(&base, both()).with_api_key("our/key".parse().unwrap());
    for number in 0..100 {
        client.redactor().learn(&format!("token-{number}"));
        let request = Request::new(Method::POST, "x").json(&json!({"password": number}));
        let error = client.send(&request).await.unwrap_err();
        let shown = "neither <redacted> nor <redacted> nor <redacted>";
        assert_eq!(error.message(), Some(shown));
    }
}

#[tokio::test]
async fn a_hash_from_a_request_body_is_hidden_when_the_service_repeats_it() {
    let repeat = |request: &wiremock::Request| {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let hash = body["new_password_hash"].as_str().unwrap();
        ResponseTemplate::new(400).set_body_json(json!({"message": format!("{hash} is old")}))
    };
    let (_server, client) = serve([Mock::given(any()).respond_with(repeat)]).await;
    let request = Request::new(Method::POST, "users/7/password")
        .json(&json!({"new_password_hash": "bm90LXRoaXM/aGFzaA"}));
    let error = client.send(&request).await.unwrap_err();
    assert_eq!(error.message(), Some("<redacted> is old"));
}

#[tokio::test]
async fn the_query_of_a_raw_request_is_never_shown() {
    let (_server, client) =
        serve([Mock::given(any()).respond_with(ResponseTemplate::new(400))]).await;
    let request =
        Request::new(Method::GET, "services/identity-token/validate").query("token", "hunter2");
    let error = client.send(&request).await.unwrap_err();
    assert!(!format!("{error} {error:?} {request:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_password_in_the_base_address_is_neither_sent_nor_shown() {
    let (server, _) = serve([Mock::given(any()).respond_with(ResponseTemplate::new(404))]).await;
    let base = server.uri().replace("://", "://itsley:hunter20@");
    let client = client(&base, both());
    let error = client.groups().get(GROUP).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotFound);
    assert!(!format!("{client:?} {error:?}").contains("hunter20"));
}

/// A token with these granted scopes.
fn granted(scopes: &str) -> Identities {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

    let claims = json!({"client_sub": "7", "scope": scopes.split(' ').collect::<Vec<_>>()});
    let claims = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    Identities::bot(StaticToken::new(format!("e30.{claims}.e30")))
}

#[tokio::test]
async fn a_call_without_its_scope_names_it_and_is_not_sent() {
    let (server, _) = serve([Mock::given(any()).respond_with(ResponseTemplate::new(403))]).await;
    let bot = client(&server.uri(), granted("group.view server.view"));
    let console = |client: alta_rest::Client| async move {
        let options = ConsoleOptions::default();
        let asked = client.servers().console(ServerId::new(7), options).await;
        asked.unwrap_err()
    };
    let error = console(bot.clone()).await;
    assert_eq!(*error.kind(), ErrorKind::MissingScope);
    assert_eq!(
        error.to_string(),
        "POST servers/7/console: a scope is missing: the token lacks server.console"
    );
    assert!(server.received_requests().await.unwrap().is_empty());

    for client in [
        bot.clone().without_scope_checks(),
        client(&server.uri(), granted("server.console")),
        // The token states no scopes.
        client(&server.uri(), granted("")),
        client(&server.uri(), both()),
    ] {
        assert_eq!(*console(client).await.kind(), ErrorKind::Forbidden);
    }
    // One of two scopes is enough.
    let error = bot.groups().get(GROUP).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Forbidden);
}
