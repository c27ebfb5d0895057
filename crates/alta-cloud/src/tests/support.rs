//! A service with a group and a server, and clients that send raw bytes.

use crate::net::{Env, Limits};
use crate::state::{
    Cloud, Config, HashCost, Identity, Login, Membership, NewAccount, Purpose, Scopes, SecretHash,
};
use crate::{Host, NoFile, rest, socket};
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// Above the duration of anything that succeeds.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);

/// The secret of the bots, and the password of the users.
pub(super) const SECRET: &str = "moss";

const LIFE: Duration = Duration::from_secs(3_600);

pub(super) struct Service {
    env: Env,
    cloud: Mutex<Cloud>,
}

impl Host for Service {
    fn env(&self) -> &Env {
        &self.env
    }

    fn with_cloud<T>(&self, work: impl FnOnce(&mut Cloud, Timestamp) -> T) -> T {
        let now = self.env.clock.now();
        let mut cloud = self.cloud.lock().unwrap_or_else(PoisonError::into_inner);
        let result = work(&mut cloud, now);
        cloud.deliver(&self.env);
        result
    }

    fn start_server(self: &Arc<Self>, _: u64) {}

    fn file(&self, authorization: Option<&str>, user: &str, file: &str) -> Result<String, NoFile> {
        let grant = self.with_cloud(|cloud, now| cloud.tokens.check_header(authorization, now));
        match grant {
            Ok(grant) if matches!(grant.purpose, Purpose::Console(_)) => {
                if grant.identity.id().to_string() == user {
                    Ok(format!("The file {file}."))
                } else {
                    Err(NoFile::Forbidden)
                }
            }
            _ => Err(NoFile::Unauthorized),
        }
    }
}

/// The private group "Thornwood Folk" and its server "Thornwood".
#[derive(Clone)]
pub(super) struct World {
    pub(super) service: Arc<Service>,
    pub(super) group: u64,
    pub(super) server: u64,
    /// Bots: no membership, member, moderator, owner.
    pub(super) bots: [u64; 4],
    /// Users: a member, one without membership.
    pub(super) users: [u64; 2],
    /// Others: a member, one who has requested to join, one invited, one banned, one without membership.
    pub(super) others: [u64; 5],
}

impl World {
    pub(super) fn new(limits: Limits) -> Self {
        Self::seeded(limits, 7)
    }

    /// The same with another key that signs the tokens.
    pub(super) fn seeded(limits: Limits, seed: u64) -> Self {
        let config = Config {
            hash_cost: HashCost::CHEAPEST,
            ..Config::default()
        };
        let env = Env::new(Handle::current(), 0, 64)
            .with_limits(limits)
            .with_service("private");
        let now = env.clock.now();
        let mut cloud = Cloud::new(config, seed);
        let bots = ["Stranger", "Joiner", "Keeper", "Founder"];
        let secret = SecretHash::of_secret(SECRET, HashCost::CHEAPEST).unwrap();
        let password = SecretHash::of_password(SECRET, HashCost::CHEAPEST).unwrap();
        let mut add = |name: &str, login, hash: &SecretHash| {
            let new = NewAccount {
                name: name.to_owned(),
                login,
                user_id: None,
            };
            cloud.add_account(new, hash.clone(), now).unwrap()
        };
        let bots = bots.map(|name| {
            let client_id = format!("client_{name}");
            let scopes = Scopes::ALL;
            add(name, Login::Bot { client_id, scopes }, &secret)
        });
        let users = ["Ashwick", "Visitor"].map(|name| {
            let email = format!("{name}@example.com");
            add(name, Login::User { email }, &password)
        });
        let others = ["Target", "Asker", "Guest", "Outcast", "Nobody"];
        let others = others.map(|name| cloud.user(name, now));
        let group = cloud.add_group("Thornwood Folk", bots[3], now);
        for (member, role) in [
            (bots[1], 1),
            (bots[2], 2),
            (bots[3], 7),
            (users[0], 1),
            (others[0], 1),
        ] {
            cloud.change_membership(group, member, Membership::Accepted, now);
            cloud.set_role(group, member, role, now).unwrap();
        }
        let memberships = [
            Membership::RequestedJoin,
            Membership::Invited,
            Membership::Banned,
        ];
        for (other, membership) in others[1..4].iter().zip(memberships) {
            cloud.change_membership(group, *other, membership, now);
        }
        let server = cloud.add_server(Some(group), "Thornwood", now);
        cloud.set_online(server, true, now);
        cloud.servers.get_mut(&server).unwrap().console_port = Some(1_760);
        cloud.drop_events();
        Self {
            service: Arc::new(Service {
                env,
                cloud: Mutex::new(cloud),
            }),
            group,
            server,
            bots,
            users,
            others,
        }
    }

    pub(super) fn env(&self) -> &Env {
        &self.service.env
    }

    /// A bot's access token with these scopes.
    pub(super) fn bot_token(&self, bot: u64, scopes: Scopes) -> String {
        self.service.with_cloud(|cloud, now| {
            let name = cloud.username(bot);
            cloud.tokens.bot(bot, &name, "client_x", scopes, now, LIFE)
        })
    }

    pub(super) fn token(&self, identity: Identity, purpose: Purpose) -> String {
        self.service.with_cloud(|cloud, now| {
            let name = cloud.username(identity.id());
            cloud.tokens.user(identity, &name, purpose, now, LIFE)
        })
    }

    /// A text that differs when anything that REST can change differs.
    pub(super) fn snapshot(&self) -> String {
        self.service.with_cloud(|cloud, _| {
            format!(
                "{:?} {:?} {:?}",
                cloud.groups, cloud.servers, cloud.favorites
            )
        })
    }

    /// A new HTTP connection from an address.
    pub(super) fn http_from(&self, peer: Option<IpAddr>) -> DuplexStream {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let service = Arc::clone(&self.service);
        tokio::spawn(async move {
            if let Some(admission) = service.env.admit(peer) {
                rest::serve(&service, Box::new(far), admission).await;
            }
        });
        near
    }

    /// A new connection to the main websocket.
    pub(super) fn socket(&self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let service = Arc::clone(&self.service);
        tokio::spawn(async move {
            if let Some(admission) = service.env.admit(None) {
                socket::serve(&service, Box::new(far), admission).await;
            }
        });
        near
    }

    /// Everything that the service sends in reply to some bytes on a new connection.
    pub(super) async fn raw(&self, bytes: &[u8]) -> String {
        exchange(self.http_from(None), bytes).await
    }

    pub(super) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> (u16, String) {
        let length = body.len();
        let text = self
            .raw(
                format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
                    .as_bytes(),
            )
            .await;
        (status(&text), text)
    }

    pub(super) async fn call_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> (u16, String) {
        let header = format!("authorization: Bearer {token}\r\n");
        self.call(method, path, &header, body).await
    }
}

/// Writes some bytes and reads until the other side ends the connection.
pub(super) async fn exchange(mut stream: DuplexStream, bytes: &[u8]) -> String {
    let (mut reader, mut writer) = tokio::io::split(&mut stream);
    let mut reply = Vec::new();
    let both = async {
        // The service may end the connection before it has read everything.
        let writing = async {
            let _ = writer.write_all(bytes).await;
        };
        let reading = async {
            let _ = reader.read_to_end(&mut reply).await;
        };
        tokio::join!(writing, reading)
    };
    timeout(TIMEOUT, both).await.expect("an end in time");
    String::from_utf8_lossy(&reply).into_owned()
}

/// The status of the first response; 0 if there is none.
pub(super) fn status(text: &str) -> u16 {
    let status = text.split(' ').nth(1);
    status.and_then(|status| status.parse().ok()).unwrap_or(0)
}
