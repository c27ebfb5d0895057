//! The typed call, over the default transport and layers.

use alta_auth::StaticToken;
use alta_http::{Config, HttpClient, Tls};
use alta_model::ServerId;
use alta_rest::{Client, Identities};

use super::{Call, SERVER};

#[derive(Clone)]
pub(super) struct Ours(Client);

impl Ours {
    pub(super) fn new(base: &str) -> Self {
        let tls = Tls::with_roots([[0; 0]; 0]).unwrap();
        let http = HttpClient::over_tls(&tls, &Config::default());
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
