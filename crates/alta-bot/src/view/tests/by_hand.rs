//! The content of the view, and its readings.

use super::*;
use crate::view::Membership;
use crate::view::samples::read;
use alta_model::{GroupDetailed, JoinedGroup, Listing, Permission, RoleId, ServerId, UserId};

#[test]
fn a_reading_from_before_the_bot_left_is_ignored_after_it_has_joined_again() {
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Missed);
    harness.pass(SOON);
    let before = std::mem::take(&mut harness.reads);
    harness.model.left(GROUP);
    harness.model.joined(joined(1));
    for (part, ticket) in before {
        let found = match part {
            Part::Server(..) => read_server(up()),
            Part::Members(_) => Fetched::Members(vec![member(ME, 2)].into()),
            _ => Fetched::Group(joined(2).group),
        };
        harness
            .model
            .done(part, ticket, Ok(found), harness.now, harness.wall);
    }
    harness.collect();
    assert!(!harness.view().complete && !harness.view().permits(&Permission::Console));
    assert_eq!(harness.server().known, None);
    harness.subscribed();
    harness.reply_to_all(1, &up());
    assert!(harness.view().complete && harness.is_online());
    assert!(!harness.view().permits(&Permission::Console));
}

#[test]
fn a_group_is_in_the_view_at_once_and_read_when_its_subscriptions_are_confirmed() {
    let mut harness = Harness::new();
    harness.model.joined(joined(2));
    harness.pass(SECOND);
    assert_eq!(
        harness.changes(),
        [
            Change::GroupJoined(GROUP),
            Change::MemberJoined(GROUP, ME),
            Change::ServerAdded(GROUP, SERVER)
        ]
    );
    assert!(harness.view().permits(&Permission::Console));
    assert!(!harness.view().complete && harness.server().known.is_none());
    assert_eq!(
        (harness.followed.as_slice(), harness.reads.len()),
        (&[GROUP][..], 0)
    );

    harness.subscribed();
    assert_eq!(harness.reading(), [THE_GROUP, THE_MEMBERS, THE_SERVER]);
    harness.reply_to_all(2, &up());
    assert!(harness.view().complete && harness.is_online());
    let changes = harness.changes();
    for expected in [
        Change::ServerOnline(GROUP, SERVER),
        Change::ServerChanged(GROUP, SERVER),
        Change::GroupChanged(GROUP),
    ] {
        assert!(changes.contains(&expected), "{expected:?}: {changes:?}");
    }
}

#[test]
fn a_heartbeat_without_news_is_no_change() {
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Heartbeat(up()));
    assert_eq!(harness.changes(), [Change::ServerOnline(GROUP, SERVER)]);
    for seconds in 0..5 {
        harness.wall = harness.wall.checked_add(SECOND).unwrap();
        let up_time = server(
            SERVER,
            json!({"is_online": true, "final_status": "Online", "playability": seconds}),
        );
        harness.event(GroupEvent::Heartbeat(up_time));
    }
    assert_eq!(harness.changes(), []);
    assert_eq!(harness.server().record_at, Some(harness.wall));
    let joined = server(
        SERVER,
        json!({"is_online": true, "online_players": [{"id": 7}], "player_count": 1}),
    );
    harness.event(GroupEvent::Status(joined));
    assert_eq!(harness.changes(), [Change::PlayersChanged(GROUP, SERVER)]);
    harness.event(GroupEvent::Status(down()));
    assert_eq!(
        harness.changes(),
        [
            Change::ServerOffline(GROUP, SERVER),
            Change::PlayersChanged(GROUP, SERVER)
        ]
    );
}

#[test]
fn a_member_is_known_absent_or_not_known_yet() {
    let mut harness = Harness::new();
    let [birch, cobb] = [8, 9].map(UserId::new);
    let all = || Fetched::Members(vec![member(ME, 2), member(birch, 2)].into());
    harness.model.joined(joined(2));
    harness.subscribed();
    assert!(matches!(harness.view().member(ME), Membership::Known(_)));
    assert_eq!(harness.view().member(birch), Membership::NotKnownYet);
    assert!(!harness.view().is_at_least(birch, RoleId::MEMBER));
    // The first reading fails before the list is complete.
    harness.reply(THE_MEMBERS, None);
    assert_eq!(harness.view().member(birch), Membership::NotKnownYet);
    harness.reply_to_all(2, &up());
    assert!(!harness.view().complete);
    harness.pass(SECOND);
    harness.reply(THE_MEMBERS, all());
    assert!(harness.view().complete);
    assert_eq!(
        harness.view().member(birch),
        Membership::Known(&member(birch, 2))
    );
    assert_eq!(harness.view().member(cobb), Membership::Absent);
    assert!(harness.view().is_at_least(birch, RoleId::MODERATOR));
    assert!(!harness.view().is_at_least(birch, RoleId::OWNER));
    harness.event(GroupEvent::MemberGone(member(birch, 2)));
    assert_eq!(harness.view().member(birch), Membership::Absent);
}

#[test]
fn an_undecodable_entry_of_a_list_does_not_count_as_removed() {
    let mut harness = Harness::new();
    let [birch, cobb] = [8, 9].map(UserId::new);
    harness.model.joined(joined(2));
    harness.subscribed();
    harness.reply_to_all(2, &up());
    harness.event(GroupEvent::Member(member(birch, 1)));
    let servers = harness.view().servers.len();

    harness.model.read_everything(harness.now);
    harness.pass(SOON);
    let half: Listing<JoinedGroup> =
        read(json!([{"group": {"id": 9}, "member": {"group_id": 9, "user_id": 1}}, {}]));
    harness.reply(Part::List, Fetched::List(half));
    assert_eq!(harness.left, []);
    let mut group: GroupDetailed = read(json!({"id": GROUP, "servers": [{"name": "Thornwood"}]}));
    group.roles = joined(2).group.roles;
    harness.reply(Part::Group(GROUP), Fetched::Group(group));
    assert_eq!(harness.view().servers.len(), servers);
    let half = read(json!([member(ME, 2), {"group_id": GROUP, "user_id": []}]));
    harness.reply(THE_MEMBERS, Fetched::Members(half));
    assert!(matches!(harness.view().member(birch), Membership::Known(_)));
    assert_eq!(harness.view().member(cobb), Membership::NotKnownYet);
}

#[test]
fn without_members_other_users_are_never_known() {
    let mut harness = Harness::with(ViewConfig::default().members(false));
    harness.model.joined(joined(2));
    harness.subscribed();
    harness.reply(THE_MEMBERS, Fetched::Me(member(ME, 1)));
    harness.reply_to_all(1, &up());
    assert!(harness.view().complete && !harness.view().permits(&Permission::Console));
    harness.event(GroupEvent::Member(member(UserId::new(8), 2)));
    assert_eq!(
        harness.view().member(UserId::new(8)),
        Membership::NotKnownYet
    );
}

#[test]
fn every_event_about_the_structure_of_a_group_is_applied_and_read() {
    let mut harness = Harness::settled(2);
    let other = ServerId::new(7);
    let birch = UserId::new(8);
    // Only the parts that the event may lack are read.
    let settle = |harness: &mut Harness, expected: &[Part]| {
        harness.pass(SOON);
        assert_eq!(harness.reading(), expected);
        while let Some((part, _)) = harness.reads.first().copied() {
            let view = harness.view();
            let mut group = (*view.group).clone();
            let listed = view.servers.keys();
            group.servers = listed.map(|id| read(json!({"id": id}))).collect();
            let found = match part {
                Part::Group(_) => Fetched::Group(group),
                Part::Members(_) => Fetched::Members(view.members.values().cloned().collect()),
                Part::Server(_, id) => read_server(server(id, json!({"final_status": "Offline"}))),
                Part::List => unreachable!("the list"),
            };
            harness.reply(part, found);
        }
        harness.pass(SECOND * 60);
        assert_eq!(harness.reading(), []);
        harness.changes();
    };
    harness.event(GroupEvent::Updated(read(
        json!({"id": GROUP, "name": "Thornwood Friends"}),
    )));
    assert_eq!(harness.changes(), [Change::GroupChanged(GROUP)]);
    assert!(
        harness.view().permits(&Permission::Console),
        "an update without roles leaves them"
    );
    assert_eq!(harness.view().group.servers.len(), 1);
    settle(&mut harness, &[THE_GROUP]);
    harness.event(GroupEvent::Member(member(birch, 1)));
    assert_eq!(harness.changes(), [Change::MemberJoined(GROUP, birch)]);
    settle(&mut harness, &[THE_MEMBERS]);
    harness.event(GroupEvent::Member(member(birch, 2)));
    assert_eq!(harness.changes(), [Change::MemberChanged(GROUP, birch)]);
    settle(&mut harness, &[THE_MEMBERS]);
    harness.event(GroupEvent::MemberGone(member(birch, 2)));
    assert_eq!(harness.changes(), [Change::MemberLeft(GROUP, birch)]);
    settle(&mut harness, &[THE_MEMBERS]);
    harness.event(GroupEvent::Member(member(ME, 1)));
    assert_eq!(
        harness.changes(),
        [Change::RoleChanged(GROUP), Change::MemberChanged(GROUP, ME)]
    );
    settle(&mut harness, &[THE_MEMBERS]);
    harness.event(GroupEvent::ServerMade(read(json!({"id": other}))));
    assert_eq!(harness.changes(), [Change::ServerAdded(GROUP, other)]);
    let the_other = Part::Server(GROUP, other);
    settle(&mut harness, &[THE_GROUP, the_other]);
    harness.event(GroupEvent::ServerUpdated(read(
        json!({"id": other, "name": "Hollow"}),
    )));
    assert_eq!(harness.changes(), [Change::ServerChanged(GROUP, other)]);
    settle(&mut harness, &[THE_GROUP, the_other]);
    harness.event(GroupEvent::ServerGone(other));
    assert_eq!(harness.changes(), [Change::ServerRemoved(GROUP, other)]);
    settle(&mut harness, &[THE_GROUP]);
    harness.event(GroupEvent::MemberGone(member(ME, 1)));
    harness.pass(SOON);
    assert!(
        harness.reading().contains(&Part::List),
        "perhaps the bot left"
    );
}

#[test]
fn lists_add_and_remove_groups_unless_they_are_outdated() {
    let mut harness = Harness::settled(2);
    let other = || {
        let mut other = joined(2);
        other.group.id = GroupId::new(9);
        other
    };
    harness.model.read_list(harness.now);
    harness.model.read_list(harness.now);
    harness.pass(SOON);
    assert_eq!(harness.reading(), [Part::List], "one at a time");
    harness.model.read_list(harness.now);
    harness.reply(Part::List, Fetched::List(vec![joined(2), other()].into()));
    assert_eq!(harness.followed, [GROUP, GroupId::new(9)]);
    // It was requested again meanwhile.
    harness.pass(SOON);
    assert_eq!(harness.reading(), [Part::List]);
    harness.model.left(GROUP);
    harness.reply(Part::List, Fetched::List(vec![joined(2), other()].into()));
    assert_eq!(harness.left, [GROUP]);
    assert_eq!(harness.followed.len(), 2, "not joined again by an old list");
    harness.pass(SOON);
    harness.reply(Part::List, Fetched::List(vec![other()].into()));
    harness.pass(SOON);
    assert_eq!(harness.reading(), []);
    harness.model.read_list(harness.now);
    harness.pass(SOON);
    harness.reply(Part::List, Fetched::List(Listing::default()));
    assert_eq!(harness.left, [GROUP, GroupId::new(9)]);
}

#[test]
fn events_of_a_group_that_was_left_are_ignored() {
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Missed);
    harness.pass(SOON);
    let reads = std::mem::take(&mut harness.reads);
    harness.model.left(GROUP);
    harness.collect();
    assert_eq!(harness.changes(), [Change::GroupLeft(GROUP)]);
    harness.event(GroupEvent::Heartbeat(up()));
    harness.console(ConsoleState::Connected);
    for (part, ticket) in reads {
        let failed = Err(FetchFailed::default());
        harness
            .model
            .done(part, ticket, failed, harness.now, harness.wall);
    }
    harness.subscribed();
    harness.pass(SECOND * 3_600);
    assert!(harness.shown.is_none() && harness.changes().is_empty() && harness.reads.is_empty());
}
