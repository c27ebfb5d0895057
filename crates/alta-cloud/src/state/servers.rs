use super::users::user_json;
use crate::wire::json::Node;
use crate::wire::time::{rest_time, time_span};
use crate::wire::{main_content, rest_body};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The configuration of a server. Every JSON form of the server has these values.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
#[serde(default)]
pub struct ServerInfo {
    /// The fleet: `att-release` for PC, `att-quest` for Quest, or any other string.
    pub fleet: String,
    /// The region, such as `north-america-agones`.
    pub region: String,
    /// The version: stream, dash, four or five numbers, such as `main-1.6.0.0.40940`.
    pub version: String,
    /// The world: 0 for the PC world, 4 for the Quest world.
    pub scene_index: u64,
    /// The platform: 1 for PC, 2 for Quest.
    pub target: u64,
    /// The players who may join, such as `PrivateGroup`.
    pub join_type: String,
    /// The rank among the servers that are offered to players.
    pub playability: f64,
    /// The limit of players, if the server has one of its own.
    pub player_limit: Option<u64>,
    /// A number that servers have since 2023.
    pub transport_system: u64,
}

impl Default for ServerInfo {
    /// A PC server of a private group.
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

/// The year whose JSON form of servers is used.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Era {
    /// REST replies lack `is_online`, `online_ping`, `player_count`, `join_type`, `created_at` and `transport_system`. Status
    /// events lack `is_online`, and those of a server that stops still have the final status `Online`. Heartbeats are those
    /// of 2023.
    Y2022,
    /// All of these fields exist.
    #[default]
    Y2023,
}

/// The message in which a server is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ServerShape {
    /// REST replies.
    Rest,
    /// `group-server-status` and the other events except the heartbeat.
    Status,
    /// `group-server-heartbeat`.
    Heartbeat,
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    /// The server's id.
    pub id: u64,
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
    /// The configuration.
    pub info: ServerInfo,
    /// The group. A server without a group is self-hosted: REST and the main websocket do not know it.
    pub group: Option<u64>,
    /// The user who owns the group.
    pub owner: u64,
    /// `true` if the server runs.
    pub online: bool,
    /// The last start.
    pub started_at: Timestamp,
    /// The end of the last run.
    pub last_online: Timestamp,
    /// The last time at which the server was online, as stored; see [`Cloud::note_last_online`](super::Cloud::note_last_online).
    pub noted_online: Timestamp,
    /// The time of creation.
    pub created_at: Timestamp,
    /// The names of the players who are on the server, by user id.
    pub players: BTreeMap<u64, String>,
    /// The port of the console while it is open.
    pub console_port: Option<u16>,
}

/// The stored part of a server. Its players, and whether it runs, are not stored.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ServerRecord {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) info: ServerInfo,
    pub(super) group: Option<u64>,
    pub(super) owner: u64,
    pub(super) created_at: Timestamp,
    pub(super) last_online: Timestamp,
}

impl ServerRecord {
    /// Returns whether clients see a difference. The time of the last run is not one: it is sent with other changes.
    pub(super) fn differs_from(&self, other: &Self) -> bool {
        let last_online = other.last_online;
        Self {
            last_online,
            ..self.clone()
        } != *other
    }
}

impl Server {
    /// Returns whether REST and the main websocket do not know the server.
    pub fn is_self_hosted(&self) -> bool {
        self.group.is_none()
    }

    /// `Online` or `Offline`.
    pub(crate) fn status(&self) -> &'static str {
        if self.online { "Online" } else { "Offline" }
    }

    /// The sample for this message, with the values of this server.
    pub(crate) fn json(&self, shape: ServerShape, era: Era, now: Timestamp) -> Node {
        let sample = match (shape, era) {
            (ServerShape::Rest, Era::Y2022) => rest_body("server-by-id"),
            (ServerShape::Rest, Era::Y2023) => rest_body("server-by-id-2023"),
            (ServerShape::Status, Era::Y2022) => main_content("event-group-server-status"),
            (ServerShape::Status, Era::Y2023) | (ServerShape::Heartbeat, _) => {
                main_content("event-group-server-heartbeat")
            }
        };
        let node = self.values(now).into_iter().fold(sample, Node::set);
        let node = match self.info.player_limit {
            Some(limit) if era != Era::Y2022 => node.and("player_limit", limit),
            _ => node.without(&["player_limit"]),
        };
        let node = if self.online {
            node
        } else {
            node.without(&["online_ping"])
        };
        if shape == ServerShape::Status && era == Era::Y2022 {
            node.with("final_status", "Online")
        } else {
            node
        }
    }

    /// The values that any form of a server has, except the limit of players.
    pub(super) fn values(&self, now: Timestamp) -> [(&'static str, Node); 24] {
        let players: Vec<Node> = self
            .players
            .iter()
            .map(|(id, username)| user_json(*id, username))
            .collect();
        let up = if self.online {
            now.duration_since(self.started_at).unsigned_abs()
        } else {
            Duration::ZERO
        };
        let seen = rest_time(if self.online { now } else { self.last_online });
        let info = &self.info;
        [
            ("id", self.id.into()),
            ("name", self.name.as_str().into()),
            ("player_count", (players.len() as u64).into()),
            ("online_players", players.into()),
            ("server_status", self.status().into()),
            ("final_status", self.status().into()),
            ("scene_index", info.scene_index.into()),
            ("target", info.target.into()),
            ("region", info.region.as_str().into()),
            ("online_ping", seen.as_str().into()),
            ("last_online", seen.into()),
            ("description", self.description.as_str().into()),
            ("playability", info.playability.into()),
            ("version", info.version.as_str().into()),
            ("group_id", self.group.unwrap_or_default().into()),
            ("owner_type", "Group".into()),
            ("owner_id", self.owner.into()),
            ("type", "Normal".into()),
            ("fleet", info.fleet.as_str().into()),
            ("up_time", time_span(up).into()),
            ("join_type", info.join_type.as_str().into()),
            ("created_at", rest_time(self.created_at).into()),
            ("is_online", self.online.into()),
            ("transport_system", info.transport_system.into()),
        ]
    }
}
