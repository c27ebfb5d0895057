//! The typed call, over the default transport and layers.

use super::{Call, SERVER, server};
use crate::args::Job;
use alta_auth::StaticToken;
use alta_http::{Config, HttpClient, Tls};
use alta_model::ServerId;
use alta_rest::{Client, Identities};
use std::convert::Infallible;

#[derive(Clone)]
pub(super) struct Ours(Client);

impl Ours {
    pub(super) fn new(base: &str, job: &Job) -> Self {
        let config = Config::default();
        let http = if job.is_in_memory() {
            let service = |_| async { Ok::<_, Infallible>(server::reply()) };
            HttpClient::layered(tower::service_fn(service), &config)
        } else {
            let tls = Tls::with_roots([[0; 0]; 0]).unwrap();
            HttpClient::over_tls(&tls, &config)
        };
        let bot = Identities::bot(StaticToken::new("token"));
        Self(Client::new(http, base.parse().unwrap(), bot))
    }
}

impl Call for Ours {
    async fn call(&self) {
        let id = ServerId::new(SERVER);
        let server = self.0.servers().get(id).await.unwrap();
        assert_eq!(server.id, id);
    }
}
