//! Readings: each part by itself, once for whatever asks for it, and never too many at once.

use super::*;
use crate::view::Membership;
use crate::view::samples::read;
use alta_model::{Listing, Permission, RoleId, ServerId, UserId};
use std::collections::BTreeMap;

#[test]
fn a_server_that_cannot_be_read_is_unknown_and_holds_up_nothing_of_its_group() {
    let mut rig = Rig::new();
    let healthy = ServerId::new(7);
    let mut two = joined(2);
    let listed = json!({"id": healthy, "name": "Hollow"});
    two.group.servers.push(read(listed));
    rig.model.joined(two.clone());
    rig.subscribed();
    rig.answer(THE_SERVER, None);
    rig.answer(
        Part::Server(GROUP, healthy),
        read_server(server(healthy, json!({"is_online": true}))),
    );
    rig.answer(THE_GROUP, Found::Group(two.group.clone()));
    let members = (0..24).map(|user| member(UserId::new(user), 1));
    rig.answer(THE_MEMBERS, Found::Members(members.collect()));
    assert_eq!(rig.view().members.len(), 24);
    assert!(rig.view().servers[&healthy].is_online && rig.view().complete);
    assert_eq!(rig.server().known, None, "unknown is not offline");
    assert!(
        !rig.changes()
            .contains(&Change::ServerOffline(GROUP, SERVER))
    );

    // It alone is tried again, ever more seldom.
    let mut tries = 0;
    for _ in 0..600 {
        rig.pass(SECOND);
        for part in rig.reading() {
            assert_eq!(part, THE_SERVER);
            tries += 1;
            rig.answer(part, None);
        }
    }
    assert!((10..60).contains(&tries), "{tries} tries in ten minutes");
    let mut tries = 0;
    while rig.reading().is_empty() {
        rig.pass(SECOND);
        tries += 1;
        assert!(tries < 61, "it is not tried again");
    }
    rig.answer(THE_SERVER, read_server(down()));
    assert_eq!(rig.server().known, Some(Known::AtStart));
    assert_eq!(
        rig.changes().first(),
        Some(&Change::ServerOffline(GROUP, SERVER))
    );
}

#[test]
fn a_server_that_cannot_be_read_any_more_stays_as_it_was() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Status(up()));
    rig.event(GroupEvent::Missed);
    rig.pass(SOON);
    rig.answer(THE_SERVER, None);
    assert!(rig.is_online());
}

#[test]
fn each_part_of_a_group_that_cannot_be_read_is_tried_again_alone() {
    for failing in [THE_GROUP, THE_MEMBERS, THE_SERVER] {
        let mut rig = Rig::new();
        rig.model.joined(joined(1));
        rig.subscribed();
        rig.answer(failing, None);
        rig.answer_all(2, &up());
        let (group, members, server) = (
            rig.view().group.roles.len() == 2,
            rig.view().permits(&Permission::Console),
            rig.server().known.is_some(),
        );
        assert!(group, "of the first list");
        assert_eq!(members, failing != THE_MEMBERS);
        assert_eq!(server, failing != THE_SERVER);
        assert_eq!(rig.view().complete, failing == THE_SERVER);
        rig.pass(SECOND);
        let mut read = rig.reading();
        read.retain(|part| *part != Part::List);
        assert_eq!(read, [failing]);
        rig.answer_all(2, &up());
        assert!(rig.view().complete && rig.is_online());
        rig.pass(SECOND * 3_600);
        assert_eq!(rig.reading(), []);
    }
}

#[test]
fn members_before_a_page_that_cannot_be_read_are_known_and_the_others_not_yet() {
    let mut rig = Rig::new();
    let [birch, cobb, fern] = [8, 9, 10].map(UserId::new);
    rig.model.joined(joined(2));
    rig.subscribed();
    rig.event(GroupEvent::Member(member(fern, 1)));
    rig.fail_after(THE_MEMBERS, vec![member(birch, 1)]);
    // It was outdated.
    assert_eq!(rig.view().member(birch), Membership::NotKnownYet);
    rig.answer_all(2, &up());
    rig.pass(SECOND);
    rig.fail_after(THE_MEMBERS, vec![member(birch, 1), member(fern, 2)]);
    assert!(matches!(rig.view().member(birch), Membership::Known(_)));
    assert_eq!(rig.view().member(cobb), Membership::NotKnownYet);
    let fern = rig.view().member(fern).known();
    assert_eq!(fern.unwrap().role_id, Some(RoleId::MEMBER), "by the event");
    rig.pass(SECOND * 60);
    assert_eq!(rig.reading(), [THE_MEMBERS]);
    rig.answer(THE_MEMBERS, Found::Members(vec![member(ME, 2)].into()));
    assert_eq!(rig.view().member(birch), Membership::Absent);
}

#[test]
fn when_a_group_cannot_be_read_the_list_tells_whether_it_is_still_ours() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    rig.pass(SOON);
    rig.answer(THE_GROUP, None);
    rig.answer(THE_MEMBERS, None);
    rig.pass(SOON);
    rig.answer(Part::List, Found::List(Listing::default()));
    assert_eq!(rig.left, [GROUP]);
}

#[test]
fn a_server_that_is_listed_and_does_not_exist_comes_when_it_does() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    rig.pass(SOON);
    rig.answer(THE_SERVER, Found::NoServer);
    assert!(rig.view().servers.is_empty());
    rig.changes();
    for _ in 0..3 {
        rig.answer(THE_GROUP, Found::Group(joined(2).group));
        // Perhaps there is one by now.
        rig.answer(THE_SERVER, Found::NoServer);
        rig.answer_all(2, &down());
        assert_eq!(rig.changes(), [], "it comes and goes with each reading");
        rig.event(GroupEvent::Missed);
        rig.pass(SOON);
    }
    rig.event(GroupEvent::Status(up()));
    assert!(rig.is_online());
}

#[test]
fn what_an_event_said_while_a_server_was_read_is_not_undone_by_what_was_read() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    rig.pass(SOON);
    rig.event(GroupEvent::Status(up()));
    rig.answer_all(2, &down());
    assert!(rig.is_online());
    // They contradict each other: the next reading decides.
    rig.pass(SECOND);
    assert_eq!(rig.reading(), [THE_SERVER]);
    rig.answer(THE_SERVER, read_server(down()));
    assert!(!rig.is_online());
    rig.pass(SECOND * 60);
    assert_eq!(rig.reading(), []);
}

#[test]
fn a_reading_during_which_the_group_changed_is_thrown_away_and_repeated() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    rig.pass(SOON);
    rig.event(GroupEvent::Member(member(ME, 1)));
    assert!(!rig.view().permits(&Permission::Console));
    rig.pass(SOON);
    assert_eq!(
        rig.reading(),
        [THE_GROUP, THE_MEMBERS, THE_SERVER],
        "one at a time"
    );
    rig.answer_all(2, &down());
    assert!(
        !rig.view().permits(&Permission::Console),
        "older than the event"
    );
    rig.pass(SECOND);
    assert_eq!(rig.reading(), [THE_MEMBERS]);
    rig.answer_all(1, &down());
    rig.pass(SECOND * 60);
    assert_eq!(rig.reading(), []);
}

#[test]
fn members_that_never_rest_are_read_nevertheless_and_in_the_end_right() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    let mut known = Vec::new();
    for user in 10..16 {
        rig.pass(SECOND * 60);
        rig.event(GroupEvent::Member(member(UserId::new(user), 1)));
        rig.answer_all(2, &down());
        known.push(!rig.view().members.contains_key(&UserId::new(10)));
    }
    // The reading that is taken says nothing of the tenth.
    assert_eq!(known, [false, false, false, true, true, true]);
    rig.pass(SECOND * 60);
    let all = (10..16).map(|user| member(UserId::new(user), 1));
    rig.answer(THE_MEMBERS, Found::Members(all.collect()));
    rig.pass(SECOND * 60);
    assert_eq!(rig.reading(), []);
    assert_eq!(rig.view().members.len(), 6);
}

#[test]
fn a_record_that_says_nothing_about_running_changes_nothing_but_is_a_reason_to_read() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Status(up()));
    rig.event(GroupEvent::Status(read(json!({"id": SERVER}))));
    assert!(rig.is_online());
    rig.pass(SOON);
    assert_eq!(rig.reading(), [THE_SERVER]);
}

#[test]
fn everything_is_read_again_when_the_socket_was_changed() {
    let mut rig = Rig::settled(2);
    rig.model.read_everything(rig.now);
    rig.pass(SOON);
    assert_eq!(
        rig.reading(),
        [Part::List, THE_GROUP, THE_MEMBERS, THE_SERVER]
    );
}

const GROUPS: i64 = 9;

/// Nine groups with a server each, all of them read.
fn nine_groups() -> Rig {
    let mut rig = Rig::new();
    for number in 0..GROUPS {
        let mut joined = joined(2);
        joined.group.id = GroupId::new(number);
        joined.group.servers[0].id = ServerId::new(100 + number);
        rig.model.joined(joined);
        rig.model.subscribed(GroupId::new(number), rig.now);
    }
    let counted = answer_for(&mut rig, SECOND * 60);
    assert_eq!(counted.len(), 27);
    rig
}

/// Answers each reading after 20 ms. Counts them, and checks that no more than four run at once.
fn answer_for(rig: &mut Rig, time: Duration) -> BTreeMap<Part, Vec<Instant>> {
    let mut read = BTreeMap::<_, Vec<Instant>>::new();
    let step = Duration::from_millis(20);
    for _ in 0..time.as_millis() / step.as_millis() {
        rig.pass(step);
        let reads = std::mem::take(&mut rig.reads);
        assert!(reads.len() <= 4, "{reads:?}");
        for (part, ticket) in reads {
            read.entry(part).or_default().push(rig.now);
            let group = part.group().unwrap_or(GROUP);
            let found = match part {
                Part::Server(_, id) => read_server(server(id, json!({"final_status": "Online"}))),
                Part::Members(_) => Found::Members(vec![member(ME, 2)].into()),
                Part::Group(_) => {
                    let mut found = joined(2).group;
                    found.id = group;
                    found.servers[0].id = ServerId::new(100 + group.get());
                    Found::Group(found)
                }
                Part::List => {
                    let mut all = vec![joined(2); usize::try_from(GROUPS).unwrap()];
                    for (number, joined) in (0..).zip(&mut all) {
                        joined.group.id = GroupId::new(number);
                        joined.group.servers[0].id = ServerId::new(100 + number);
                    }
                    Found::List(all.into())
                }
            };
            rig.model
                .done(part, ticket, Ok(found), rig.now + step, rig.wall);
        }
    }
    read
}

#[test]
fn an_outage_is_one_reading_of_each_part_spread_over_time_however_often_it_is_told() {
    let mut rig = nine_groups();
    let before = rig.now;
    rig.connected(false);
    rig.pass(SECOND * 10);
    rig.connected(true);
    // Each of a group's nine subscriptions tells of it.
    for _ in 0..9 {
        for number in 0..GROUPS {
            let group = GroupId::new(number);
            rig.model
                .event(group, GroupEvent::Missed, rig.now, rig.wall);
        }
        rig.pass(Duration::from_millis(10));
    }
    rig.model.read_list(rig.now);
    let read = answer_for(&mut rig, SECOND * 600);
    let counts: Vec<_> = read.values().map(Vec::len).collect();
    assert_eq!(counts, [1; 28], "{read:?}");
    let mut times: Vec<_> = read.values().flatten().map(|at| *at - before).collect();
    times.sort();
    let (first, last) = (times[0], times[times.len() - 1]);
    assert!(last > first + SECOND, "all at once: {times:?}");
    assert!(last < SECOND * 14, "too late: {times:?}");
}

#[test]
fn while_nothing_can_be_read_each_part_is_tried_ever_more_seldom() {
    let mut rig = nine_groups();
    for number in 0..GROUPS {
        let group = GroupId::new(number);
        rig.model
            .event(group, GroupEvent::Missed, rig.now, rig.wall);
    }
    let mut tries = BTreeMap::<_, usize>::new();
    for _ in 0..6_000 {
        rig.pass(Duration::from_millis(100));
        for (part, ticket) in std::mem::take(&mut rig.reads) {
            *tries.entry(part).or_default() += 1;
            let failed = Err(Failed::default());
            rig.model.done(part, ticket, failed, rig.now, rig.wall);
        }
    }
    assert_eq!(tries.len(), 28);
    // Ten minutes, with pauses of half a minute on average.
    assert!(tries.values().all(|tries| *tries < 60), "{tries:?}");
}

#[test]
fn what_is_asked_for_while_it_is_being_read_is_read_once_more() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    rig.pass(SOON);
    for _ in 0..9 {
        rig.event(GroupEvent::Missed);
    }
    rig.answer_all(2, &down());
    rig.pass(SOON);
    assert_eq!(rig.reading(), [THE_GROUP, THE_MEMBERS, THE_SERVER]);
    rig.answer_all(2, &down());
    rig.pass(SECOND * 60);
    assert_eq!(rig.reading(), []);
}
