//! What the view shows, and when it is read.

use super::*;
use crate::view::Membership;
use crate::view::samples::read;
use alta_model::{GroupDetailed, JoinedGroup, Listing, Permission, RoleId, ServerId, UserId};

#[test]
fn what_was_read_before_the_bot_left_says_nothing_of_a_group_that_it_has_joined_again() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    rig.pass(SOON);
    let before = std::mem::take(&mut rig.reads);
    rig.model.left(GROUP);
    rig.model.joined(joined(1));
    for (part, ticket) in before {
        let found = match part {
            Part::Server(..) => read_server(up()),
            Part::Members(_) => Found::Members(vec![member(ME, 2)].into()),
            _ => Found::Group(joined(2).group),
        };
        rig.model.done(part, ticket, Ok(found), rig.now, rig.wall);
    }
    rig.collect();
    assert!(!rig.view().complete && !rig.view().permits(&Permission::Console));
    assert_eq!(rig.server().known, None);
    rig.subscribed();
    rig.answer_all(1, &up());
    assert!(rig.view().complete && rig.is_online());
    assert!(!rig.view().permits(&Permission::Console));
}

#[test]
fn a_group_is_shown_at_once_and_read_when_its_subscriptions_are_confirmed() {
    let mut rig = Rig::new();
    rig.model.joined(joined(2));
    rig.pass(SECOND);
    assert_eq!(
        rig.changes(),
        [
            Change::GroupJoined(GROUP),
            Change::MemberJoined(GROUP, ME),
            Change::ServerAdded(GROUP, SERVER)
        ]
    );
    assert!(rig.view().permits(&Permission::Console));
    assert!(!rig.view().complete && rig.server().known.is_none());
    assert_eq!(
        (rig.followed.as_slice(), rig.reads.len()),
        (&[GROUP][..], 0)
    );

    rig.subscribed();
    assert_eq!(rig.reading(), [THE_GROUP, THE_MEMBERS, THE_SERVER]);
    rig.answer_all(2, &up());
    assert!(rig.view().complete && rig.is_online());
    let changes = rig.changes();
    for expected in [
        Change::ServerOnline(GROUP, SERVER),
        Change::ServerChanged(GROUP, SERVER),
        Change::GroupChanged(GROUP),
    ] {
        assert!(changes.contains(&expected), "{expected:?}: {changes:?}");
    }
}

#[test]
fn a_heartbeat_that_says_nothing_new_is_no_change() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Heartbeat(up()));
    assert_eq!(rig.changes(), [Change::ServerOnline(GROUP, SERVER)]);
    for seconds in 0..5 {
        rig.wall = rig.wall.checked_add(SECOND).unwrap();
        let up_time = server(
            SERVER,
            json!({"is_online": true, "final_status": "Online", "playability": seconds}),
        );
        rig.event(GroupEvent::Heartbeat(up_time));
    }
    assert_eq!(rig.changes(), []);
    assert_eq!(rig.server().heard, Some(rig.wall));
    let joined = server(
        SERVER,
        json!({"is_online": true, "online_players": [{"id": 7}], "player_count": 1}),
    );
    rig.event(GroupEvent::Status(joined));
    assert_eq!(rig.changes(), [Change::PlayersChanged(GROUP, SERVER)]);
    rig.event(GroupEvent::Status(down()));
    assert_eq!(
        rig.changes(),
        [
            Change::ServerOffline(GROUP, SERVER),
            Change::PlayersChanged(GROUP, SERVER)
        ]
    );
}

#[test]
fn a_member_is_known_absent_or_not_known_yet() {
    let mut rig = Rig::new();
    let [birch, cobb] = [8, 9].map(UserId::new);
    let all = || Found::Members(vec![member(ME, 2), member(birch, 2)].into());
    rig.model.joined(joined(2));
    rig.subscribed();
    assert!(matches!(rig.view().member(ME), Membership::Known(_)));
    assert_eq!(rig.view().member(birch), Membership::NotKnownYet);
    assert!(!rig.view().is_at_least(birch, RoleId::MEMBER));
    // The list is longer than the first try lasts.
    rig.answer(THE_MEMBERS, None);
    assert_eq!(rig.view().member(birch), Membership::NotKnownYet);
    rig.answer_all(2, &up());
    assert!(!rig.view().complete);
    rig.pass(SECOND);
    rig.answer(THE_MEMBERS, all());
    assert!(rig.view().complete);
    assert_eq!(
        rig.view().member(birch),
        Membership::Known(&member(birch, 2))
    );
    assert_eq!(rig.view().member(cobb), Membership::Absent);
    assert!(rig.view().is_at_least(birch, RoleId::MODERATOR));
    assert!(!rig.view().is_at_least(birch, RoleId::OWNER));
    rig.event(GroupEvent::MemberGone(member(birch, 2)));
    assert_eq!(rig.view().member(birch), Membership::Absent);
}

#[test]
fn what_could_not_be_read_of_a_list_is_not_taken_for_gone() {
    let mut rig = Rig::new();
    let [birch, cobb] = [8, 9].map(UserId::new);
    rig.model.joined(joined(2));
    rig.subscribed();
    rig.answer_all(2, &up());
    rig.event(GroupEvent::Member(member(birch, 1)));
    let servers = rig.view().servers.len();

    rig.model.read_everything(rig.now);
    rig.pass(SOON);
    let half: Listing<JoinedGroup> =
        read(json!([{"group": {"id": 9}, "member": {"group_id": 9, "user_id": 1}}, {}]));
    rig.answer(Part::List, Found::List(half));
    assert_eq!(rig.left, []);
    let mut group: GroupDetailed = read(json!({"id": GROUP, "servers": [{"name": "Thornwood"}]}));
    group.roles = joined(2).group.roles;
    rig.answer(Part::Group(GROUP), Found::Group(group));
    assert_eq!(rig.view().servers.len(), servers);
    let half = read(json!([member(ME, 2), {"group_id": GROUP, "user_id": []}]));
    rig.answer(THE_MEMBERS, Found::Members(half));
    assert!(matches!(rig.view().member(birch), Membership::Known(_)));
    assert_eq!(rig.view().member(cobb), Membership::NotKnownYet);
}

#[test]
fn others_are_never_known_where_members_are_not_kept() {
    let mut rig = Rig::with(ViewConfig::default().members(false));
    rig.model.joined(joined(2));
    rig.subscribed();
    rig.answer(THE_MEMBERS, Found::Me(member(ME, 1)));
    rig.answer_all(1, &up());
    assert!(rig.view().complete && !rig.view().permits(&Permission::Console));
    rig.event(GroupEvent::Member(member(UserId::new(8), 2)));
    assert_eq!(rig.view().member(UserId::new(8)), Membership::NotKnownYet);
}

#[test]
fn every_event_about_what_a_group_consists_of_is_shown_and_read() {
    let mut rig = Rig::settled(2);
    let other = ServerId::new(7);
    let birch = UserId::new(8);
    // Only what the event may have left out is read.
    let settle = |rig: &mut Rig, expected: &[Part]| {
        rig.pass(SOON);
        assert_eq!(rig.reading(), expected);
        while let Some((part, _)) = rig.reads.first().copied() {
            let view = rig.view();
            let mut group = (*view.group).clone();
            let listed = view.servers.keys();
            group.servers = listed.map(|id| read(json!({"id": id}))).collect();
            let found = match part {
                Part::Group(_) => Found::Group(group),
                Part::Members(_) => Found::Members(view.members.values().cloned().collect()),
                Part::Server(_, id) => read_server(server(id, json!({"final_status": "Offline"}))),
                Part::List => unreachable!("the list"),
            };
            rig.answer(part, found);
        }
        rig.pass(SECOND * 60);
        assert_eq!(rig.reading(), []);
        rig.changes();
    };
    rig.event(GroupEvent::Updated(read(
        json!({"id": GROUP, "name": "Thornwood Friends"}),
    )));
    assert_eq!(rig.changes(), [Change::GroupChanged(GROUP)]);
    assert!(
        rig.view().permits(&Permission::Console),
        "an update without roles leaves them"
    );
    assert_eq!(rig.view().group.servers.len(), 1);
    settle(&mut rig, &[THE_GROUP]);
    rig.event(GroupEvent::Member(member(birch, 1)));
    assert_eq!(rig.changes(), [Change::MemberJoined(GROUP, birch)]);
    settle(&mut rig, &[THE_MEMBERS]);
    rig.event(GroupEvent::Member(member(birch, 2)));
    assert_eq!(rig.changes(), [Change::MemberChanged(GROUP, birch)]);
    settle(&mut rig, &[THE_MEMBERS]);
    rig.event(GroupEvent::MemberGone(member(birch, 2)));
    assert_eq!(rig.changes(), [Change::MemberLeft(GROUP, birch)]);
    settle(&mut rig, &[THE_MEMBERS]);
    rig.event(GroupEvent::Member(member(ME, 1)));
    assert_eq!(
        rig.changes(),
        [Change::RoleChanged(GROUP), Change::MemberChanged(GROUP, ME)]
    );
    settle(&mut rig, &[THE_MEMBERS]);
    rig.event(GroupEvent::ServerMade(read(json!({"id": other}))));
    assert_eq!(rig.changes(), [Change::ServerAdded(GROUP, other)]);
    let the_other = Part::Server(GROUP, other);
    settle(&mut rig, &[THE_GROUP, the_other]);
    rig.event(GroupEvent::ServerUpdated(read(
        json!({"id": other, "name": "Hollow"}),
    )));
    assert_eq!(rig.changes(), [Change::ServerChanged(GROUP, other)]);
    settle(&mut rig, &[THE_GROUP, the_other]);
    rig.event(GroupEvent::ServerGone(other));
    assert_eq!(rig.changes(), [Change::ServerRemoved(GROUP, other)]);
    settle(&mut rig, &[THE_GROUP]);
    rig.event(GroupEvent::MemberGone(member(ME, 1)));
    rig.pass(SOON);
    assert!(rig.reading().contains(&Part::List), "perhaps the bot left");
}

#[test]
fn lists_bring_and_take_groups_unless_something_happened_meanwhile() {
    let mut rig = Rig::settled(2);
    let other = || {
        let mut other = joined(2);
        other.group.id = GroupId::new(9);
        other
    };
    rig.model.read_list(rig.now);
    rig.model.read_list(rig.now);
    rig.pass(SOON);
    assert_eq!(rig.reading(), [Part::List], "one at a time");
    rig.model.read_list(rig.now);
    rig.answer(Part::List, Found::List(vec![joined(2), other()].into()));
    assert_eq!(rig.followed, [GROUP, GroupId::new(9)]);
    // It was asked for again meanwhile.
    rig.pass(SOON);
    assert_eq!(rig.reading(), [Part::List]);
    rig.model.left(GROUP);
    rig.answer(Part::List, Found::List(vec![joined(2), other()].into()));
    assert_eq!(rig.left, [GROUP]);
    assert_eq!(rig.followed.len(), 2, "not joined again by an old list");
    rig.pass(SOON);
    rig.answer(Part::List, Found::List(vec![other()].into()));
    rig.pass(SOON);
    assert_eq!(rig.reading(), []);
    rig.model.read_list(rig.now);
    rig.pass(SOON);
    rig.answer(Part::List, Found::List(Listing::default()));
    assert_eq!(rig.left, [GROUP, GroupId::new(9)]);
}

#[test]
fn what_a_group_that_was_left_still_says_is_of_no_account() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    rig.pass(SOON);
    let reads = std::mem::take(&mut rig.reads);
    rig.model.left(GROUP);
    rig.collect();
    assert_eq!(rig.changes(), [Change::GroupLeft(GROUP)]);
    rig.event(GroupEvent::Heartbeat(up()));
    rig.console(ConsoleSays::Connected);
    for (part, ticket) in reads {
        let failed = Err(Failed::default());
        rig.model.done(part, ticket, failed, rig.now, rig.wall);
    }
    rig.subscribed();
    rig.pass(SECOND * 3_600);
    assert!(rig.shown.is_none() && rig.changes().is_empty() && rig.reads.is_empty());
}
