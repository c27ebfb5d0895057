use super::cloud::Cloud;
use super::groups::Group;
use super::ids::next_id;
use super::servers::{Server, ServerInfo, ServerShape};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

const FIRST_SERVER: u64 = 3_000_011;

/// The shortest time between two notes that a server runs.
const NOTED_EVERY: Duration = Duration::from_secs(60);

impl Cloud {
    /// Adds a server, which is offline. Without a group it is self-hosted.
    pub fn add_server(&mut self, group: Option<u64>, name: &str, now: Timestamp) -> u64 {
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
                online: false,
                started_at: now,
                last_online: now,
                noted_online: now,
                created_at: now,
                players: BTreeMap::new(),
                console_port: None,
            },
        );
        if let Some(group) = group {
            self.emit_server("group-server-create", id, now);
            self.group_updated(group);
        }
        id
    }

    /// Removes a server.
    pub fn remove_server(&mut self, server: u64, now: Timestamp) {
        self.emit_server("group-server-delete", server, now);
        self.servers.remove(&server);
    }

    /// The group of a server.
    pub fn group_of(&self, server: &Server) -> Option<&Group> {
        self.groups.get(&server.group?)
    }

    /// Marks a server as running or stopped. Returns whether that is a change; only a change is sent to the group.
    pub fn set_online(&mut self, server: u64, online: bool, now: Timestamp) -> bool {
        let Some(found) = self.servers.get_mut(&server) else {
            return false;
        };
        if found.online == online {
            return false;
        }
        found.online = online;
        if online {
            found.started_at = now;
        } else {
            found.last_online = now;
            found.players.clear();
        }
        self.emit_server("group-server-status", server, now);
        true
    }

    /// Notes the time at which the server was last online, so that it is stored: the end of the last run, or for a running server
    /// the present time, at most once a minute. To be called as a change of its own, so that its failure undoes nothing else.
    pub fn note_last_online(&mut self, server: u64, now: Timestamp) {
        let Some(found) = self.servers.get(&server) else {
            return;
        };
        let (seen, pause) = if found.online {
            (now, NOTED_EVERY)
        } else {
            (found.last_online, Duration::ZERO)
        };
        let is_due = seen > found.noted_online
            && seen.duration_since(found.noted_online).unsigned_abs() >= pause;
        if is_due && let Some(found) = self.servers.get_mut(&server) {
            found.noted_online = seen;
        }
    }

    /// Adds a player to a server and sends its status.
    pub fn player_joined(&mut self, server: u64, player: u64, username: &str, now: Timestamp) {
        if let Some(found) = self.servers.get_mut(&server) {
            found.players.insert(player, username.to_owned());
            self.emit_server("group-server-status", server, now);
        }
    }

    /// Removes a player from a server and sends its status.
    pub fn player_left(&mut self, server: u64, player: u64, now: Timestamp) {
        if let Some(found) = self.servers.get_mut(&server) {
            found.players.remove(&player);
            self.emit_server("group-server-status", server, now);
        }
    }

    /// Sends an event about a server to its group. The event name determines the form of the content.
    pub fn emit_server(&mut self, event: &str, server: u64, now: Timestamp) {
        let Some(found) = self.servers.get(&server) else {
            return;
        };
        let Some(group) = found.group else { return };
        let shape = if event == "group-server-heartbeat" {
            ServerShape::Heartbeat
        } else {
            ServerShape::Status
        };
        let content = found.json(shape, self.config.era, now);
        self.emit(event, group, content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Config, Era};
    use crate::wire::json::Node;

    #[test]
    fn a_server_has_the_same_values_in_every_form() {
        let now = Timestamp::UNIX_EPOCH;
        let mut cloud = Cloud::new(Config::default(), 0);
        let group = cloud.add_group("Thornwood Folk", 1, now);
        let id = cloud.add_server(Some(group), "Thornwood", now);
        let server = cloud.servers.get_mut(&id).unwrap();
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
    fn only_the_forms_of_2023_have_is_online() {
        let now = Timestamp::UNIX_EPOCH;
        let mut cloud = Cloud::new(Config::default(), 0);
        let id = cloud.add_server(None, "Thornwood", now);
        let server = &cloud.servers[&id];
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
