use super::*;
use crate::state::Config;
use crate::store::{Memory, Store as _};
use crate::wire::json::Node;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// A member and one invited to the group.
const MEMBER: u64 = 7;
const GUEST: u64 = 8;

/// A service with a group and its server, and the store of both processes.
struct World {
    cloud: Cloud,
    store: Memory,
    group: u64,
    server: u64,
}

impl World {
    fn new() -> Self {
        let mut cloud = Cloud::new(Config::default(), 0);
        let group = cloud.add_group("Thornwood Folk", MEMBER, NOW);
        cloud.change_membership(group, GUEST, Membership::Invited, NOW);
        let server = cloud.add_server(Some(group), "Thornwood", NOW);
        let mut store = Memory::default();
        store.save(&cloud.changes()).unwrap();
        cloud.settle();
        cloud.set_online(server, true, NOW);
        cloud.drop_events();
        Self {
            cloud,
            store,
            group,
            server,
        }
    }

    /// Another process changes the state, and this one takes it over. Returns the events and their keys.
    fn elsewhere(&mut self, work: impl FnOnce(&mut Cloud)) -> Vec<(String, u64)> {
        let mut other = Cloud::new(Config::default(), 1);
        other.restore(&self.store.load().unwrap(), NOW).unwrap();
        work(&mut other);
        self.store.save(&other.changes()).unwrap();
        self.cloud.drop_events();
        self.cloud
            .restore(&self.store.load().unwrap(), NOW)
            .unwrap();
        assert_eq!(self.cloud.changes(), [], "nothing is left to be stored");
        let events = self.cloud.events.iter();
        events
            .map(|event| (event.name.clone(), event.key.parse().unwrap()))
            .collect()
    }

    /// The value of a field in the content of the last event.
    fn last(&self, field: &str) -> Option<&Node> {
        self.cloud.events.last()?.content.get(field)
    }
}

fn events<const N: usize>(events: [(&str, u64); N]) -> Vec<(String, u64)> {
    events.map(|(name, key)| (name.to_owned(), key)).to_vec()
}

#[test]
fn no_change_is_no_event() {
    let mut world = World::new();
    let note = |cloud: &mut Cloud| {
        for server in [3_000_011, 9] {
            cloud.note_last_online(server, NOW);
        }
    };
    assert_eq!(world.elsewhere(note), []);
    // The time of the last run is nothing that clients are told alone.
    let later = NOW + std::time::Duration::from_secs(600);
    let run = |cloud: &mut Cloud| {
        cloud.set_online(3_000_011, true, NOW);
        cloud.note_last_online(3_000_011, later);
    };
    assert_eq!(world.elsewhere(run), []);
    assert!(world.cloud.servers[&world.server].online);
}

#[test]
fn a_renamed_group_is_updated() {
    let mut world = World::new();
    let group = world.group;
    let rename = |cloud: &mut Cloud| cloud.groups.get_mut(&group).unwrap().name = "Mill".into();
    assert_eq!(world.elsewhere(rename), events([("group-update", group)]));
    assert_eq!(world.last("name"), Some(&"Mill".into()));
    let add_role = |cloud: &mut Cloud| {
        cloud
            .groups
            .get_mut(&group)
            .unwrap()
            .add_role("Smith", &["Console"]);
    };
    assert_eq!(world.elsewhere(add_role), events([("group-update", group)]));
}

#[test]
fn a_renamed_server_is_updated_and_stays_online() {
    let mut world = World::new();
    let (group, server) = (world.group, world.server);
    let rename = |cloud: &mut Cloud| {
        let server = cloud.servers.get_mut(&server).unwrap();
        server.name = "Hollowmere".into();
        server.info.version = "main-1.6.1.0.40941".into();
    };
    assert_eq!(
        world.elsewhere(rename),
        events([("group-server-update", group)])
    );
    assert_eq!(world.last("id"), Some(&server.into()));
    assert_eq!(world.last("name"), Some(&"Hollowmere".into()));
    assert_eq!(world.last("is_online"), Some(&true.into()));
}

#[test]
fn servers_that_come_go_and_move_are_told_to_their_groups() {
    let mut world = World::new();
    let group = world.group;
    let add = |cloud: &mut Cloud| {
        cloud.add_server(Some(group), "Hollowmere", NOW);
    };
    let expected = events([("group-server-create", group), ("group-update", group)]);
    assert_eq!(world.elsewhere(add), expected);
    let mut other = 0;
    let server = world.server;
    world.elsewhere(|cloud| other = cloud.add_group("Mill", MEMBER, NOW));
    let moves = |cloud: &mut Cloud| cloud.servers.get_mut(&server).unwrap().group = Some(other);
    let expected = events([
        ("group-server-delete", group),
        ("group-server-create", other),
        ("group-update", other),
    ]);
    assert_eq!(world.elsewhere(moves), expected);
    let remove = |cloud: &mut Cloud| cloud.remove_server(server, NOW);
    assert_eq!(
        world.elsewhere(remove),
        events([("group-server-delete", other)])
    );
}

#[test]
fn the_users_of_a_removed_group_are_told() {
    let mut world = World::new();
    let (group, server) = (world.group, world.server);
    let remove = |cloud: &mut Cloud| {
        cloud.remove_server(server, NOW);
        cloud.groups.remove(&group);
    };
    let mut told = world.elsewhere(remove);
    told.retain(|(name, _)| name.starts_with("me-"));
    let expected = [
        ("me-group-delete", MEMBER),
        ("me-group-invite-delete", GUEST),
    ];
    assert_eq!(told, events(expected));
    assert!(world.cloud.groups.is_empty());
}
