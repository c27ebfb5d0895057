use super::super::tests::{folder, kind};
use super::super::{Row, Sqlite, Store as _};
use super::MIGRATIONS;
use crate::state::{Config, HashCost, Identity, Purpose};
use crate::store::{SharedCloud, StoreErrorKind};
use jiff::Timestamp;
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A database as the first version of the schema has it. No later change of this library may change this text.
const FIRST: &str = r##"
PRAGMA journal_mode = wal;
CREATE TABLE rows (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
PRAGMA user_version = 1;
PRAGMA application_id = 1634497633;
INSERT INTO rows VALUES
('key', 'signing', '[81,32,40,162,76,206,83,81,55,135,177,139,15,188,205,241,5,79,188,146,164,242,36,175,24,102,67,201,117,226,243,37]'),
('account', '1100000001', '{"user_id":1100000001,"name":"Ledger_Bot","login":{"bot":{"client_id":"client_x","scopes":"ws.group server.console"}},"created_at":"2026-10-28T16:38:30Z","secret":"$argon2id$v=19$m=8,t=1,p=1$JKWO8JYOhQgCRsnrrl6JBQ$uu8IXipxw0GO4xEY8VcIBi9bcgxxNzzB0HYlkaAEZx8"}'),
('user', '1100000001', '{"id":1100000001,"username":"Ledger_Bot","bot":true,"created_at":"2026-10-28T16:38:30Z"}'),
('group', '77', '{"name":"Thornwood Folk","description":"The \"folk\".","kind":"Private","owner":1100000001,"created_at":"2026-10-28T16:38:30Z","roles":[{"role_id":7,"name":"Owner","color":"#00bcd4","permissions":["Invite","Console"],"allowed_commands":[]}]}'),
('member', '77/1100000001', '{"group_id":77,"user_id":1100000001,"username":"Ledger_Bot","bot":true,"role_id":7,"created_at":"2026-10-28T16:38:30Z","membership":"accepted"}'),
('server', '501', '{"name":"Thornwood \u00e9","description":"","info":{"fleet":"att-release","region":"north-america-agones","version":"main-1.6.0.0.40940","scene_index":0,"target":1,"join_type":"PrivateGroup","playability":0.5,"player_limit":null,"transport_system":1},"group":77,"owner":1100000001,"created_at":"2026-10-28T16:38:30Z"}'),
('favorite', '1100000001/501', '"2026-10-28T16:38:30Z"'),
('friendship', '1100000001/5', '"2026-10-28T16:38:30Z"'),
('generation', '1100000001', '2');
"##;

const TIME: &str = "2026-10-28T16:38:30Z";

fn first(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(FIRST).unwrap();
    connection
}

fn open(path: &Path) -> SharedCloud {
    let config = Config {
        hash_cost: HashCost::CHEAPEST,
        ..Config::default()
    };
    let store = Sqlite::open(path).unwrap();
    SharedCloud::open(config, Box::new(store), Timestamp::now()).unwrap()
}

fn version(path: &Path) -> usize {
    let connection = Connection::open(path).unwrap();
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0));
    version.unwrap()
}

#[test]
fn a_database_of_the_first_version_is_migrated_and_nothing_is_lost() {
    let (_folder, path) = folder();
    drop(first(&path));
    let time: Timestamp = TIME.parse().unwrap();
    let shared = open(&path);
    assert_eq!(version(&path), MIGRATIONS.len());
    let token = shared
        .prepare(time, |cloud, now| {
            let account = cloud.accounts.bot("client_x").unwrap();
            assert_eq!(
                (account.user_id, &*account.name),
                (1_100_000_001, "Ledger_Bot")
            );
            let group = &cloud.groups[&77];
            assert_eq!(
                (&*group.name, &*group.description),
                ("Thornwood Folk", "The \"folk\".")
            );
            assert!(group.permissions(1_100_000_001).any(|it| it == "Console"));
            let server = &cloud.servers[&501];
            assert_eq!(
                (&*server.name, server.group),
                ("Thornwood \u{e9}", Some(77))
            );
            assert!((server.info.playability - 0.5).abs() < f64::EPSILON);
            assert_eq!((server.created_at, server.last_online), (time, time));
            assert!(cloud.favorites.contains_key(&(1_100_000_001, 501)));
            assert!(cloud.friendships.contains_key(&(1_100_000_001, 5)));
            let bot = Identity::Bot(1_100_000_001);
            let life = Duration::from_secs(60);
            cloud
                .tokens
                .user(bot, "Ledger_Bot", Purpose::Access, now, life)
        })
        .unwrap();
    // The key and the generation are those of before: a later opening knows the token.
    let grant = open(&path).look(|cloud| cloud.tokens.check(&token, time));
    assert_eq!(grant.unwrap().identity, Identity::Bot(1_100_000_001));
    let rows = Sqlite::open(&path).unwrap().load().unwrap();
    assert_eq!(rows.len(), 9);
}

#[test]
fn every_version_reaches_the_current_one() {
    for start in 0..=MIGRATIONS.len() {
        let (_folder, path) = folder();
        let connection = first(&path);
        for migration in &MIGRATIONS[1..start.max(1)] {
            connection.execute_batch(migration).unwrap();
        }
        let number = start.max(1);
        connection
            .pragma_update(None, "user_version", number)
            .unwrap();
        drop(connection);
        let server = open(&path).look(|cloud| cloud.servers[&501].last_online);
        assert_eq!(server.to_string(), TIME);
        assert_eq!(version(&path), MIGRATIONS.len());
    }
}

#[test]
fn a_migration_that_fails_leaves_the_database_as_it_was() {
    let (_folder, path) = folder();
    let connection = first(&path);
    // The first server is migrated before the failure.
    let broken = "INSERT INTO rows VALUES ('server', '502', 'no JSON')";
    connection.execute_batch(broken).unwrap();
    drop(connection);
    let before = fs::read(&path).unwrap();
    assert_eq!(kind(Sqlite::open(&path)), StoreErrorKind::Damaged);
    assert!(fs::read(&path).unwrap() == before, "the file has changed");
    assert_eq!(version(&path), 1);
    let connection = Connection::open(&path).unwrap();
    let server = "SELECT json FROM rows WHERE key = '501'";
    let json: String = connection.query_row(server, [], |row| row.get(0)).unwrap();
    assert!(!json.contains("last_online"), "{json}");
    let mend = "DELETE FROM rows WHERE key = '502'";
    connection.execute_batch(mend).unwrap();
    drop(connection);
    open(&path);
    assert_eq!(version(&path), MIGRATIONS.len());
}

#[test]
fn a_newer_schema_is_refused_and_kept() {
    let (_folder, path) = folder();
    drop(first(&path));
    for newer in [MIGRATIONS.len() + 1, 99] {
        let other = Connection::open(&path).unwrap();
        other.pragma_update(None, "user_version", newer).unwrap();
        // Another mode of the journal would change the file.
        other.pragma_update(None, "journal_mode", "delete").unwrap();
        drop(other);
        let before = fs::read(&path).unwrap();
        let error = Sqlite::open(&path).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::NewerSchema);
        let text = error.to_string();
        assert!(text.contains("cloud.db"), "{text}");
        assert!(text.contains("a newer version of this program"), "{text}");
        assert!(fs::read(&path).unwrap() == before, "the file has changed");
    }
    let other = Connection::open(&path).unwrap();
    other.pragma_update(None, "user_version", -1).unwrap();
    drop(other);
    assert_eq!(kind(Sqlite::open(&path)), StoreErrorKind::NewerSchema);
}

#[test]
fn two_processes_migrate_once() {
    let (_folder, path) = folder();
    drop(first(&path));
    let both = std::thread::scope(|scope| {
        let open = || Sqlite::open(&path).map(|mut store| store.load());
        [scope.spawn(open), scope.spawn(open)].map(|thread| thread.join().unwrap())
    });
    let both: [Vec<Row>; 2] = both.map(|rows| rows.unwrap().unwrap());
    assert_eq!(both[0], both[1]);
    assert_eq!(version(&path), MIGRATIONS.len());
}
