//! Secrets stay out of errors.

use crate::support::{BOT, Renewing, both, client, serve};
use alta_auth::{BotTokens, StaticToken};
use alta_model::{GroupId, ServerId};
use alta_rest::{ConsoleOptions, ErrorKind, Identities, Request};
use http::Method;
use serde_json::json;
use wiremock::matchers::{any, header};
use wiremock::{Mock, ResponseTemplate};

const GROUP: GroupId = GroupId::new(7);

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
