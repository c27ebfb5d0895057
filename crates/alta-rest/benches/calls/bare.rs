//! The yardstick: hyper-util's pooled client with the same headers, which collects the body and reads nothing of it.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::{sync::Semaphore, task::JoinSet};

#[derive(Clone)]
pub(crate) struct Bare {
    client: Client<HttpConnector, Full<Bytes>>,
    uri: String,
}

impl Bare {
    pub(crate) fn new(base: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            uri: format!("{base}/servers/300000030"),
        }
    }

    pub(crate) async fn call(&self) {
        let request = Request::get(&self.uri)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, alta_auth::USER_AGENT)
            .header("x-api-key", alta_auth::API_KEY)
            .header(header::AUTHORIZATION, "Bearer token")
            .body(Full::new(Bytes::new()))
            .unwrap();
        let response = self.client.request(request).await.unwrap();
        assert!(response.status().is_success());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(!body.is_empty());
    }

    /// Starts all calls at once; as many go on at the same time as `at_once` says.
    pub(crate) async fn all_at_once(&self, calls: usize, at_once: usize) {
        let limit = Arc::new(Semaphore::new(at_once));
        let mut tasks = JoinSet::new();
        for _ in 0..calls {
            let (bare, limit) = (self.clone(), Arc::clone(&limit));
            tasks.spawn(async move {
                let _permit = limit.acquire().await.unwrap();
                bare.call().await;
            });
        }
        tasks.join_all().await;
    }
}
