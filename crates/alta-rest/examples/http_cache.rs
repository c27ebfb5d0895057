//! A layer that caches successful responses to GET requests and records all requests, in front of the default transport.
//!
//! `cargo run -p alta-rest --example http_cache` runs it in a simulated town.

use alta_http::{Config, HttpClient, Tls};
use bytes::Bytes;
use http::{Request, Response};
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

/// Method and address of each request, in order, and whether the response came from the cache.
pub(crate) type Record = Arc<Mutex<Vec<(String, bool)>>>;

/// The same client with a cache. (A real cache would have an expiry.)
pub(crate) fn cached(inner: HttpClient, record: Record) -> HttpClient {
    let kept = Kept::default();
    HttpClient::without_layers(tower::service_fn(move |request: Request<Bytes>| {
        let (inner, kept) = (inner.clone(), Arc::clone(&kept));
        let key = format!("{} {}", request.method(), request.uri());
        let known = lock(&kept).get(&key).cloned();
        lock(&record).push((key.clone(), known.is_some()));
        async move {
            match known {
                Some(response) => Ok(response),
                None => inner
                    .send(request)
                    .await
                    .inspect(|new| keep(&kept, key, new)),
            }
        }
    }))
}

type Kept = Arc<Mutex<HashMap<String, Response<Bytes>>>>;

fn keep(kept: &Kept, key: String, response: &Response<Bytes>) {
    if key.starts_with("GET ") && response.status().is_success() {
        lock(kept).insert(key, response.clone());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The record of two requests for the same list.
pub(crate) async fn run() -> Result<Vec<(String, bool)>, Box<dyn Error + Send + Sync>> {
    let town = alta_sim::Sim::builder().start().await?;
    let record = Record::default();
    let transport = HttpClient::over_tls(&Tls::with_roots([[0; 0]; 0])?, &Config::default());
    let rest = town::client(cached(transport, Arc::clone(&record)), &town)?;
    let first = rest.groups().joined().collect(100).await?;
    let second = rest.groups().joined().collect(100).await?;
    assert_eq!(first, second);
    Ok(lock(&record).clone())
}

#[path = "common/town.rs"]
mod town;

#[allow(dead_code, clippy::print_stdout, reason = "the test takes the rest")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    for (request, was_kept) in run().await? {
        println!("{request}{}", if was_kept { " (from memory)" } else { "" });
    }
    Ok(())
}
