use alta_auth::{Error, ErrorKind, StaticToken, Token, TokenSource};
use alta_http::{Config, HttpClient, Tls};
use alta_rest::{Client, Identities};
use futures_core::future::BoxFuture;
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) const BOT: &str = "<bot access token>";
pub(crate) const USER: &str = "<user access token>";

pub(crate) fn fixture(name: &str) -> Value {
    let path = format!(
        "{}/../../fixtures/rest/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The response of a fixture with its headers.
pub(crate) fn response(name: &str) -> ResponseTemplate {
    let response = &fixture(name)["response"];
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    let mut template = ResponseTemplate::new(status);
    if !response["body"].is_null() {
        template = template.set_body_json(&response["body"]);
    }
    for (name, value) in response["headers"].as_object().into_iter().flatten() {
        template = template.insert_header(name.as_str(), value.as_str().unwrap());
    }
    template
}

pub(crate) fn http() -> HttpClient {
    let config = Config::default()
        .backoff(Duration::from_millis(1), Duration::from_millis(1))
        .body_limit(100_000);
    HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0]).unwrap(), &config)
}

pub(crate) fn both() -> Identities {
    Identities::bot(StaticToken::new(BOT)).with_user(StaticToken::new(USER))
}

pub(crate) fn client(uri: &str, identities: Identities) -> Client {
    Client::new(http(), format!("{uri}/api").parse().unwrap(), identities)
}

pub(crate) async fn serve(mocks: impl IntoIterator<Item = Mock>) -> (MockServer, Client) {
    let server = MockServer::start().await;
    for mock in mocks {
        mock.mount(&server).await;
    }
    let client = client(&server.uri(), both());
    (server, client)
}

/// A source of `token-1`, `token-2` and so on, one at each renewal.
#[derive(Default)]
pub(crate) struct Renewing {
    pub(crate) count: AtomicUsize,
    /// The error of renewals.
    pub(crate) fails: Option<ErrorKind>,
}

impl Renewing {
    pub(crate) fn renewals(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

impl TokenSource for Renewing {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        Box::pin(async { Ok(Token::new(format!("token-{}", self.renewals() + 1))) })
    }

    fn renew<'a>(&'a self, _: &'a Token) -> BoxFuture<'a, Result<Token, Error>> {
        Box::pin(async {
            self.count.fetch_add(1, Ordering::SeqCst);
            match self.fails {
                Some(kind) => Err(Error::new(kind, "logging in")),
                None => self.token().await,
            }
        })
    }
}
