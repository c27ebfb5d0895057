//! A service that is killed in the middle of its writes has lost nothing that it acknowledged.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use alta_cloud::state::{
    Config, HashCost, Identity, Login, NewAccount, Purpose, SecretHash, Tokens,
};
use alta_cloud::store::{SharedCloud, Sqlite};
use jiff::Timestamp;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const DATABASE: &str = "ALTA_CLOUD_TEST_DATABASE";

fn open(path: &Path) -> SharedCloud {
    let mut config = Config::default();
    config.hash_cost = HashCost::CHEAPEST;
    let store = Sqlite::open(path).unwrap();
    SharedCloud::open(config, Box::new(store), Timestamp::now()).unwrap()
}

fn token(tokens: &mut Tokens, user: u64, now: Timestamp) -> String {
    let life = Duration::from_secs(3_600);
    tokens.user(Identity::User(user), "Wick", Purpose::Access, now, life)
}

/// The service: it adds one account after another, with a group and a token, and then prints what it has acknowledged.
#[test]
#[ignore = "the other test runs it as a process of its own"]
fn child() {
    let Some(path) = std::env::var_os(DATABASE) else {
        return;
    };
    let shared = open(Path::new(&path));
    let now = Timestamp::now();
    // Names of earlier runs are taken.
    let first = shared.look(|cloud| cloud.accounts.iter().count());
    for number in first.. {
        let new = NewAccount {
            name: format!("Wick{number}"),
            login: Login::User {
                email: String::new(),
            },
            user_id: None,
        };
        let hash = SecretHash::of_secret("secret", HashCost::CHEAPEST).unwrap();
        let work = |cloud: &mut alta_cloud::state::Cloud, now| {
            let user = cloud.add_account(new, hash, now).unwrap();
            let group = cloud.add_group("Thornwood Folk", user, now);
            (user, group, token(&mut cloud.tokens, user, now))
        };
        let (user, group, token) = shared.prepare(now, work).unwrap();
        let mut output = std::io::stdout().lock();
        writeln!(output, "acknowledged {user} {group} {token}").unwrap();
        output.flush().unwrap();
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cloud.db");
    let mut acknowledged = Vec::new();
    for lines in [1, 7, 40] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env(DATABASE, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let read = |line: std::io::Result<String>| {
            let line = line.unwrap();
            let (_, rest) = line.split_once("acknowledged ")?;
            Some(rest.to_owned())
        };
        acknowledged.extend(output.by_ref().filter_map(read).take(lines));
        child.kill().unwrap();
        child.wait().unwrap();
        // Lines that the child wrote before it was killed are acknowledged too.
        acknowledged.extend(output.filter_map(read));
        let shared = open(&path);
        for line in &acknowledged {
            let [user, group, token] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let (user, group): (u64, u64) = (user.parse().unwrap(), group.parse().unwrap());
            shared.look(|cloud| {
                assert!(cloud.accounts.get(user).is_some(), "the account is lost");
                assert_eq!(cloud.groups[&group].owner, user, "the group is lost");
                let grant = cloud.tokens.check(token, Timestamp::now());
                assert_eq!(grant.map(|grant| grant.identity), Ok(Identity::User(user)));
            });
        }
    }
    assert!(acknowledged.len() >= 48);
}
