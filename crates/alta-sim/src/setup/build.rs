//! Builds the world.

use super::check::{RoleOf, role_id};
use super::data::{Group, Server, Setup};
use crate::world::World;
use alta_cloud::state::{FIRST_OWN_ROLE, Membership, ServerInfo};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A server that was built, with its configuration for the start.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) id: u64,
    pub(crate) server: Server,
}

/// Everything that was built.
#[derive(Debug, Default)]
pub(crate) struct Built {
    /// The first group and the first server of a group; 0 if there is none.
    pub(crate) first: (u64, u64),
    pub(crate) openings: Vec<Opening>,
}

/// Adds the groups and the servers. `setup` was checked; `owner` is the first user.
pub(crate) fn build(world: &mut World, setup: &Setup, owner: u64, now: Timestamp) -> Built {
    let of_groups = || setup.groups.iter();
    let group_ids: BTreeSet<u64> = of_groups().filter_map(|group| group.id).collect();
    let servers = of_groups().flat_map(|group| &group.servers);
    let chosen: BTreeSet<u64> = servers
        .filter_map(|server| server.id)
        .chain(setup.self_hosted.iter().filter_map(|server| server.id))
        .collect();
    let mut openings = Vec::new();
    let mut first = (0, 0);
    for group in of_groups() {
        let id = add_group(world, group, owner, &group_ids, now);
        if first.0 == 0 {
            first.0 = id;
        }
        for server in &group.servers {
            openings.push(add_server(world, id, server, &chosen, now));
        }
    }
    first.1 = openings.first().map_or(0, |opening: &Opening| opening.id);
    for server in &setup.self_hosted {
        let id = world.add_server(None, &server.name, now);
        openings.push(Opening {
            id: renumber(world, id, server.id, &chosen),
            server: server.clone(),
        });
    }
    Built { first, openings }
}

fn add_group(
    world: &mut World,
    group: &Group,
    first_user: u64,
    chosen: &BTreeSet<u64>,
    now: Timestamp,
) -> u64 {
    let mut id_of = |name: &str| world.cloud.user(name, now);
    let owner = group.owner.as_deref().map_or(first_user, &mut id_of);
    let cloud = &mut world.cloud;
    let mut id = cloud.add_group(&group.name, owner, now);
    let is_used = |id: u64| cloud.groups.contains_key(&id);
    if let Some(wanted) = group.id.or_else(|| other_id(id, chosen, is_used))
        && let Some(mut made) = cloud.groups.remove(&id)
    {
        id = wanted;
        made.id = id;
        if let Some(owner) = made.members.get_mut(&owner) {
            owner.group_id = id;
        }
        cloud.groups.insert(id, made);
    }
    let mut roles = Vec::new();
    if let Some(made) = cloud.groups.get_mut(&id) {
        if let Some(description) = &group.description {
            made.description.clone_from(description);
        }
        if let Some(kind) = &group.kind {
            made.kind.clone_from(kind);
        }
        let chosen: BTreeSet<u64> = group.roles.iter().filter_map(|role| role.id).collect();
        for role in &group.roles {
            let is_free = |id: &u64| !chosen.contains(id) && !made.has_role(*id);
            let id = role
                .id
                .or_else(|| (FIRST_OWN_ROLE..=u64::MAX).find(is_free));
            let permissions: Vec<&str> = role.permissions.iter().map(String::as_str).collect();
            roles.push(id.map(|id| made.add_role_as(id, &role.name, &permissions)));
        }
    }
    for member in &group.members {
        let role = match role_id(group, member) {
            Some(RoleOf::Every(role)) => Some(role),
            Some(RoleOf::Own(index)) => roles.get(index).copied().flatten(),
            None => None,
        };
        let user = cloud.user(&member.user, now);
        cloud.set_member(id, user, Membership::Accepted, role, now);
    }
    let lists = [
        (&group.invited, Membership::Invited),
        (&group.requests, Membership::RequestedJoin),
        (&group.banned, Membership::Banned),
    ];
    for (names, membership) in lists {
        for name in names {
            let user = cloud.user(name, now);
            cloud.set_member(id, user, membership, None, now);
        }
    }
    id
}

fn add_server(
    world: &mut World,
    group: u64,
    server: &Server,
    chosen: &BTreeSet<u64>,
    now: Timestamp,
) -> Opening {
    let id = world.add_server(Some(group), &server.name, now);
    let id = renumber(world, id, server.id, chosen);
    if let Some(made) = world.cloud.servers.get_mut(&id) {
        if let Some(description) = &server.description {
            made.description.clone_from(description);
        }
        configure(&mut made.info, server);
    }
    Opening {
        id,
        server: server.clone(),
    }
}

/// The id that a new thing gets in place of one that is chosen for another thing.
fn other_id(id: u64, chosen: &BTreeSet<u64>, is_used: impl Fn(u64) -> bool) -> Option<u64> {
    let is_free = |id: &u64| !chosen.contains(id) && !is_used(*id);
    if !chosen.contains(&id) {
        return None;
    }
    (id + 1..=u64::MAX).find(is_free)
}

/// Gives a new server its id.
fn renumber(world: &mut World, id: u64, wanted: Option<u64>, chosen: &BTreeSet<u64>) -> u64 {
    let is_used = |id: u64| world.servers.contains_key(&id);
    let Some(wanted) = wanted.or_else(|| other_id(id, chosen, is_used)) else {
        return id;
    };
    if let Some(mut server) = world.cloud.servers.remove(&id) {
        server.id = wanted;
        world.cloud.servers.insert(wanted, server);
    }
    if let Some(game) = world.servers.remove(&id) {
        world.servers.insert(wanted, game);
    }
    wanted
}

fn configure(info: &mut ServerInfo, server: &Server) {
    let texts = [
        (&mut info.fleet, &server.fleet),
        (&mut info.region, &server.region),
        (&mut info.version, &server.version),
        (&mut info.join_type, &server.join_type),
    ];
    for (value, given) in texts {
        if let Some(given) = given {
            value.clone_from(given);
        }
    }
    info.scene_index = server.scene_index.unwrap_or(info.scene_index);
    info.target = server.target.unwrap_or(info.target);
    info.player_limit = server.player_limit.or(info.player_limit);
}
