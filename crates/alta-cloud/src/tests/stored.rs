//! A service whose store another process changes, too.

use super::sockets::Client;
use super::support::{exchange, status};
use crate::net::Env;
use crate::state::{Cloud, Config, HashCost, Membership, Scopes};
use crate::store::{SharedCloud, Sqlite, StoreError};
use crate::{Host, NoFile, rest, socket};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

struct Stored {
    env: Arc<Env>,
    state: Arc<SharedCloud>,
}

impl Host for Stored {
    fn env(&self) -> &Env {
        &self.env
    }

    fn with_cloud<T>(&self, work: impl FnOnce(&mut Cloud, Timestamp) -> T) -> T {
        self.state.run(&self.env, work).0
    }

    async fn change<T: Send>(
        &self,
        work: impl FnOnce(&mut Cloud, Timestamp) -> T + Send,
    ) -> Result<T, StoreError> {
        self.state.change(&self.env, work).await
    }

    fn start_server(self: &Arc<Self>, _: u64) {}

    fn file(&self, _: Option<&str>, _: &str, _: &str) -> Result<String, NoFile> {
        Err(NoFile::Unauthorized)
    }
}

/// A group, its owner's token, a server and a user.
struct World {
    host: Arc<Stored>,
    /// The state of another process.
    other: SharedCloud,
    group: u64,
    server: u64,
    guest: u64,
    token: String,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cloud.db");
        let open = || {
            let config = Config {
                hash_cost: HashCost::CHEAPEST,
                ..Config::default()
            };
            let store = Box::new(Sqlite::open(&path).unwrap());
            SharedCloud::open(config, store, Timestamp::now()).unwrap()
        };
        let state = open();
        let (group, server, guest, token) = state
            .prepare(Timestamp::now(), |cloud, now| {
                let owner = cloud.users.add(1_100_000_001, "Founder", true, now);
                let guest = cloud.user("Guest", now);
                let group = cloud.add_group("Thornwood Folk", owner, now);
                let server = cloud.add_server(Some(group), "Thornwood", now);
                let life = Duration::from_secs(3_600);
                let token = cloud
                    .tokens
                    .bot(owner, "Founder", "client_x", Scopes::ALL, now, life);
                (group, server, guest, token)
            })
            .unwrap();
        let env = Env::new(Handle::current(), 0, 64);
        Self {
            host: Arc::new(Stored {
                env: Arc::new(env),
                state: Arc::new(state),
            }),
            other: open(),
            group,
            server,
            guest,
            token,
            _folder: folder,
        }
    }

    /// The other process changes the state.
    fn elsewhere(&self, work: impl FnOnce(&mut Cloud)) {
        let changed = self.other.prepare(Timestamp::now(), |cloud, _| work(cloud));
        changed.unwrap();
    }
}

#[tokio::test]
async fn a_request_begins_again_when_another_process_has_changed_the_store() {
    let world = World::new();
    let (group, guest, token) = (world.group, world.guest, &world.token);
    world.elsewhere(|cloud| cloud.groups.get_mut(&group).unwrap().name = "Hollow".to_owned());
    let host = &world.host;
    let (near, far) = tokio::io::duplex(64 * 1024);
    let admission = host.env.admit(None).unwrap();
    let service = Arc::clone(host);
    tokio::spawn(async move { rest::serve(&service, Box::new(far), admission).await });
    let request = format!(
        "POST /api/groups/{group}/invites/{guest} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\
         authorization: Bearer {token}\r\n\r\n"
    );
    let reply = exchange(near, request.as_bytes()).await;
    assert_eq!(status(&reply), 200, "{reply}");
    host.state.look(|cloud| {
        let group = &cloud.groups[&group];
        assert_eq!(group.name, "Hollow");
        assert!(group.member(guest, Membership::Invited).is_some());
    });
}

#[tokio::test]
async fn subscribers_learn_what_another_process_has_changed() {
    let world = World::new();
    let (group, server, token) = (world.group, world.server, &world.token);
    let (near, far) = tokio::io::duplex(64 * 1024);
    let admission = world.host.env.admit(None).unwrap();
    let service = Arc::clone(&world.host);
    tokio::spawn(async move { socket::serve(&service, Box::new(far), admission).await });
    let mut client = Client::open(near, token).await.unwrap();
    for event in ["group-update", "group-server-update"] {
        assert_eq!(client.subscribe(token, event, group).await, 200);
    }
    world.elsewhere(|cloud| {
        cloud.groups.get_mut(&group).unwrap().name = "Hollow".to_owned();
        cloud.servers.get_mut(&server).unwrap().name = "Mill".to_owned();
    });
    assert!(world.host.state.reload(&world.host.env).unwrap());
    for (event, name) in [("group-update", "Hollow"), ("group-server-update", "Mill")] {
        let frame = client.next().await.unwrap();
        assert_eq!(
            (&frame["event"], &frame["key"]),
            (&event.into(), &group.to_string().into())
        );
        let content = frame["content"].as_str().unwrap();
        let content: serde_json::Value = serde_json::from_str(content).unwrap();
        assert_eq!(content["name"], name);
    }
    assert!(!world.host.state.reload(&world.host.env).unwrap());
}
