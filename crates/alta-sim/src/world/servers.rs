use std::collections::BTreeMap;

use jiff::Timestamp;

use super::render::ServerShape;
use super::{Entity, FIRST_SERVER, Player, World, next_id};

/// A message that a player got.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) player: u64,
    pub(crate) text: String,
    pub(crate) duration: f64,
    pub(crate) at: Timestamp,
    pub(crate) joined_at: Timestamp,
}

/// What a server is, apart from what happens on it: every shape in which it is written has these values.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// `att-release` for PC, `att-quest` for Quest, or any other text.
    pub fleet: String,
    /// Such as `north-america-agones`.
    pub region: String,
    /// Stream, dash, four or five numbers: `main-1.6.0.0.40940`.
    pub version: String,
    /// 0 for the PC world, 4 for the Quest world.
    pub scene_index: u64,
    /// 1 for PC, 2 for Quest.
    pub target: u64,
    /// Who may join, such as `PrivateGroup`.
    pub join_type: String,
    /// A rank among the servers that players are offered.
    pub playability: f64,
    /// Written by servers that have a limit of their own.
    pub player_limit: Option<u64>,
    /// Known since 2023.
    pub transport_system: u64,
}

impl Default for ServerInfo {
    /// A server for PC, of a private group.
    fn default() -> Self {
        Self {
            fleet: "att-release".to_owned(),
            region: "north-america-agones".to_owned(),
            version: "main-1.6.0.0.40940".to_owned(),
            scene_index: 0,
            target: 1,
            join_type: "PrivateGroup".to_owned(),
            playability: 0.0,
            player_limit: None,
            transport_system: 1,
        }
    }
}

/// A game server.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a server"
)]
pub(crate) struct Server {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) info: ServerInfo,
    /// `None` for a self-hosted server.
    pub(crate) group: Option<u64>,
    pub(crate) owner: u64,
    pub(crate) self_hosted: bool,
    pub(crate) online: bool,
    pub(crate) started_at: Timestamp,
    pub(crate) last_online: Timestamp,
    pub(crate) created_at: Timestamp,
    pub(crate) players: BTreeMap<u64, Player>,
    pub(crate) told: Vec<Told>,
    /// Whether commands wait until the world is loaded.
    pub(crate) stalled: bool,
    /// Whether only the websocket commands are registered yet.
    pub(crate) booting: bool,
    /// Whether enums are written as numbers.
    pub(crate) numeric_enums: bool,
    /// Homes outlive a visit.
    pub(crate) homes: BTreeMap<u64, [f64; 3]>,
    /// Money outlives a visit.
    pub(crate) balances: BTreeMap<u64, i64>,
    pub(crate) entities: BTreeMap<u64, Entity>,
    pub(crate) next_entity: u64,
    pub(crate) settings: BTreeMap<String, serde_json::Value>,
    /// Console events beyond the stock ones.
    pub(crate) offered_events: Vec<String>,
    /// Hours since midnight in the game.
    pub(crate) hour: f64,
}

/// How many messages to players a server remembers.
const TOLD_LIMIT: usize = 10_000;

impl Server {
    pub(crate) fn remember(&mut self, told: Told) {
        if self.told.len() >= TOLD_LIMIT {
            self.told.drain(..TOLD_LIMIT / 2);
        }
        self.told.push(told);
    }

    /// A number for a new thing in the game.
    pub(crate) fn entity_id(&mut self) -> u64 {
        self.next_entity += 1;
        self.next_entity
    }
}

impl World {
    /// Makes a server, offline. Without a group it is a self-hosted one.
    pub(crate) fn add_server(&mut self, group: Option<u64>, name: &str, now: Timestamp) -> u64 {
        let id = next_id(&self.servers, FIRST_SERVER);
        let owner = group
            .and_then(|group| self.groups.get(&group))
            .map_or(0, |group| group.owner);
        self.servers.insert(
            id,
            Server {
                id,
                name: name.to_owned(),
                description: format!("The town of {name}."),
                info: ServerInfo::default(),
                group,
                owner,
                self_hosted: group.is_none(),
                online: false,
                started_at: now,
                last_online: now,
                created_at: now,
                players: BTreeMap::new(),
                told: Vec::new(),
                stalled: false,
                booting: false,
                numeric_enums: false,
                homes: BTreeMap::new(),
                balances: BTreeMap::new(),
                entities: BTreeMap::new(),
                next_entity: 51_233,
                settings: default_settings(),
                offered_events: Vec::new(),
                hour: 8.0,
            },
        );
        if let Some(group) = group {
            self.tell_server("group-server-create", id, now);
            self.tell_group_update(group);
        }
        id
    }

    pub(crate) fn remove_server(&mut self, server: u64, now: Timestamp) {
        self.tell_server("group-server-delete", server, now);
        self.servers.remove(&server);
    }

    /// Puts a server on or off line and says so to its group.
    pub(crate) fn set_online(&mut self, server: u64, online: bool, now: Timestamp) {
        let Some(found) = self.servers.get_mut(&server) else {
            return;
        };
        if found.online == online {
            return;
        }
        found.online = online;
        found.stalled = false;
        if online {
            found.started_at = now;
        } else {
            found.last_online = now;
            found.players.clear();
            found.entities.clear();
        }
        self.tell_server("group-server-status", server, now);
    }

    /// Tells the server's group about it; the event's name says in which shape.
    pub(crate) fn tell_server(&mut self, event: &str, server: u64, now: Timestamp) {
        let Some(found) = self.servers.get(&server) else {
            return;
        };
        let Some(group) = found.group else { return };
        let shape = if event == "group-server-heartbeat" {
            ServerShape::Heartbeat
        } else {
            ServerShape::Status
        };
        let content = found.json(shape, self.era, now);
        self.tell_main(event, group, content);
    }
}

/// Some of a server's settings with their defaults, as Townsharp lists them.
fn default_settings() -> BTreeMap<String, serde_json::Value> {
    [
        ("IsAutoSaving", true.into()),
        ("MinutesBetweenAutoSaving", 5.0.into()),
        ("DropAllOnDeath", false.into()),
        ("RespawnTimeSeconds", 4.0.into()),
        ("TimeSpeedMultiplier", 1.0.into()),
        ("IsPVPEnabled", false.into()),
        ("PVPMultiplier", 0.1.into()),
        ("HungerTick", 0.0005.into()),
        ("PlayerLimit", (-1).into()),
        ("EmptyServerShutdownTimeInSeconds", 300.into()),
        ("FixedDaytime", (-1.0).into()),
        ("IsSaving", true.into()),
        ("HasAFKTimer", true.into()),
        ("WipesWhenEmpty", false.into()),
    ]
    .into_iter()
    .map(|(name, value): (&str, serde_json::Value)| (name.to_owned(), value))
    .collect()
}
