//! The REST client over `reqwest`, with the library's retries, limits and timeouts around it.
//!
//! `cargo run -p alta-rest --example http_reqwest` runs it in a simulated town.

use alta_http::{BoxError, Config, HttpClient, NotSent};
use bytes::Bytes;
use http::{Request, Response};
use std::error::Error;

/// HTTP through a `reqwest::Client`. It should follow no redirects, because the token must not go to another host.
pub(crate) fn over_reqwest(client: reqwest::Client) -> HttpClient {
    let exchange = move |request: Request<Bytes>| {
        let client = client.clone();
        async move {
            match client.execute(request.try_into()?).await {
                Ok(response) => Ok(Response::<reqwest::Body>::from(response)),
                // A request without a connection was not sent, so a retry is safe.
                Err(error) if error.is_connect() => Err(NotSent::new(error).into()),
                Err(error) => Err(BoxError::from(error)),
            }
        }
    };
    HttpClient::layered(tower::service_fn(exchange), &Config::default())
}

/// The names of the bot's groups.
pub(crate) async fn run() -> Result<Vec<String>, Box<dyn Error + Send + Sync>> {
    let town = alta_sim::Sim::builder().start().await?;
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let rest = town::client(over_reqwest(client), &town)?;
    let groups = rest.groups().joined().collect(100).await?;
    Ok(groups.into_iter().map(|joined| joined.group.name).collect())
}

#[path = "common/town.rs"]
mod town;

#[allow(dead_code, clippy::print_stdout, reason = "the test takes the rest")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    println!("{:?}", run().await?);
    Ok(())
}
