use super::*;
use crate::private_cloud::accounts;
use alta_cloud::state::Membership;
use std::fs;
use std::path::Path;

const SERVER: &str = "[[groups.servers]]\nid = 501\nname = 'Thornwood'\nconsole = '127.0.0.1:1'\ntoken-file = 'a.txt'\n";

fn config(folder: &Path, rest: &str) -> Config {
    let path = folder.join("cloud.toml");
    fs::write(&path, format!("[[groups]]\nid = 7\nname = 'Folk'\n{rest}")).unwrap();
    Config::load(&path).unwrap()
}

fn opened(config: &Config) -> SharedCloud {
    open(config, CloudConfig::default()).unwrap()
}

#[test]
fn accounts_and_members_stay_while_the_configuration_changes() {
    let folder = tempfile::tempdir().unwrap();
    let role = "[[groups.roles]]\nid = 3\nname = 'Helper'\npermissions = ['Console']\n";
    let first = opened(&config(folder.path(), &format!("{SERVER}{role}")));
    let new = accounts::bot("Example_Bot", &[]).unwrap();
    change(&first, |cloud, now| {
        accounts::add(cloud, new.clone(), &[(7, 3)], now)
    })
    .unwrap()
    .unwrap();
    drop(first);
    let renamed = role.replace("'Console'", "'Console', 'Kick'");
    let second = opened(&config(folder.path(), &renamed));
    second.look(|cloud| {
        let account = cloud.accounts.named("example_bot").unwrap();
        let group = &cloud.groups[&7];
        let member = group.member(account.user_id, Membership::Accepted).unwrap();
        assert_eq!(member.role_id, 3);
        let permissions: Vec<&str> = group.permissions(account.user_id).collect();
        assert_eq!(permissions, ["Console", "Kick"]);
        assert!(cloud.servers.is_empty());
    });
}

#[test]
fn a_role_that_the_configuration_has_no_longer_permits_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let role = "[[groups.roles]]\nid = 3\nname = 'Helper'\npermissions = ['Console']\n";
    let first = opened(&config(folder.path(), role));
    let new = accounts::bot("Example_Bot", &[]).unwrap();
    let added = change(&first, |cloud, now| {
        accounts::add(cloud, new.clone(), &[(7, 3)], now)
    });
    added.unwrap().unwrap();
    let listed = first.look(accounts::list);
    assert_eq!(accounts::list_row(&listed[0])[3], "Folk (Helper)");
    drop(first);
    let second = opened(&config(folder.path(), ""));
    second.look(|cloud| {
        let account = cloud.accounts.named("Example_Bot").unwrap();
        assert_eq!(cloud.groups[&7].permissions(account.user_id).count(), 0);
        assert_eq!(cloud.groups[&7].roles.as_array().len(), 3);
    });
    let listed = second.look(accounts::list);
    assert_eq!(accounts::list_row(&listed[0])[3], "Folk (no role 3)");
}

#[test]
fn a_damaged_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "");
    fs::write(config.database(), "no database".repeat(1_000)).unwrap();
    let failure = open(&config, CloudConfig::default())
        .unwrap_err()
        .to_string();
    assert!(
        failure.contains("cloud.db") && failure.contains("restore a copy"),
        "{failure}"
    );
}

#[test]
fn a_change_while_the_service_writes_is_made_with_the_new_state() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), SERVER);
    let service = opened(&config);
    let command = opened(&config);
    // Both have read the state. Each of them then writes.
    for (shared, name) in [(&service, "First_Bot"), (&command, "Second_Bot")] {
        let new = accounts::bot(name, &[]).unwrap();
        let added = change(shared, |cloud, now| {
            accounts::add(cloud, new.clone(), &[], now)
        });
        added.unwrap().unwrap();
    }
    for name in ["First_Bot", "Second_Bot"] {
        assert!(command.look(|cloud| cloud.accounts.named(name).is_some()));
    }
}
