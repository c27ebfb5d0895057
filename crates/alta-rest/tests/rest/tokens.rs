//! Accounts, their tokens and the scopes of calls.

use crate::support::{BOT, Renewing, USER, both, client, http, response, serve};
use alta_auth::{BotCredentials, BotLogin, BotTokens, Endpoints, StaticToken, TokenCache};
use alta_model::{GroupId, ServerId, UserId};
use alta_rest::{ConsoleOptions, ErrorKind, Identities};
use serde_json::json;
use std::error::Error as _;
use std::sync::Arc;
use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock, ResponseTemplate};

const GROUP: GroupId = GroupId::new(7);

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

/// A token with these granted scopes.
fn granted(scopes: &str) -> Identities {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

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
