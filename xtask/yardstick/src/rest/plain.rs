//! The yardstick: hyper-util's pooled client with the same headers, which collects the body and reads nothing of it.

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::{Call, SERVER};

#[derive(Clone)]
pub(super) struct Plain {
    client: Client<HttpConnector, Full<Bytes>>,
    uri: String,
}

impl Plain {
    pub(super) fn new(base: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            uri: format!("{base}/servers/{SERVER}"),
        }
    }
}

impl Call for Plain {
    async fn call(&self) {
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
}
