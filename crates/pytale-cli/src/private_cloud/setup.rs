//! The configuration as the state of the service: groups, roles, servers.

use super::accounts::ROLES;
use super::config::{Config, GroupConfig, RoleConfig, ServerConfig};
use alta_cloud::state::{Cloud, Server, ServerInfo};
use alta_cloud::wire::json::Node;
use jiff::Timestamp;

/// Makes the groups, the roles and the servers of the state those of the configuration. Members and other groups stay.
pub(super) fn apply(cloud: &mut Cloud, config: &Config, now: Timestamp) {
    let known: Vec<u64> = config.servers().map(|server| server.id).collect();
    let servers = cloud.servers.keys().copied();
    let gone: Vec<u64> = servers.filter(|id| !known.contains(id)).collect();
    for id in gone {
        cloud.remove_server(id, now);
    }
    for group in &config.groups {
        put_group(cloud, group, now);
        for server in &group.servers {
            put_server(cloud, group.id, server, now);
        }
    }
    roles(cloud, config);
}

fn put_group(cloud: &mut Cloud, wanted: &GroupConfig, now: Timestamp) {
    if !cloud.groups.contains_key(&wanted.id) {
        let made = cloud.add_group(&wanted.name, 0, now);
        if let Some(mut group) = cloud.groups.remove(&made) {
            group.id = wanted.id;
            // No account has the id 0.
            group.members.remove(&0);
            cloud.groups.insert(wanted.id, group);
        }
    }
    let Some(group) = cloud.groups.get_mut(&wanted.id) else {
        return;
    };
    group.name.clone_from(&wanted.name);
    group.description = wanted.description.clone().unwrap_or_default();
}

/// Adds the roles of the configuration, or replaces those with the same ids. Members of a role that it has no longer keep the role's
/// id, and have no permission.
fn roles(cloud: &mut Cloud, config: &Config) {
    for wanted in &config.groups {
        let group = cloud.groups.get_mut(&wanted.id);
        let Some(Node::Array(roles)) = group.map(|group| &mut group.roles) else {
            continue;
        };
        let ids = ROLES.iter().map(|(id, _)| *id);
        let ids: Vec<Node> = ids
            .chain(wanted.roles.iter().map(|role| role.id))
            .map(Node::from)
            .collect();
        roles.retain(|role| role.get("role_id").is_some_and(|id| ids.contains(id)));
        for role in &wanted.roles {
            let id = Node::from(role.id);
            let known = roles
                .iter_mut()
                .find(|known| known.get("role_id") == Some(&id));
            match known {
                Some(known) => *known = role_json(role),
                None => roles.push(role_json(role)),
            }
        }
    }
}

fn role_json(role: &RoleConfig) -> Node {
    let texts = |texts: &[String]| {
        let texts: Vec<Node> = texts.iter().map(|text| text.as_str().into()).collect();
        Node::from(texts)
    };
    Node::object([
        ("role_id", role.id.into()),
        ("name", role.name.as_str().into()),
        ("permissions", texts(&role.permissions)),
        ("allowed_commands", texts(&role.allowed_commands)),
    ])
}

fn put_server(cloud: &mut Cloud, group: u64, wanted: &ServerConfig, now: Timestamp) {
    if !cloud.servers.contains_key(&wanted.id) {
        let made = cloud.add_server(Some(group), &wanted.name, now);
        if let Some(server) = cloud.servers.remove(&made) {
            let id = wanted.id;
            cloud.servers.insert(id, Server { id, ..server });
        }
    }
    let Some(server) = cloud.servers.get_mut(&wanted.id) else {
        return;
    };
    server.group = Some(group);
    server.name.clone_from(&wanted.name);
    server.description = wanted.description.clone().unwrap_or_default();
    server.info = info(wanted);
}

fn info(wanted: &ServerConfig) -> ServerInfo {
    let mut info = ServerInfo::default();
    if wanted.quest {
        "att-quest".clone_into(&mut info.fleet);
        info.scene_index = 4;
        info.target = 2;
    }
    if let Some(version) = &wanted.version {
        info.version.clone_from(version);
    }
    info.player_limit = wanted.player_limit;
    info
}
