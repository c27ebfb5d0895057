//! Finds values that are not possible, before anything is built.

use super::data::{Group, Member, Server, Setup};
use super::problem::{Problem, Step, at};
use super::timeline::Entry;
use crate::action::Action;
use crate::config::Config;
use alta_cloud::net::Clock;
use alta_cloud::state::Scopes;
use std::collections::{BTreeMap, BTreeSet};

/// The roles that every group has.
pub(super) const ROLES: [(u64, &str); 3] = [(1, "Member"), (2, "Moderator"), (7, "Owner")];

/// The largest integer that all clients read exactly.
const LARGEST_ID: u64 = (1 << 53) - 1;

type Checked = Result<(), Problem>;

/// Checks everything that `accounts` and the start itself do not check.
pub(crate) fn check(config: &Config, timeline: &[Entry]) -> Checked {
    let setup = &config.setup;
    accounts(config)?;
    let groups = &setup.groups;
    let mut ids = Ids::default();
    for (nth, group) in groups.iter().enumerate() {
        let place = || at!["groups", nth];
        ids.add(place(), group.id)?;
        name(place(), &group.name)?;
        self::group(config, nth, group)?;
    }
    let names = groups.iter().enumerate();
    unique(
        names.map(|(nth, group)| (at!["groups", nth, "name"], group.name.as_str())),
        "another group has the name",
    )?;
    servers(config)?;
    self::timeline(timeline)
}

/// The ids of one kind of thing.
#[derive(Default)]
struct Ids(BTreeSet<u64>);

impl Ids {
    fn add(&mut self, mut path: Vec<Step>, id: Option<u64>) -> Checked {
        let Some(id) = id else { return Ok(()) };
        path.push("id".into());
        if id == 0 || id > LARGEST_ID {
            let reason = format!("{id} is not between 1 and {LARGEST_ID}");
            return Err(Problem::new(path, reason));
        }
        if !self.0.insert(id) {
            return Err(Problem::new(path, format!("the id {id} is used twice")));
        }
        Ok(())
    }
}

fn name(mut path: Vec<Step>, name: &str) -> Checked {
    if name.trim().is_empty() {
        path.push("name".into());
        return Err(Problem::new(path, "the name is empty"));
    }
    Ok(())
}

/// Names are compared in any letter case, as references do.
fn unique<'a>(names: impl Iterator<Item = (Vec<Step>, &'a str)>, reason: &str) -> Checked {
    let mut seen = BTreeSet::new();
    for (path, name) in names {
        if !seen.insert(name.to_lowercase()) {
            return Err(Problem::new(path, format!("{reason} {name:?}")));
        }
    }
    Ok(())
}

fn accounts(config: &Config) -> Checked {
    let mut ids = Ids::default();
    let bots = || config.bots().enumerate();
    let users = || config.users().enumerate();
    for (nth, bot) in bots() {
        name(at!["bots", nth], &bot.username)?;
        ids.add(at!["bots", nth], (bot.user_id != 0).then_some(bot.user_id))?;
        if let Err(error) = bot.scopes.parse::<Scopes>() {
            let path = at!["bots", nth, "scopes"];
            return Err(Problem::new(path, error.to_string()));
        }
        if bot.client_id.is_empty() || bot.client_secret.is_empty() {
            let reason = "the client id or the client secret is empty";
            return Err(Problem::new(at!["bots", nth], reason));
        }
    }
    for (nth, user) in users() {
        name(at!["users", nth], &user.username)?;
        ids.add(
            at!["users", nth],
            (user.user_id != 0).then_some(user.user_id),
        )?;
        if user.password.is_empty() {
            let path = at!["users", nth, "password"];
            return Err(Problem::new(path, "the password is empty"));
        }
    }
    let names = bots().map(|(nth, bot)| (at!["bots", nth, "name"], bot.username.as_str()));
    let more = users().map(|(nth, user)| (at!["users", nth, "name"], user.username.as_str()));
    unique(names.chain(more), "another account has the name")?;
    unique(
        bots().map(|(nth, bot)| (at!["bots", nth, "client-id"], bot.client_id.as_str())),
        "another bot has the client id",
    )?;
    unique(
        users().map(|(nth, user)| (at!["users", nth, "email"], user.email.as_str())),
        "another user has the e-mail address",
    )
}

/// Checks that a user or a bot of this name exists.
fn known(config: &Config, path: Vec<Step>, name: &str) -> Checked {
    let bots = config.bots().map(|bot| bot.username.as_str());
    let users = config.users().map(|user| user.username.as_str());
    let all: Vec<&str> = bots.chain(users).collect();
    if all.contains(&name) {
        return Ok(());
    }
    let reason = format!(
        "there is no user or bot {name:?}; there is {}",
        all.join(", ")
    );
    Err(Problem::new(path, reason))
}

fn group(config: &Config, nth: usize, group: &Group) -> Checked {
    let place = |key: &str| at!["groups", nth, key];
    let kinds = ["Open", "Public", "Private"];
    if let Some(kind) = group.kind.as_deref().filter(|kind| !kinds.contains(kind)) {
        let reason = format!("{kind:?} is none of {}", kinds.join(", "));
        return Err(Problem::new(place("type"), reason));
    }
    if let Some(owner) = &group.owner {
        known(config, place("owner"), owner)?;
    }
    let owner = group.owner.as_deref();
    let owner = owner.unwrap_or(&config.user_account.username);
    let mut seen = BTreeMap::from([(owner, "owner")]);
    let mut add = |path: Vec<Step>, name, relation| {
        known(config, path.clone(), name)?;
        match seen.insert(name, relation) {
            None => Ok(()),
            Some(before) => {
                let reason = format!("{name:?} is already in `{before}` of the group");
                Err(Problem::new(path, reason))
            }
        }
    };
    for (index, member) in group.members.iter().enumerate() {
        let path = at!["groups", nth, "members", index, "user"];
        add(path, member.user.as_str(), "members")?;
    }
    let lists = [
        ("invited", &group.invited),
        ("requests", &group.requests),
        ("banned", &group.banned),
    ];
    for (key, names) in lists {
        for (index, name) in names.iter().enumerate() {
            add(at!["groups", nth, key, index], name.as_str(), key)?;
        }
    }
    roles(nth, group)
}

fn roles(nth: usize, group: &Group) -> Checked {
    let own = group.roles.iter().enumerate();
    let own = own.map(|(index, role)| {
        let path = at!["groups", nth, "roles", index, "name"];
        (path, role.name.as_str())
    });
    let standard = ROLES.iter().map(|(_, name)| (Vec::new(), *name));
    unique(standard.chain(own), "the group already has a role")?;
    let mut ids = Ids(ROLES.iter().map(|(id, _)| *id).collect());
    for (index, role) in group.roles.iter().enumerate() {
        ids.add(at!["groups", nth, "roles", index], role.id)?;
    }
    for (index, member) in group.members.iter().enumerate() {
        if let Some(role) = &member.role
            && role_id(group, member).is_none()
        {
            let own = group.roles.iter().map(|role| role.name.as_str());
            let names: Vec<&str> = ROLES.iter().map(|(_, name)| *name).chain(own).collect();
            let path = at!["groups", nth, "members", index, "role"];
            let reason = format!("there is no role {role}; there is {}", names.join(", "));
            return Err(Problem::new(path, reason));
        }
    }
    Ok(())
}

/// The place of a member's role: the id of one that every group has, or the index of one of the group's own.
pub(super) enum RoleOf {
    Every(u64),
    Own(usize),
}

pub(super) fn role_id(group: &Group, member: &Member) -> Option<RoleOf> {
    let Some(role) = &member.role else {
        return Some(RoleOf::Every(1));
    };
    if let Some((id, _)) = ROLES.iter().find(|(id, name)| role.is(*id, name)) {
        return Some(RoleOf::Every(*id));
    }
    let mut own = group.roles.iter();
    // 0 is no id.
    own.position(|own| role.is(own.id.unwrap_or_default(), &own.name))
        .map(RoleOf::Own)
}

/// A server with its place.
struct Placed<'a> {
    path: Vec<Step>,
    server: &'a Server,
    is_self_hosted: bool,
}

impl Placed<'_> {
    fn at(&self, key: &str) -> Vec<Step> {
        let mut path = self.path.clone();
        path.push(key.into());
        path
    }
}

fn all_servers(setup: &Setup) -> impl Iterator<Item = Placed<'_>> {
    let groups = setup.groups.iter().enumerate();
    let of_groups = groups.flat_map(|(nth, group)| {
        let servers = group.servers.iter().enumerate();
        servers.map(move |(index, server)| (at!["groups", nth, "servers", index], server, false))
    });
    let self_hosted = setup.self_hosted.iter().enumerate();
    let self_hosted = self_hosted.map(|(nth, server)| (at!["self-hosted", nth], server, true));
    let all = of_groups.chain(self_hosted);
    all.map(|(path, server, is_self_hosted)| Placed {
        path,
        server,
        is_self_hosted,
    })
}

fn servers(config: &Config) -> Checked {
    let (mut ids, mut ports, mut folders) = (Ids::default(), BTreeSet::new(), BTreeSet::new());
    if config.port != 0 {
        ports.extend([config.port, config.port.saturating_add(1)]);
    }
    for placed in all_servers(&config.setup) {
        let server = placed.server;
        ids.add(placed.path.clone(), server.id)?;
        name(placed.path.clone(), &server.name)?;
        fields(&placed)?;
        if let Some(port) = server.port
            && (port == 0 || !ports.insert(port))
        {
            let reason = match port {
                0 => "0 is no port; without a port, it is the next one".to_owned(),
                _ => format!("the port {port} is used twice"),
            };
            return Err(Problem::new(placed.at("port"), reason));
        }
        if let Some(folder) = &server.token_folder
            && !folders.insert(folder)
        {
            let reason = "another server writes its console_token.txt to the same folder";
            return Err(Problem::new(placed.at("token-folder"), reason));
        }
        players(&placed)?;
    }
    let servers = all_servers(&config.setup);
    let names = servers.map(|placed| (placed.at("name"), placed.server.name.as_str()));
    unique(names, "another server has the name")
}

/// Checks the fields that only one kind of server has.
fn fields(placed: &Placed<'_>) -> Checked {
    let server = placed.server;
    let of_groups = [
        ("description", server.description.is_some()),
        ("fleet", server.fleet.is_some()),
        ("region", server.region.is_some()),
        ("version", server.version.is_some()),
        ("scene-index", server.scene_index.is_some()),
        ("target", server.target.is_some()),
        ("join-type", server.join_type.is_some()),
        ("player-limit", server.player_limit.is_some()),
    ];
    let of_self_hosted = [
        ("token", server.token.is_some()),
        ("token-folder", server.token_folder.is_some()),
    ];
    let (other, reason) = if placed.is_self_hosted {
        (&of_groups[..], "only a server of a group has it")
    } else {
        (&of_self_hosted[..], "only a self-hosted server has it")
    };
    if let Some((key, _)) = other.iter().find(|(_, is_given)| *is_given) {
        return Err(Problem::new(placed.at(key), reason));
    }
    match &server.token {
        // It is one line of a file, and the first frame of a client.
        Some(token) if token.is_empty() || token.contains(char::is_whitespace) => {
            let reason = "a token has at least one character, and no spaces";
            Err(Problem::new(placed.at("token"), reason))
        }
        _ => Ok(()),
    }
}

fn players(placed: &Placed<'_>) -> Checked {
    let server = placed.server;
    if server.online == Some(false) && !server.players.is_empty() {
        let reason = "an offline server has no players";
        return Err(Problem::new(placed.at("players"), reason));
    }
    let place = |nth: usize, key: &str| {
        let mut path = placed.at("players");
        path.extend([nth.into(), key.into()]);
        path
    };
    for (nth, player) in server.players.iter().enumerate() {
        if player.name.trim().is_empty() {
            return Err(Problem::new(place(nth, "name"), "the name is empty"));
        }
        let position = player.position.iter().flatten();
        if let Some(number) = position.copied().find(|number| !number.is_finite()) {
            let reason = format!("{number} is no coordinate");
            return Err(Problem::new(place(nth, "position"), reason));
        }
    }
    let players = server.players.iter().enumerate();
    unique(
        players.map(|(nth, player)| (place(nth, "name"), player.name.as_str())),
        "the server already has a player",
    )
}

fn timeline(timeline: &[Entry]) -> Checked {
    for entry in timeline {
        let nth = entry.number;
        if entry.at > Clock::FURTHEST {
            let path = at!["timeline", nth, "at"];
            return Err(Problem::new(path, "the clock moves at most 100 years"));
        }
        if matches!(entry.action, Action::Advance(_)) {
            let reason = "the timeline follows the clock, and cannot advance it";
            return Err(Problem::new(at!["timeline", nth, "do"], reason));
        }
    }
    Ok(())
}
