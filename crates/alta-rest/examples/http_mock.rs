//! A mock in place of HTTP: it needs only JSON and opens no socket.
//!
//! `cargo run -p alta-rest --example http_mock` runs it.

use alta_auth::StaticToken;
use alta_http::HttpClient;
use alta_rest::{Client, ErrorKind, Identities};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use std::convert::Infallible;
use std::error::Error;

/// A service with one group.
pub(crate) fn mock() -> HttpClient {
    HttpClient::new(tower::service_fn(|request: Request<Bytes>| async move {
        let (status, body) = match request.uri().path() {
            "/api/groups/7" => (StatusCode::OK, r#"{"id": 7, "name": "Thornwood"}"#),
            _ => (StatusCode::NOT_FOUND, r#"{"message": "No such group"}"#),
        };
        let mut response = Response::new(body.to_owned());
        *response.status_mut() = status;
        Ok::<_, Infallible>(response)
    }))
}

/// The name of the existing group, and the kind of error for another one.
pub(crate) async fn run() -> Result<(String, ErrorKind), Box<dyn Error + Send + Sync>> {
    let bot = Identities::bot(StaticToken::new("any"));
    let rest = Client::new(mock(), "http://mock/api".parse()?, bot);
    let group = rest.groups().get("7".parse()?).await?;
    match rest.groups().get("8".parse()?).await {
        Ok(other) => Err(format!("there is no {}", other.name).into()),
        Err(error) => Ok((group.name, *error.kind())),
    }
}

#[allow(dead_code, clippy::print_stdout, reason = "the test takes the rest")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    println!("{:?}", run().await?);
    Ok(())
}
