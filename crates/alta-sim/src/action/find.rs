//! The things that references mean. Each error names the field, and the things that exist.

use super::values::Reference;
use crate::error::{Error, ErrorKind};
use crate::sim::Sim;
use alta_cloud::wire::json::Node;
use std::borrow::Cow;

/// The most things that an error lists.
const LISTED: usize = 12;

/// An id and a name.
type Named = (u64, String);

/// The server of a field, or the only one.
pub(super) fn server(sim: &Sim, wanted: Option<&Reference>) -> Result<u64, Error> {
    only("server", &sim.servers(), wanted)
}

/// The server of a field.
#[cfg(feature = "control")]
pub(crate) fn named_server(sim: &Sim, wanted: &Reference) -> Result<u64, Error> {
    server(sim, Some(wanted))
}

/// The group of a field, or the only one.
pub(super) fn group(sim: &Sim, wanted: Option<&Reference>) -> Result<u64, Error> {
    only("group", &sim.groups(), wanted)
}

/// The player of a field, who is on a server.
pub(super) fn player(
    sim: &Sim,
    server: u64,
    field: &'static str,
    wanted: &Reference,
) -> Result<u64, Error> {
    one(field, "player on the server", &sim.players(server), wanted)
}

/// The server of a field, or the only one, and a player who is on it.
pub(super) fn on_server(
    sim: &Sim,
    of: Option<&Reference>,
    wanted: &Reference,
) -> Result<(u64, u64), Error> {
    let server = server(sim, of)?;
    Ok((server, player(sim, server, "player", wanted)?))
}

/// A user whom a server knows, and who may be offline.
pub(super) fn user_of(sim: &Sim, server: u64, wanted: &Reference) -> Result<u64, Error> {
    let users = sim.shared.look(|state| {
        let self_hosted = state.world.is_self_hosted(server);
        let users = state.world.users(self_hosted).iter();
        users
            .map(|user| (user.id, user.username.clone()))
            .collect::<Vec<Named>>()
    });
    one("player", "user", &users, wanted)
}

/// The name of a user. A name without an account is a new user.
pub(super) fn username(sim: &Sim, wanted: &Reference) -> Result<String, Error> {
    let users = sim.users();
    let found = users.iter().find(|(id, name)| wanted.is(*id, name));
    match (found, wanted) {
        (Some((_, name)), _) => Ok(name.clone()),
        (None, Reference::Name(name)) if !name.is_empty() => Ok(name.clone()),
        (None, _) => Err(missing("user", "user", &users, wanted)),
    }
}

/// A user with an account.
pub(super) fn user(sim: &Sim, wanted: &Reference) -> Result<u64, Error> {
    one("user", "user", &sim.users(), wanted)
}

/// A role of a group.
pub(super) fn role(sim: &Sim, group: u64, wanted: &Reference) -> Result<u64, Error> {
    let roles = sim.shared.look(|state| {
        let group = state.world.cloud.groups.get(&group);
        let roles = group.map_or(&[][..], |group| group.roles.as_array());
        let named = roles.iter().filter_map(|role| {
            let id = role.get("role_id").map(Node::to_string)?.parse().ok()?;
            let name = role.get("name").and_then(Node::as_str)?;
            Some((id, name.to_owned()))
        });
        named.collect::<Vec<Named>>()
    });
    one("role", "role of the group", &roles, wanted)
}

fn only(field: &'static str, all: &[Named], wanted: Option<&Reference>) -> Result<u64, Error> {
    match (wanted, all) {
        (Some(wanted), _) => one(field, field, all, wanted),
        (None, [(id, _)]) => Ok(*id),
        (None, _) => Err(invalid(
            field,
            format!(
                "is missing, and there is not only one {field}: {}",
                listed(all)
            ),
        )),
    }
}

fn one(field: &'static str, kind: &str, all: &[Named], wanted: &Reference) -> Result<u64, Error> {
    let found = all.iter().find(|(id, name)| wanted.is(*id, name));
    found
        .map(|(id, _)| *id)
        .ok_or_else(|| missing(field, kind, all, wanted))
}

fn missing(field: &'static str, kind: &str, all: &[Named], wanted: &Reference) -> Error {
    let reason = format!("there is no {kind} {wanted}; there is {}", listed(all));
    Error::new(ErrorKind::NotFound, quoted(field)).detail(reason)
}

/// The error of a field whose value is not possible.
pub(super) fn invalid(field: &'static str, reason: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Invalid, quoted(field)).detail(reason)
}

fn quoted(field: &str) -> String {
    format!("`{field}`")
}

fn listed(all: &[Named]) -> String {
    if all.is_empty() {
        return "none".to_owned();
    }
    let mut shown: Vec<String> = all
        .iter()
        .take(LISTED)
        .map(|(id, name)| format!("{id} {name:?}"))
        .collect();
    if all.len() > LISTED {
        shown.push(format!("and {} more", all.len() - LISTED));
    }
    shown.join(", ")
}
