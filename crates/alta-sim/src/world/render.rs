//! What the world's things look like on the wire: recorded objects with this world's values in them.

use std::time::Duration;

use jiff::Timestamp;

use super::{Group, Member, Server, Standing, World};
use crate::clock::{rest_time, time_span};
use crate::json::Node;
use crate::recordings;

/// `{id, username}`, from the recorded user.
pub(crate) fn user(id: u64, username: &str) -> Node {
    recordings::rest_body("user-by-id")
        .with("id", id)
        .with("username", username)
}

impl Member {
    /// The recorded member with this one's values.
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

/// Which of the recorded shapes a server has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ServerShape {
    /// REST answers: none of the newer fields.
    Rest,
    /// `group-server-status`.
    Status,
    /// `group-server-heartbeat`: also `is_online`.
    Heartbeat,
}

impl Server {
    /// `Online` or `Offline`.
    pub(crate) fn status(&self) -> &'static str {
        if self.online { "Online" } else { "Offline" }
    }

    /// The recorded server of that shape with this one's values.
    pub(crate) fn json(&self, shape: ServerShape, now: Timestamp) -> Node {
        let players: Vec<Node> = self
            .players
            .values()
            .map(|player| user(player.id, &player.username))
            .collect();
        let count = players.len() as u64;
        let up = if self.online {
            now.duration_since(self.started_at).unsigned_abs()
        } else {
            Duration::ZERO
        };
        let seen = rest_time(if self.online { now } else { self.last_online });
        let node = match shape {
            ServerShape::Rest => recordings::rest_body("server-by-id"),
            ServerShape::Status => recordings::main_content("event-group-server-status"),
            ServerShape::Heartbeat => recordings::main_content("event-group-server-heartbeat"),
        };
        let node = node
            .with("id", self.id)
            .with("name", self.name.as_str())
            .with("online_players", players)
            .with("server_status", self.status())
            .with("final_status", self.status())
            .with("last_online", seen.as_str())
            .with("description", self.description.as_str())
            .with("group_id", self.group.unwrap_or_default())
            .with("owner_id", self.owner)
            .with("up_time", time_span(up));
        match shape {
            ServerShape::Rest => return node,
            ServerShape::Status => {}
            ServerShape::Heartbeat => {
                return node
                    .with("is_online", self.online)
                    .with("online_ping", seen)
                    .newer(self, count);
            }
        }
        if self.online {
            node.with("online_ping", seen).newer(self, count)
        } else {
            node.without(&["online_ping"]).newer(self, count)
        }
    }
}

impl Node {
    /// The fields that only the newer shapes have.
    fn newer(self, server: &Server, players: u64) -> Self {
        self.with("player_count", players)
            .with("created_at", rest_time(server.created_at))
    }
}
