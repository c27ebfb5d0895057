#![allow(dead_code, reason = "each test program uses a part")]

use alta_auth::{
    BotCredentials, BotLogin, Endpoints, Password, Scopes, UserCredentials, UserLogin,
};
use alta_http::{Config, HttpClient, Tls};
use serde_json::Value;
use std::time::Duration;
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) const CLIENT_ID: &str = "client_00000000-0000-0000-0000-000000000000";

pub(crate) fn fixture(name: &str) -> Value {
    let path = format!(
        "{}/../../fixtures/rest/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The response of a fixture.
pub(crate) fn response(name: &str) -> ResponseTemplate {
    let response = &fixture(name)["response"];
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    ResponseTemplate::new(status).set_body_json(&response["body"])
}

pub(crate) fn http() -> HttpClient {
    let config = Config::default().backoff(Duration::from_millis(1), Duration::from_millis(1));
    HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0]).unwrap(), &config)
}

pub(crate) fn endpoints(uri: &str) -> Endpoints {
    Endpoints::new(
        format!("{uri}/connect/token").parse().unwrap(),
        format!("{uri}/api/").parse().unwrap(),
    )
}

pub(crate) fn bot(uri: &str, secret: &str) -> BotLogin {
    bot_with(uri, secret, Scopes::default())
}

pub(crate) fn bot_with(uri: &str, secret: &str, scopes: Scopes) -> BotLogin {
    let credentials = BotCredentials::new(CLIENT_ID, secret.to_owned()).with_scopes(scopes);
    BotLogin::new(http(), credentials, &endpoints(uri))
}

pub(crate) fn user(uri: &str) -> UserLogin {
    let credentials = UserCredentials::new("Ashwick", Password::plain("password"));
    UserLogin::new(http(), credentials, &endpoints(uri))
}

pub(crate) async fn serve(mocks: impl IntoIterator<Item = Mock>) -> MockServer {
    let server = MockServer::start().await;
    for mock in mocks {
        mock.mount(&server).await;
    }
    server
}
