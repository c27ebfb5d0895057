use super::entities::{Entity, Item};
use super::log::LogLine;
use super::missing::Missing;
use super::saved::Saved;
use super::server::GameServer;
use super::walk::Walk;
use crate::samples;
use alta_cloud::state::{Cloud, Group, Server, User, Users};
use alta_cloud::wire::json::Node;
use alta_cloud::wire::time::console_time;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

const FIRST_SELF_HOSTED_USER: u64 = 1_000_000_001;

/// An event for the consoles of a server that have subscribed to it.
#[derive(Debug)]
pub(crate) struct ConsoleEvent {
    pub(crate) server: u64,
    pub(crate) name: String,
    pub(crate) data: Node,
}

/// The simulated world. Every server is in `cloud.servers` and in `servers`.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) cloud: Cloud,
    /// The game of each server.
    pub(crate) servers: BTreeMap<u64, GameServer>,
    /// The players of self-hosted servers, whom the cloud does not know.
    self_hosted_users: Users,
    /// The prefabs, which can be spawned, held and traded.
    pub(crate) prefabs: Vec<Item>,
    /// The players on paths, by server and id.
    pub(super) walks: BTreeMap<(u64, u64), Walk>,
    pub(crate) rng: fastrand::Rng,
    /// The servers whose command `quit` has run, and that have not stopped yet.
    pub(crate) quitting: BTreeSet<u64>,
    events: Vec<ConsoleEvent>,
}

impl World {
    pub(crate) fn new(cloud: Cloud, seed: u64) -> Self {
        Self {
            cloud,
            servers: BTreeMap::new(),
            self_hosted_users: Users::default(),
            prefabs: Item::stock(),
            walks: BTreeMap::new(),
            rng: fastrand::Rng::with_seed(seed),
            quitting: BTreeSet::new(),
            events: Vec::new(),
        }
    }

    /// The console events since the last call.
    pub(crate) fn take_events(&mut self) -> Vec<ConsoleEvent> {
        std::mem::take(&mut self.events)
    }

    /// Adds a console event, to be delivered to the consoles that have subscribed to it.
    pub(crate) fn emit(&mut self, server: u64, event: &str, data: Node) {
        self.events.push(ConsoleEvent {
            server,
            name: event.to_owned(),
            data,
        });
    }

    /// Adds the event of a line in a server's log.
    pub(crate) fn log(&mut self, server: u64, line: &LogLine, now: Timestamp) {
        let data = samples::console_data("event-info-log", 0)
            .with("message", line.message.as_str())
            .with("timeStamp", console_time(now))
            .with("logger", line.logger.as_str());
        self.emit(server, line.level.event(), data);
    }

    /// Adds a server, which is offline. Without a group it is self-hosted.
    pub(crate) fn add_server(&mut self, group: Option<u64>, name: &str, now: Timestamp) -> u64 {
        let id = self.cloud.add_server(group, name, now);
        self.servers.insert(id, GameServer::new());
        id
    }

    pub(crate) fn remove_server(&mut self, server: u64, now: Timestamp) {
        self.cloud.remove_server(server, now);
        self.servers.remove(&server);
        self.walks
            .retain(|(walking_on, _), _| *walking_on != server);
    }

    /// Starts or stops a server. A server that stops loses its players and entities.
    pub(crate) fn set_online(&mut self, server: u64, online: bool, now: Timestamp) {
        if !self.cloud.set_online(server, online, now) {
            return;
        }
        if let Some(game) = self.servers.get_mut(&server) {
            game.stalled = false;
            if !online {
                game.end();
                self.walks
                    .retain(|(walking_on, _), _| *walking_on != server);
            }
        }
    }

    /// The game of a server.
    pub(crate) fn game(&self, server: u64) -> Result<&GameServer, Missing> {
        self.servers.get(&server).ok_or(Missing::Server(server))
    }

    pub(crate) fn game_mut(&mut self, server: u64) -> Result<&mut GameServer, Missing> {
        self.servers.get_mut(&server).ok_or(Missing::Server(server))
    }

    /// A server, as the cloud knows it.
    pub(crate) fn server_mut(&mut self, server: u64) -> Result<&mut Server, Missing> {
        let found = self.cloud.servers.get_mut(&server);
        found.ok_or(Missing::Server(server))
    }

    pub(crate) fn group_mut(&mut self, group: u64) -> Result<&mut Group, Missing> {
        let found = self.cloud.groups.get_mut(&group);
        found.ok_or(Missing::Group(group))
    }

    /// The ids of the servers that are online.
    pub(crate) fn online_servers(&self) -> Vec<u64> {
        let servers = self.cloud.servers.values();
        servers
            .filter(|server| server.online)
            .map(|server| server.id)
            .collect()
    }

    pub(crate) fn is_online(&self, server: u64) -> bool {
        let server = self.cloud.servers.get(&server);
        server.is_some_and(|server| server.online)
    }

    pub(crate) fn is_self_hosted(&self, server: u64) -> bool {
        let server = self.cloud.servers.get(&server);
        server.is_some_and(Server::is_self_hosted)
    }

    /// Returns whether a server writes enums as numbers.
    pub(crate) fn has_numeric_enums(&self, server: u64) -> bool {
        self.servers
            .get(&server)
            .is_some_and(|game| game.numeric_enums)
    }

    /// The users that a server knows.
    pub(crate) fn users(&self, self_hosted: bool) -> &Users {
        if self_hosted {
            &self.self_hosted_users
        } else {
            &self.cloud.users
        }
    }

    /// The id of the user with this name, who is added if there is none.
    pub(crate) fn user(&mut self, username: &str, self_hosted: bool, now: Timestamp) -> u64 {
        if self_hosted {
            let users = &mut self.self_hosted_users;
            users.find_or_add(FIRST_SELF_HOSTED_USER, username, now)
        } else {
            self.cloud.user(username, now)
        }
    }

    pub(crate) fn find_user(&self, id: u64) -> Option<&User> {
        let self_hosted = self.self_hosted_users.get(id);
        self_hosted.or_else(|| self.cloud.users.get(id))
    }

    /// The name of a user.
    pub(crate) fn username(&self, id: u64) -> String {
        self.find_user(id)
            .map_or_else(|| self.cloud.username(id), |user| user.username.clone())
    }
}

/// The name without spaces, in lower case.
fn squeezed(name: &str) -> String {
    name.chars()
        .filter(|letter| !letter.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}

impl World {
    /// The prefab with this hash, or with this name in any letter case and with any spaces.
    pub(crate) fn prefab(&self, text: &str) -> Result<Item, Missing> {
        let wanted = squeezed(text);
        let is_it =
            |item: &&Item| squeezed(&item.name) == wanted || item.hash.to_string() == wanted;
        let found = self.prefabs.iter().find(is_it).cloned();
        found.ok_or_else(|| Missing::Prefab(text.to_owned()))
    }

    /// Adds an entity to a server.
    pub(crate) fn spawn(
        &mut self,
        server: u64,
        item: &Item,
        position: [f64; 3],
    ) -> Result<Entity, Missing> {
        let server = self.game_mut(server)?;
        let entity = Entity::new(server.entity_id(), item, position);
        server.entities.insert(entity.id, entity.clone());
        Ok(entity)
    }

    /// Adds the entity of a save string, at this position.
    pub(crate) fn spawn_saved(
        &mut self,
        server: u64,
        saved: Saved,
        position: [f64; 3],
    ) -> Result<Entity, Missing> {
        let item = self.prefab(&saved.prefab().to_string())?;
        let server = self.game_mut(server)?;
        let mut entity = Entity::new(server.entity_id(), &item, position);
        entity.restore(saved);
        server.entities.insert(entity.id, entity.clone());
        Ok(entity)
    }
}
