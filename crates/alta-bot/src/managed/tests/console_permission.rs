use crate::managed::console_permission::console_permission;
use crate::managed::{ConsolePermission, Rules};
use crate::view::samples::{GROUP, SERVER, group, view};
use alta_model::{Fleet, GroupId};
use serde_json::json;
use std::time::Duration;

/// Every combination of the inputs, compared with the documented conditions.
#[test]
fn a_console_is_wanted_if_and_only_if_every_rule_permits_it() {
    let other = GroupId::new(9);
    let lists = [
        (None, vec![], true),
        (None, vec![other], true),
        (None, vec![GROUP], false),
        (Some(vec![GROUP]), vec![], true),
        (Some(vec![GROUP]), vec![GROUP], false),
        (Some(vec![other]), vec![], false),
        (Some(vec![]), vec![], false),
    ];
    let roles = [(1, false), (2, true), (3, false)];
    let fleets = [
        (None, json!({"fleet": "att-release"}), true),
        (None, json!({}), true),
        (
            Some(vec![Fleet::AttRelease]),
            json!({"fleet": "att-release"}),
            true,
        ),
        (
            Some(vec![Fleet::AttQuest]),
            json!({"fleet": "att-release"}),
            false,
        ),
        (
            Some(vec![Fleet::AttQuest, Fleet::AttRelease]),
            json!({"fleet": "att-release"}),
            true,
        ),
        (Some(vec![Fleet::AttQuest]), json!({}), false),
        (
            Some(vec![Fleet::Unknown("mine".to_owned())]),
            json!({"fleet": "mine"}),
            true,
        ),
    ];
    let states = [(true, false), (false, false), (true, true)];
    let emptiness = [
        (None, 0, true),
        (None, 1, true),
        (Some(Duration::ZERO), 0, false),
        (Some(Duration::ZERO), 1, true),
    ];
    let mut wanted = 0;
    for (allowed, denied, is_allowed) in &lists {
        for (role, permits) in roles {
            for (fleets, fleet, in_fleet) in &fleets {
                for (is_online, is_stale) in states {
                    for (leave, players, is_played) in emptiness {
                        let mut rules = Rules::default().except(denied.clone());
                        rules.allowed = allowed.clone().map(|groups| groups.into_iter().collect());
                        rules.fleets.clone_from(fleets);
                        rules.leave_empty_after = leave;
                        let mut record = fleet.clone();
                        record["player_count"] = players.into();
                        let mut server = view(GROUP, SERVER, is_online, record);
                        server.is_stale = is_stale;
                        let group = group(GROUP, role, [server.clone()]);
                        let expected = if !is_allowed {
                            ConsolePermission::NotAllowed
                        } else if !permits {
                            ConsolePermission::NoPermission
                        } else if !is_online {
                            ConsolePermission::Offline
                        } else if !in_fleet {
                            ConsolePermission::OtherFleet
                        } else if !is_played {
                            ConsolePermission::Empty
                        } else {
                            wanted += 1;
                            ConsolePermission::Wanted
                        };
                        assert_eq!(
                            console_permission(&group, &server, &rules),
                            expected,
                            "{rules:?} {server:?}"
                        );
                    }
                }
            }
        }
    }
    // 3 lists, 1 role, 5 fleets, 2 states, 3 of 4 emptinesses.
    assert_eq!(wanted, 90);
}

#[test]
fn without_consoles_none_is_wanted() {
    let server = view(GROUP, SERVER, true, json!({"player_count": 1}));
    let group = group(GROUP, 2, [server.clone()]);
    let rules = Rules::default();
    assert_eq!(
        console_permission(&group, &server, &rules),
        ConsolePermission::Wanted
    );
    let rules = rules.consoles(false);
    assert_eq!(
        console_permission(&group, &server, &rules),
        ConsolePermission::NotAllowed
    );
}

#[test]
fn a_server_that_was_not_read_yet_is_offline() {
    let mut server = view(GROUP, SERVER, false, json!({}));
    server.record = None;
    let group = group(GROUP, 2, [server.clone()]);
    assert_eq!(
        console_permission(&group, &server, &Rules::default()),
        ConsolePermission::Offline
    );
}

#[test]
fn allowing_and_denying_undo_each_other() {
    let other = GroupId::new(9);
    let mut rules = Rules::default();
    rules.deny(GROUP);
    assert!(!rules.allows(GROUP) && rules.allows(other));
    rules.allow(GROUP);
    assert!(
        rules.allows(GROUP) && rules.allows(other),
        "there is still no list"
    );
    let mut rules = Rules::default().only([other]);
    rules.allow(GROUP);
    assert!(rules.allows(GROUP) && rules.allows(other));
}

#[test]
fn the_console_of_a_server_that_could_not_be_read_is_opened_and_that_of_an_unread_one_is_not() {
    let mut server = view(GROUP, SERVER, false, json!({}));
    server.known = None;
    let mut group = group(GROUP, 2, [server.clone()]);
    group.complete = false;
    let rules = Rules::default();
    assert_eq!(
        console_permission(&group, &server, &rules),
        ConsolePermission::Unknown
    );
    let fleets = Rules::default().fleets([Fleet::AttQuest]);
    assert_eq!(
        console_permission(&group, &server, &fleets),
        ConsolePermission::OtherFleet
    );
    server.is_tried = false;
    assert_eq!(
        console_permission(&group, &server, &rules),
        ConsolePermission::Offline
    );
}
