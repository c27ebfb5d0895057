//! Readings: each part alone, once for several requests, and a bounded number at the same time.

use super::*;
use crate::view::Membership;
use crate::view::samples::read;
use alta_model::{Listing, Permission, RoleId, ServerId, UserId};
use std::collections::BTreeMap;

#[test]
fn a_server_that_cannot_be_read_is_unknown_and_delays_nothing_else_of_its_group() {
    let mut harness = Harness::new();
    let healthy = ServerId::new(7);
    let mut two = joined(2);
    let listed = json!({"id": healthy, "name": "Hollow"});
    two.group.servers.push(read(listed));
    harness.model.joined(two.clone());
    harness.subscribed();
    harness.changes();
    harness.reply(THE_SERVER, None);
    // A console is opened although the other server is not read yet.
    assert!(harness.server().is_tried && !harness.view().servers[&healthy].is_tried);
    let changed = [Change::ServerChanged(GROUP, SERVER)];
    assert_eq!(harness.changes(), changed);
    harness.reply(
        Part::Server(GROUP, healthy),
        read_server(server(healthy, json!({"is_online": true}))),
    );
    harness.reply(THE_GROUP, Fetched::Group(two.group.clone()));
    let members = (0..24).map(|user| member(UserId::new(user), 1));
    harness.reply(THE_MEMBERS, Fetched::Members(members.collect()));
    assert_eq!(harness.view().members.len(), 24);
    assert!(harness.view().servers[&healthy].is_online && harness.view().complete);
    assert_eq!(harness.server().known, None, "unknown is not offline");
    assert!(
        !harness
            .changes()
            .contains(&Change::ServerOffline(GROUP, SERVER))
    );

    // Only this part is tried again, with growing pauses.
    let mut tries = 0;
    for _ in 0..600 {
        harness.pass(SECOND);
        for part in harness.reading() {
            assert_eq!(part, THE_SERVER);
            tries += 1;
            harness.reply(part, None);
        }
    }
    assert!((10..60).contains(&tries), "{tries} tries in ten minutes");
    let mut tries = 0;
    while harness.reading().is_empty() {
        harness.pass(SECOND);
        tries += 1;
        assert!(tries < 61, "it is not tried again");
    }
    harness.reply(THE_SERVER, read_server(down()));
    assert_eq!(harness.server().known, Some(Known::AtStart));
    assert_eq!(
        harness.changes().first(),
        Some(&Change::ServerOffline(GROUP, SERVER))
    );
}

#[test]
fn a_server_that_cannot_be_read_any_more_stays_as_it_was() {
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Status(up()));
    harness.event(GroupEvent::Missed);
    harness.pass(SOON);
    harness.reply(THE_SERVER, None);
    assert!(harness.is_online());
}

#[test]
fn each_part_of_a_group_that_cannot_be_read_is_tried_again_alone() {
    for failing in [THE_GROUP, THE_MEMBERS, THE_SERVER] {
        let mut harness = Harness::new();
        harness.model.joined(joined(1));
        harness.subscribed();
        harness.reply(failing, None);
        harness.reply_to_all(2, &up());
        let (group, members, server) = (
            harness.view().group.roles.len() == 2,
            harness.view().permits(&Permission::Console),
            harness.server().known.is_some(),
        );
        assert!(group, "of the first list");
        assert_eq!(members, failing != THE_MEMBERS);
        assert_eq!(server, failing != THE_SERVER);
        assert_eq!(harness.view().complete, failing == THE_SERVER);
        harness.pass(SECOND);
        let mut read = harness.reading();
        read.retain(|part| *part != Part::List);
        assert_eq!(read, [failing]);
        harness.reply_to_all(2, &up());
        assert!(harness.view().complete && harness.is_online());
        harness.pass(SECOND * 3_600);
        assert_eq!(harness.reading(), []);
    }
}

#[test]
fn members_before_a_page_that_cannot_be_read_are_known_and_the_others_not_yet() {
    let mut harness = Harness::new();
    let [birch, cobb, fern] = [8, 9, 10].map(UserId::new);
    harness.model.joined(joined(2));
    harness.subscribed();
    harness.event(GroupEvent::Member(member(fern, 1)));
    harness.fail_after(THE_MEMBERS, vec![member(birch, 1)]);
    // The reading was outdated.
    assert_eq!(harness.view().member(birch), Membership::NotKnownYet);
    harness.reply_to_all(2, &up());
    harness.pass(SECOND);
    harness.fail_after(THE_MEMBERS, vec![member(birch, 1), member(fern, 2)]);
    assert!(matches!(harness.view().member(birch), Membership::Known(_)));
    assert_eq!(harness.view().member(cobb), Membership::NotKnownYet);
    let fern = harness.view().member(fern).known();
    assert_eq!(fern.unwrap().role_id, Some(RoleId::MEMBER), "by the event");
    harness.pass(SECOND * 60);
    assert_eq!(harness.reading(), [THE_MEMBERS]);
    harness.reply(THE_MEMBERS, Fetched::Members(vec![member(ME, 2)].into()));
    assert_eq!(harness.view().member(birch), Membership::Absent);
}

#[test]
fn when_a_group_cannot_be_read_the_list_decides_whether_the_bot_has_left() {
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Missed);
    harness.pass(SOON);
    harness.reply(THE_GROUP, None);
    harness.reply(THE_MEMBERS, None);
    harness.pass(SOON);
    harness.reply(Part::List, Fetched::List(Listing::default()));
    assert_eq!(harness.left, [GROUP]);
}

#[test]
fn a_listed_server_that_does_not_exist_is_added_when_it_exists() {
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Missed);
    harness.pass(SOON);
    harness.reply(THE_SERVER, Fetched::NoServer);
    assert!(harness.view().servers.is_empty());
    harness.changes();
    for _ in 0..3 {
        harness.reply(THE_GROUP, Fetched::Group(joined(2).group));
        // The server may exist by now.
        harness.reply(THE_SERVER, Fetched::NoServer);
        harness.reply_to_all(2, &down());
        assert_eq!(harness.changes(), [], "it comes and goes with each reading");
        harness.event(GroupEvent::Missed);
        harness.pass(SOON);
    }
    harness.event(GroupEvent::Status(up()));
    assert!(harness.is_online());
}

#[test]
fn a_reading_does_not_override_an_event_that_arrived_meanwhile() {
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Missed);
    harness.pass(SOON);
    harness.event(GroupEvent::Status(up()));
    harness.reply_to_all(2, &down());
    assert!(harness.is_online());
    // They contradict each other: the next reading decides.
    harness.pass(SECOND);
    assert_eq!(harness.reading(), [THE_SERVER]);
    harness.reply(THE_SERVER, read_server(down()));
    assert!(!harness.is_online());
    harness.pass(SECOND * 60);
    assert_eq!(harness.reading(), []);
}

#[test]
fn a_reading_during_which_the_group_changed_is_discarded_and_repeated() {
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Missed);
    harness.pass(SOON);
    harness.event(GroupEvent::Member(member(ME, 1)));
    assert!(!harness.view().permits(&Permission::Console));
    harness.pass(SOON);
    assert_eq!(
        harness.reading(),
        [THE_GROUP, THE_MEMBERS, THE_SERVER],
        "one at a time"
    );
    harness.reply_to_all(2, &down());
    assert!(
        !harness.view().permits(&Permission::Console),
        "older than the event"
    );
    harness.pass(SECOND);
    assert_eq!(harness.reading(), [THE_MEMBERS]);
    harness.reply_to_all(1, &down());
    harness.pass(SECOND * 60);
    assert_eq!(harness.reading(), []);
}

#[test]
fn members_that_change_all_the_time_are_read_and_correct_in_the_end() {
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Missed);
    let mut known = Vec::new();
    for user in 10..16 {
        harness.pass(SECOND * 60);
        harness.event(GroupEvent::Member(member(UserId::new(user), 1)));
        harness.reply_to_all(2, &down());
        known.push(!harness.view().members.contains_key(&UserId::new(10)));
    }
    // The used reading does not contain the tenth.
    assert_eq!(known, [false, false, false, true, true, true]);
    harness.pass(SECOND * 60);
    let all = (10..16).map(|user| member(UserId::new(user), 1));
    harness.reply(THE_MEMBERS, Fetched::Members(all.collect()));
    harness.pass(SECOND * 60);
    assert_eq!(harness.reading(), []);
    assert_eq!(harness.view().members.len(), 6);
}

#[test]
fn a_record_without_a_state_changes_nothing_and_causes_a_reading() {
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Status(up()));
    harness.event(GroupEvent::Status(read(json!({"id": SERVER}))));
    assert!(harness.is_online());
    harness.pass(SOON);
    assert_eq!(harness.reading(), [THE_SERVER]);
}

#[test]
fn everything_is_read_again_after_a_migration() {
    let mut harness = Harness::settled(2);
    harness.model.read_everything(harness.now);
    harness.pass(SOON);
    assert_eq!(
        harness.reading(),
        [Part::List, THE_GROUP, THE_MEMBERS, THE_SERVER]
    );
}

const GROUPS: i64 = 9;

/// Nine complete groups with a server each.
fn nine_groups() -> Harness {
    let mut harness = Harness::new();
    for number in 0..GROUPS {
        let mut joined = joined(2);
        joined.group.id = GroupId::new(number);
        joined.group.servers[0].id = ServerId::new(100 + number);
        harness.model.joined(joined);
        harness.model.subscribed(GroupId::new(number), harness.now);
    }
    let counted = reply_for(&mut harness, SECOND * 60);
    assert_eq!(counted.len(), 27);
    harness
}

/// Ends each reading after 20 ms. Returns their instants, and checks that at most four run at the same time.
fn reply_for(harness: &mut Harness, time: Duration) -> BTreeMap<Part, Vec<Instant>> {
    let mut read = BTreeMap::<_, Vec<Instant>>::new();
    let step = Duration::from_millis(20);
    for _ in 0..time.as_millis() / step.as_millis() {
        harness.pass(step);
        let reads = std::mem::take(&mut harness.reads);
        assert!(reads.len() <= 4, "{reads:?}");
        for (part, ticket) in reads {
            read.entry(part).or_default().push(harness.now);
            let group = part.group().unwrap_or(GROUP);
            let found = match part {
                Part::Server(_, id) => read_server(server(id, json!({"final_status": "Online"}))),
                Part::Members(_) => Fetched::Members(vec![member(ME, 2)].into()),
                Part::Group(_) => {
                    let mut found = joined(2).group;
                    found.id = group;
                    found.servers[0].id = ServerId::new(100 + group.get());
                    Fetched::Group(found)
                }
                Part::List => {
                    let mut all = vec![joined(2); usize::try_from(GROUPS).unwrap()];
                    for (number, joined) in (0..).zip(&mut all) {
                        joined.group.id = GroupId::new(number);
                        joined.group.servers[0].id = ServerId::new(100 + number);
                    }
                    Fetched::List(all.into())
                }
            };
            harness
                .model
                .done(part, ticket, Ok(found), harness.now + step, harness.wall);
        }
    }
    read
}

#[test]
fn an_outage_that_is_reported_repeatedly_is_one_reading_of_each_part_spread_over_time() {
    let mut harness = nine_groups();
    let before = harness.now;
    harness.connected(false);
    harness.pass(SECOND * 10);
    harness.connected(true);
    // Each of the nine subscriptions of a group reports it.
    for _ in 0..9 {
        for number in 0..GROUPS {
            let group = GroupId::new(number);
            harness
                .model
                .event(group, GroupEvent::Missed, harness.now, harness.wall);
        }
        harness.pass(Duration::from_millis(10));
    }
    harness.model.read_list(harness.now);
    let read = reply_for(&mut harness, SECOND * 600);
    let counts: Vec<_> = read.values().map(Vec::len).collect();
    assert_eq!(counts, [1; 28], "{read:?}");
    let mut times: Vec<_> = read.values().flatten().map(|at| *at - before).collect();
    times.sort();
    let (first, last) = (times[0], times[times.len() - 1]);
    assert!(last > first + SECOND, "all at once: {times:?}");
    assert!(last < SECOND * 14, "too late: {times:?}");
}

#[test]
fn while_nothing_can_be_read_the_pauses_of_each_part_grow() {
    let mut harness = nine_groups();
    for number in 0..GROUPS {
        let group = GroupId::new(number);
        harness
            .model
            .event(group, GroupEvent::Missed, harness.now, harness.wall);
    }
    let mut tries = BTreeMap::<_, usize>::new();
    for _ in 0..6_000 {
        harness.pass(Duration::from_millis(100));
        for (part, ticket) in std::mem::take(&mut harness.reads) {
            *tries.entry(part).or_default() += 1;
            let failed = Err(FetchFailed::default());
            harness
                .model
                .done(part, ticket, failed, harness.now, harness.wall);
        }
    }
    assert_eq!(tries.len(), 28);
    // Ten minutes, with pauses of half a minute on average.
    assert!(tries.values().all(|tries| *tries < 60), "{tries:?}");
}

#[test]
fn a_part_that_is_requested_while_it_is_read_is_read_once_more() {
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Missed);
    harness.pass(SOON);
    for _ in 0..9 {
        harness.event(GroupEvent::Missed);
    }
    harness.reply_to_all(2, &down());
    harness.pass(SOON);
    assert_eq!(harness.reading(), [THE_GROUP, THE_MEMBERS, THE_SERVER]);
    harness.reply_to_all(2, &down());
    harness.pass(SECOND * 60);
    assert_eq!(harness.reading(), []);
}
