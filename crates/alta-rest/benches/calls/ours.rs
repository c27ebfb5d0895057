//! The typed call, over the default transport and layers.

use std::sync::Arc;

use alta_auth::StaticToken;
use alta_http::{Config, HttpClient, Tls};
use alta_model::ServerId;
use alta_rest::{Client, Identities};
use tokio::task::JoinSet;

pub(crate) struct Ours {
    client: Client,
}

impl Ours {
    pub(crate) fn new(base: &str) -> Self {
        let tls = Tls::with_roots([[0; 0]; 0]).unwrap();
        let http = HttpClient::over_tls(&tls, &Config::default());
        let bot = Identities::bot(Arc::new(StaticToken::new("token")));
        Self {
            client: Client::new(http, base.parse().unwrap(), bot),
        }
    }

    pub(crate) async fn call(&self) {
        call(&self.client).await;
    }

    /// Starts all calls at once; the client's own limit lets some at a time through.
    pub(crate) async fn all_at_once(&self, calls: usize) {
        let mut tasks = JoinSet::new();
        for _ in 0..calls {
            let client = self.client.clone();
            tasks.spawn(async move { call(&client).await });
        }
        tasks.join_all().await;
    }
}

async fn call(client: &Client) {
    let id = ServerId::new(300_000_030);
    let server = client.servers().get(id).await.unwrap();
    assert_eq!(server.id, id);
}
