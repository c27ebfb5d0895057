//! What the world's things look like on the wire: the fixtures' objects with this world's values in them.

use std::time::Duration;

use jiff::Timestamp;

use super::{Group, Member, Server, Standing, World};
use crate::clock::{rest_time, time_span};
use crate::json::Node;
use crate::recordings;

/// `{id, username}`, from the fixture's user.
pub(crate) fn user(id: u64, username: &str) -> Node {
    recordings::rest_body("user-by-id")
        .with("id", id)
        .with("username", username)
}

impl Member {
    /// The fixture's member with this one's values.
    pub(crate) fn json(&self) -> Node {
        let permissions = match self.role_id {
            // No flag has the value 0, so no name can be written.
            0 => Node::from(0_u64),
            1 => Node::from("Member"),
            7 => Node::from("Member, Moderator, Admin"),
            _ => Node::from("Member, Moderator"),
        };
        recordings::rest_body("invite-accept")
            .with("group_id", self.group_id)
            .with("user_id", self.user_id)
            .with("username", self.username.as_str())
            .with("bot", self.bot)
            .with("permissions", permissions)
            .with("role_id", self.role_id)
            .with("created_at", rest_time(self.created_at))
            .with("type", self.standing.name())
    }
}

impl Group {
    fn fill(&self, node: Node) -> Node {
        let count = self
            .members
            .values()
            .filter(|member| member.standing == Standing::Accepted)
            .count();
        node.with("id", self.id)
            .with("name", self.name.as_str())
            .with("description", self.description.as_str())
            .with("member_count", count as u64)
            .with("created_at", rest_time(self.created_at))
            .with("type", self.kind.as_str())
    }

    /// A group that was just made.
    pub(crate) fn created(&self) -> Node {
        self.fill(recordings::rest_body("group-create"))
    }

    /// An invited group: no servers and no roles.
    pub(crate) fn invited(&self, since: Timestamp) -> Node {
        self.fill(recordings::rest_item("my-invites"))
            .with("invited_at", rest_time(since))
    }

    /// The content of `group-update`: only the basic fields.
    pub(crate) fn update(&self) -> Node {
        self.fill(recordings::main_content("event-group-update"))
    }
}

impl World {
    /// A group with its servers and roles.
    pub(crate) fn group_detailed(&self, group: u64) -> Option<Node> {
        let group = self.groups.get(&group)?;
        let template = recordings::rest_body("group-by-id");
        let row = template
            .get("servers")
            .and_then(|servers| servers.as_list().first())
            .cloned()
            .unwrap_or(Node::Null);
        let servers: Vec<Node> = self
            .servers
            .values()
            .filter(|server| server.group == Some(group.id))
            .map(|server| {
                row.clone()
                    .with("id", server.id)
                    .with("name", server.name.as_str())
                    .with("scene_index", server.info.scene_index)
                    .with("status", server.status())
            })
            .collect();
        Some(
            group
                .fill(template)
                .with("servers", servers)
                .with("roles", group.roles.clone()),
        )
    }

    /// `{group, member}`.
    pub(crate) fn joined_group(&self, group: u64, user: u64) -> Option<Node> {
        let member = self.groups.get(&group)?.members.get(&user)?.json();
        Some(
            recordings::rest_item("joined-groups")
                .with("group", self.group_detailed(group)?)
                .with("member", member),
        )
    }
}

/// In which year's shape servers are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Era {
    /// REST answers have none of `is_online`, `online_ping`, `player_count`, `join_type`, `created_at` and
    /// `transport_system`; status events have no `is_online`, and those of a server that stops still say `Online` as the
    /// final status. Heartbeats are those of 2023.
    Y2022,
    /// All of these are there.
    #[default]
    Y2023,
}

/// Where a server is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ServerShape {
    /// REST answers.
    Rest,
    /// `group-server-status` and its like.
    Status,
    /// `group-server-heartbeat`.
    Heartbeat,
}

impl Server {
    /// `Online` or `Offline`.
    pub(crate) fn status(&self) -> &'static str {
        if self.online { "Online" } else { "Offline" }
    }

    /// A sample of that shape with this server's values in it.
    pub(crate) fn json(&self, shape: ServerShape, era: Era, now: Timestamp) -> Node {
        let sample = match (shape, era) {
            (ServerShape::Rest, Era::Y2022) => recordings::rest_body("server-by-id"),
            (ServerShape::Rest, Era::Y2023) => recordings::rest_body("server-by-id-2023"),
            (ServerShape::Status, Era::Y2022) => {
                recordings::main_content("event-group-server-status")
            }
            (ServerShape::Status, Era::Y2023) | (ServerShape::Heartbeat, _) => {
                recordings::main_content("event-group-server-heartbeat")
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

    /// Everything that is written of a server, in any shape, but for its limit of players.
    fn values(&self, now: Timestamp) -> [(&'static str, Node); 24] {
        let players: Vec<Node> = self
            .players
            .values()
            .map(|player| user(player.id, &player.username))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_the_same_values_in_every_shape() {
        let now = Timestamp::UNIX_EPOCH;
        let mut world = World::new(0);
        let group = world.add_group("Thornwood Folk", 1, now);
        let id = world.add_server(Some(group), "Thornwood", now);
        let server = world.servers.get_mut(&id).unwrap();
        server.online = true;
        server.info.fleet = "att-quest".to_owned();
        let expected = server.values(now);
        for era in [Era::Y2022, Era::Y2023] {
            for shape in [
                ServerShape::Rest,
                ServerShape::Status,
                ServerShape::Heartbeat,
            ] {
                let Node::Object(members) = server.json(shape, era, now) else {
                    panic!("no object")
                };
                for (name, value) in members {
                    let of_server = expected.iter().find(|(known, _)| **known == name);
                    assert_eq!(
                        of_server.map(|(_, value)| value),
                        Some(&value),
                        "{name} in {shape:?} of {era:?} is not the server's"
                    );
                }
            }
        }
    }

    #[test]
    fn only_the_shapes_of_2023_say_whether_a_server_is_online() {
        let now = Timestamp::UNIX_EPOCH;
        let mut world = World::new(0);
        let id = world.add_server(None, "Thornwood", now);
        let server = &world.servers[&id];
        let is_online = |shape, era| server.json(shape, era, now).get("is_online").cloned();
        for shape in [ServerShape::Rest, ServerShape::Status] {
            assert_eq!(is_online(shape, Era::Y2022), None);
            assert_eq!(is_online(shape, Era::Y2023), Some(Node::Bool(false)));
        }
        let stopped = server.json(ServerShape::Status, Era::Y2022, now);
        assert_eq!(stopped.get("final_status"), Some(&"Online".into()));
        assert_eq!(stopped.get("online_ping"), None);
    }
}
