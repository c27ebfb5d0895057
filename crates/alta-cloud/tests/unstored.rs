//! A request whose change cannot be stored.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use alta_cloud::net::Env;
use alta_cloud::state::{
    Cloud, Config, HashCost, Identity, Login, NewAccount, Purpose, SecretHash,
};
use alta_cloud::store::{Memory, Row, SharedCloud, Store, StoreError, StoreErrorKind};
use alta_cloud::{Host, NoFile, rest};
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[derive(Debug)]
struct Faulty {
    rows: Memory,
    is_full: Arc<AtomicBool>,
}

impl Store for Faulty {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        self.rows.load()
    }

    fn save(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(StoreError::new(StoreErrorKind::Full, "/secret/path"));
        }
        self.rows.save(rows)
    }

    fn is_changed_elsewhere(&mut self) -> Result<bool, StoreError> {
        Ok(false)
    }
}

struct Service {
    env: Arc<Env>,
    cloud: Arc<SharedCloud>,
}

impl Host for Service {
    fn env(&self) -> &Env {
        &self.env
    }

    fn with_cloud<T>(&self, work: impl FnOnce(&mut Cloud, Timestamp) -> T) -> T {
        self.cloud.run(&self.env, work).0
    }

    async fn change<T: Send>(
        &self,
        work: impl FnOnce(&mut Cloud, Timestamp) -> T + Send,
    ) -> Result<T, StoreError> {
        self.cloud.change(&self.env, work).await
    }

    fn start_server(self: &Arc<Self>, _: u64) {}

    fn file(&self, _: Option<&str>, _: &str, _: &str) -> Result<String, NoFile> {
        Err(NoFile::Unauthorized)
    }
}

/// The text of the response.
async fn send(service: &Arc<Service>, method: &str, path: &str, token: &str, body: &str) -> String {
    let (mut client, server) = tokio::io::duplex(65_536);
    let length = body.len();
    let request = format!(
        "{method} /api/{path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let exchange = async {
        client.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        client.read_to_string(&mut response).await.unwrap();
        response
    };
    let admission = service.env.admit(None).unwrap();
    let serving = rest::serve(service, Box::new(server), admission);
    tokio::join!(serving, exchange).1
}

#[tokio::test]
async fn the_reply_is_503_the_change_is_undone_and_the_service_goes_on() {
    let is_full = Arc::new(AtomicBool::new(false));
    let store = Faulty {
        rows: Memory::default(),
        is_full: Arc::clone(&is_full),
    };
    let mut config = Config::default();
    config.hash_cost = HashCost::CHEAPEST;
    let env = Env::new(tokio::runtime::Handle::current(), 0, 16);
    let cloud = SharedCloud::open(config, Box::new(store), env.clock.now()).unwrap();
    let service = Arc::new(Service {
        env: Arc::new(env),
        cloud: Arc::new(cloud),
    });
    let hash = SecretHash::of_password("tin", HashCost::CHEAPEST).unwrap();
    let new = NewAccount {
        name: "Wick".to_owned(),
        login: Login::User {
            email: String::new(),
        },
        user_id: None,
    };
    let token = service.change(|cloud, now| {
        let id = cloud.add_account(new, hash, now).unwrap();
        let (identity, life) = (Identity::User(id), Duration::from_secs(60));
        cloud
            .tokens
            .user(identity, "Wick", Purpose::Access, now, life)
    });
    let token = token.await.unwrap();
    let create = async || send(&service, "POST", "groups", &token, r#"{"Name": "Folk"}"#).await;
    let list = async || send(&service, "GET", "groups/joined", &token, "").await;

    is_full.store(true, Ordering::SeqCst);
    let refused = create().await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(
        refused.contains("the disk of the service is full"),
        "{refused}"
    );
    assert!(!refused.contains("/secret/path"), "{refused}");
    let listed = list().await;
    assert!(
        listed.starts_with("HTTP/1.1 200 ") && listed.ends_with("[]"),
        "{listed}"
    );

    is_full.store(false, Ordering::SeqCst);
    let created = create().await;
    assert!(created.starts_with("HTTP/1.1 200 "), "{created}");
    assert!(list().await.contains("\"Folk\""));
}
