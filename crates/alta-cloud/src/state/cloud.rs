use super::accounts::Accounts;
use super::groups::Group;
use super::main_socket::MainSocket;
use super::secrets::HashCost;
use super::servers::{Era, Server};
use super::table::Table;
use super::tokens::{SigningKey, Tokens};
use super::users::Users;
use super::verify::Verifier;
use crate::wire::json::Node;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

pub(super) const FIRST_BOT: u64 = 1_100_000_001;
pub(super) const FIRST_USER: u64 = 1_200_000_001;

/// The settings of the service.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The year whose JSON form of servers is used.
    pub era: Era,
    /// The life of a bot's access token.
    pub token_life: Duration,
    /// The life of a user's access token. Refresh and identity tokens live 24 times as long.
    pub user_token_life: Duration,
    /// The life of a console token.
    pub console_token_life: Duration,
    /// The cost of hashing secrets.
    pub hash_cost: HashCost,
    /// The page size of arrays when a request sets no `limit`.
    pub page_size: usize,
    /// The longest life of a main websocket.
    pub socket_life: Duration,
    /// The time without a frame of the client after which a main websocket is closed.
    pub socket_idle: Duration,
    /// `true` if after a migration the old main websocket still gets events.
    pub migration_overlap: bool,
    /// The pause of a main websocket after each frame that it reads.
    pub read_pause: Duration,
    /// The host of the consoles, as clients are told.
    pub console_host: String,
    /// `true` if the service starts a stopped server when a client requests its console.
    pub starts_servers: bool,
}

impl Default for Config {
    /// The values of the real service.
    fn default() -> Self {
        Self {
            era: Era::default(),
            token_life: Duration::from_secs(3_600),
            user_token_life: Duration::from_secs(3_600),
            console_token_life: Duration::from_secs(600),
            hash_cost: HashCost::default(),
            page_size: 100,
            socket_life: Duration::from_secs(2 * 3_600),
            socket_idle: Duration::from_secs(600),
            migration_overlap: false,
            read_pause: Duration::ZERO,
            console_host: "127.0.0.1".to_owned(),
            starts_servers: true,
        }
    }
}

/// An event for the main websockets that have subscribed to it.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) key: String,
    pub(super) content: Node,
}

/// The whole state of the service.
#[derive(Debug)]
pub struct Cloud {
    /// The settings.
    pub config: Config,
    /// The accounts that can log in.
    pub accounts: Accounts,
    /// The issued tokens.
    pub tokens: Tokens,
    /// All users.
    pub users: Users,
    /// The groups by id.
    pub groups: Table<u64, Group>,
    /// The servers by id.
    pub servers: Table<u64, Server>,
    /// The port of the HTTP service, where consoles' files are downloaded from.
    pub http_port: u16,
    /// Friendship requests and their times: from whom, to whom. Friends have requested each other.
    pub(crate) friendships: Table<(u64, u64), Timestamp>,
    /// Users and their favorite servers, and since when.
    pub(crate) favorites: Table<(u64, u64), Timestamp>,
    /// The open main websockets by connection id.
    pub sockets: BTreeMap<u64, MainSocket>,
    /// Migration tokens and the connections that requested them.
    pub(crate) migrations: HashMap<String, u64>,
    pub(crate) rng: fastrand::Rng,
    pub(super) verifier: Arc<Verifier>,
    pub(super) events: Vec<Event>,
}

impl Cloud {
    /// An empty service for a simulator: `seed` determines everything random, also the key that signs tokens.
    pub fn new(config: Config, seed: u64) -> Self {
        Self::with_key(config, SigningKey::from_seed(seed), seed)
    }

    /// An empty service. `seed` determines everything random except the key that signs tokens.
    pub fn with_key(config: Config, key: SigningKey, seed: u64) -> Self {
        Self {
            verifier: Arc::new(Verifier::new(config.hash_cost)),
            config,
            accounts: Accounts::default(),
            tokens: Tokens::new(key),
            users: Users::default(),
            groups: Table::default(),
            servers: Table::default(),
            http_port: 0,
            friendships: Table::default(),
            favorites: Table::default(),
            sockets: BTreeMap::new(),
            migrations: HashMap::new(),
            rng: fastrand::Rng::with_seed(seed),
            events: Vec::new(),
        }
    }

    /// The id of the user with this name, who is added if there is none.
    pub fn user(&mut self, username: &str, now: Timestamp) -> u64 {
        self.users.find_or_add(FIRST_USER, username, now)
    }

    /// The name of a user.
    pub fn username(&self, id: u64) -> String {
        let user = self.users.get(id);
        user.map_or_else(|| format!("player{id}"), |user| user.username.clone())
    }

    /// Adds an event, to be delivered to the main websockets that have subscribed to it.
    pub fn emit(&mut self, event: &str, key: u64, content: Node) {
        self.events.push(Event {
            name: event.to_owned(),
            key: key.to_string(),
            content,
        });
    }
}
