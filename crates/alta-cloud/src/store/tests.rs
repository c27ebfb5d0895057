mod last_online;

use super::*;
use crate::net::Env;
use crate::state::{
    Cloud, Config, HashCost, Identity, Login, Membership, NewAccount, Purpose, Scopes, SecretHash,
};
use jiff::Timestamp;
use proptest::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn config() -> Config {
    Config {
        hash_cost: HashCost::CHEAPEST,
        ..Config::default()
    }
}

/// A memory store that several openers share, and whose writes fail on demand.
#[derive(Clone, Debug, Default)]
struct Faulty {
    rows: Arc<Mutex<Memory>>,
    /// The number of writes until one fails; 0 for none.
    fails_in: Arc<AtomicUsize>,
    writes: Arc<AtomicUsize>,
}

impl Faulty {
    /// The number of successful writes so far.
    fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }
}

impl Store for Faulty {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        self.rows.lock().unwrap().load()
    }

    fn save(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let left = self.fails_in.load(Ordering::SeqCst);
        self.fails_in
            .store(left.saturating_sub(1), Ordering::SeqCst);
        if left == 1 {
            return Err(StoreError::new(StoreErrorKind::Full, "the test's store"));
        }
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.rows.lock().unwrap().save(rows)
    }

    fn is_changed_elsewhere(&mut self) -> Result<bool, StoreError> {
        Ok(false)
    }
}

fn open(store: &Faulty) -> SharedCloud {
    SharedCloud::open(config(), Box::new(store.clone()), NOW).unwrap()
}

/// A change, with numbers that select among the things that exist.
#[derive(Clone, Copy, Debug)]
enum Change {
    AddBot(u8),
    AddUser(u8),
    Rotate(u8),
    RemoveAccount(u8),
    ExpireAll,
    AddGroup(u8),
    RenameGroup(u8),
    AddRole(u8),
    RemoveGroup(u8),
    Membership(u8, u8, u8),
    Role(u8, u8, u8),
    AddServer(u8),
    RenameServer(u8),
    StartServer(u8),
    RemoveServer(u8),
    Friend(u8, u8),
    Unfriend(u8, u8),
    Favorite(u8, u8),
    NotFavorite(u8, u8),
}

fn changes() -> impl Strategy<Value = Change> {
    let (a, b, c) = (any::<u8>(), any::<u8>(), any::<u8>());
    (0..19_usize, a, b, c).prop_map(|(which, a, b, c)| match which {
        0 => Change::AddBot(a),
        1 => Change::AddUser(a),
        2 => Change::Rotate(a),
        3 => Change::RemoveAccount(a),
        4 => Change::ExpireAll,
        5 => Change::AddGroup(a),
        6 => Change::RenameGroup(a),
        7 => Change::AddRole(a),
        8 => Change::RemoveGroup(a),
        9 => Change::Membership(a, b, c),
        10 => Change::Role(a, b, c),
        11 => Change::AddServer(a),
        12 => Change::RenameServer(a),
        13 => Change::StartServer(a),
        14 => Change::RemoveServer(a),
        15 => Change::Friend(a, b),
        16 => Change::Unfriend(a, b),
        17 => Change::Favorite(a, b),
        _ => Change::NotFavorite(a, b),
    })
}

fn pick(ids: impl Iterator<Item = u64>, nth: u8) -> u64 {
    let ids: Vec<u64> = ids.collect();
    ids.get(usize::from(nth) % ids.len().max(1))
        .copied()
        .unwrap_or(5)
}

fn apply(cloud: &mut Cloud, change: Change) {
    let user = |cloud: &Cloud, nth| pick(cloud.users.iter().map(|user| user.id), nth);
    let account = |cloud: &Cloud, nth| pick(cloud.accounts.iter().map(|it| it.user_id), nth);
    let group = |cloud: &Cloud, nth| pick(cloud.groups.keys().copied(), nth);
    let server = |cloud: &Cloud, nth| pick(cloud.servers.keys().copied(), nth);
    let hash = || SecretHash::of_secret("secret", HashCost::CHEAPEST).unwrap();
    match change {
        Change::AddBot(a) => {
            let login = Login::Bot {
                client_id: format!("client_{a}"),
                scopes: Scopes::ALL,
            };
            let name = format!("Bot{a}");
            let new = NewAccount {
                name,
                login,
                user_id: None,
            };
            let _ = cloud.add_account(new, hash(), NOW);
        }
        Change::AddUser(a) => {
            let login = Login::User {
                email: String::new(),
            };
            let name = format!("Wick{a}");
            let new = NewAccount {
                name,
                login,
                user_id: None,
            };
            let _ = cloud.add_account(new, hash(), NOW);
        }
        Change::Rotate(a) => {
            let _ = cloud.rotate(account(cloud, a), hash());
        }
        Change::RemoveAccount(a) => {
            let _ = cloud.remove_account(account(cloud, a), NOW);
        }
        Change::ExpireAll => cloud.tokens.expire_all(),
        Change::AddGroup(a) => {
            cloud.add_group("Thornwood Folk", user(cloud, a), NOW);
        }
        Change::RenameGroup(a) => {
            if let Some(group) = cloud.groups.get_mut(&group(cloud, a)) {
                group.name = format!("Folk \"{a}\"");
            }
        }
        Change::AddRole(a) => {
            if let Some(group) = cloud.groups.get_mut(&group(cloud, a)) {
                group.add_role("Smith", &["Console"]);
            }
        }
        Change::RemoveGroup(a) => {
            cloud.groups.remove(&group(cloud, a));
        }
        Change::Membership(a, b, c) => {
            let to = [
                Membership::Accepted,
                Membership::Invited,
                Membership::RequestedJoin,
                Membership::Left,
                Membership::Kicked,
                Membership::Banned,
            ][usize::from(c) % 6];
            cloud.change_membership(group(cloud, a), user(cloud, b), to, NOW);
        }
        Change::Role(a, b, c) => {
            cloud.set_role(group(cloud, a), user(cloud, b), u64::from(c), NOW);
        }
        Change::AddServer(a) => {
            cloud.add_server(Some(group(cloud, a)), "Thornwood", NOW);
        }
        Change::RenameServer(a) => {
            if let Some(server) = cloud.servers.get_mut(&server(cloud, a)) {
                server.name = format!("Town {a}");
            }
        }
        Change::StartServer(a) => {
            cloud.set_online(server(cloud, a), true, NOW);
        }
        Change::RemoveServer(a) => cloud.remove_server(server(cloud, a), NOW),
        Change::Friend(a, b) => cloud.befriend(user(cloud, a), user(cloud, b), NOW),
        Change::Unfriend(a, b) => {
            cloud.unfriend(user(cloud, a), user(cloud, b));
        }
        Change::Favorite(a, b) => {
            cloud
                .favorites
                .insert((user(cloud, a), server(cloud, b)), NOW);
        }
        Change::NotFavorite(a, b) => {
            cloud.favorites.remove(&(user(cloud, a), server(cloud, b)));
        }
    }
}

/// The stored part of the state, as text.
fn stored(shared: &SharedCloud) -> String {
    shared.look(|cloud| {
        let groups: Vec<_> = cloud.groups.values().collect();
        let servers: Vec<_> = cloud
            .servers
            .values()
            .map(crate::state::Record::stored)
            .collect();
        format!(
            "{:#?}\n{:#?}\n{groups:#?}\n{servers:#?}\n{:#?}\n{:#?}\n{:#?}",
            cloud.accounts,
            cloud.users,
            cloud.friendships,
            cloud.favorites,
            cloud.tokens.generations
        )
    })
}

fn steps() -> impl Strategy<Value = Vec<Vec<Change>>> {
    prop::collection::vec(prop::collection::vec(changes(), 1..4), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_saved_state_is_loaded_as_it_was(steps in steps()) {
        let store = Faulty::default();
        let shared = open(&store);
        for changes in steps {
            shared.prepare(NOW, |cloud, _| changes.iter().for_each(|it| apply(cloud, *it))).unwrap();
        }
        prop_assert!(stored(&open(&store)) == stored(&shared));
    }

    #[test]
    fn a_change_that_is_not_stored_is_undone_at_every_write(steps in steps(), failing in 1..20_usize) {
        let store = Faulty::default();
        let shared = open(&store);
        store.fails_in.store(failing, Ordering::SeqCst);
        for changes in steps {
            let before = stored(&shared);
            let work = |cloud: &mut Cloud, _| changes.iter().for_each(|it| apply(cloud, *it));
            if let Err(error) = shared.prepare(NOW, work) {
                prop_assert_eq!(error.kind(), StoreErrorKind::Full);
                prop_assert!(stored(&shared) == before);
                shared.prepare(NOW, work).unwrap();
            }
            prop_assert!(stored(&open(&store)) == stored(&shared));
        }
    }
}

#[test]
fn work_that_changes_nothing_stored_does_not_write() {
    let store = Faulty::default();
    let shared = open(&store);
    let server = shared
        .prepare(NOW, |cloud, now| {
            let group = cloud.add_group("Thornwood Folk", 1, now);
            cloud.add_server(Some(group), "Thornwood", now)
        })
        .unwrap();
    store.fails_in.store(1, Ordering::SeqCst);
    shared
        .prepare(NOW, |cloud, now| {
            cloud.set_online(server, true, now);
            cloud.player_joined(server, 7, "Wick", now);
        })
        .unwrap();
    assert!(shared.look(|cloud| cloud.servers[&server].online));
    let failed = shared.prepare(NOW, |cloud, _| cloud.tokens.expire_all());
    assert!(failed.is_err(), "the failure is still armed");
    assert!(shared.look(|cloud| cloud.servers[&server].players.contains_key(&7)));
}

#[tokio::test]
async fn tokens_are_valid_after_a_restart_and_end_with_a_rotation() {
    let store = Faulty::default();
    let env = Env::new(tokio::runtime::Handle::current(), 0, 16);
    let shared = open(&store);
    let (id, token) = shared
        .with(&env, |cloud, now| {
            apply(cloud, Change::AddUser(1));
            let id = cloud.accounts.named("Wick1").unwrap().user_id;
            let life = Duration::from_secs(60);
            let identity = Identity::User(id);
            (
                id,
                cloud
                    .tokens
                    .user(identity, "Wick1", Purpose::Access, now, life),
            )
        })
        .unwrap();
    let check = |shared: &SharedCloud| {
        shared.look(|cloud| cloud.tokens.check(&token, env.clock.now()).is_ok())
    };
    assert!(check(&shared));
    let second = open(&store);
    assert!(check(&second), "the key is not stored");
    let hash = SecretHash::of_secret("new", HashCost::CHEAPEST).unwrap();
    let rotated = second.prepare(NOW, |cloud, _| cloud.rotate(id, hash));
    rotated.unwrap().unwrap();
    assert!(!check(&second));
    assert!(!check(&open(&store)), "the generation is not stored");
}

#[test]
fn rows_that_are_no_state_are_refused_by_name() {
    for (kind, key, json) in [
        ("account", "x", "{}"),
        ("account", "7", "{}"),
        ("user", "7", "no JSON"),
        ("group", "7", "[]"),
        ("member", "7", "{}"),
        ("member", "7/", "{}"),
        ("server", "-1", "{}"),
        ("friendship", "1/2", "\"yesterday\""),
        ("generation", "1", "-1"),
        ("key", "signing", "[1,2,3]"),
        ("moon", "1", "1"),
    ] {
        let mut store = Memory::default();
        let row = Row {
            kind: kind.to_owned(),
            key: key.to_owned(),
            json: Some(json.to_owned()),
        };
        store.save(&[row]).unwrap();
        let error = SharedCloud::open(config(), Box::new(store), NOW).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Damaged);
        assert!(
            error.to_string().contains(&format!("\"{kind} {key}\"")),
            "{error}"
        );
    }
}
