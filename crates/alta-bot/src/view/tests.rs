use super::exchange::{Found, GroupEvent, Output, Ticket};
use super::model::Model;
use super::samples::{GROUP, ME, SERVER, joined, member, read, server};
use super::{Change, GroupView, ViewConfig};
use alta_model::{GroupId, Permission, Server, ServerId, Timestamp, UserId};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// A model, and what it shows and wants.
struct Rig {
    model: Model,
    now: Instant,
    wall: Timestamp,
    shown: Option<Arc<GroupView>>,
    changes: Vec<Change>,
    reads: Vec<Ticket>,
    lists: Vec<Ticket>,
    followed: Vec<GroupId>,
    left: Vec<GroupId>,
}

impl Rig {
    fn new() -> Self {
        Self {
            model: Model::new(ME, ViewConfig::default()),
            now: Instant::now(),
            wall: Timestamp::now(),
            shown: None,
            changes: Vec::new(),
            reads: Vec::new(),
            lists: Vec::new(),
            followed: Vec::new(),
            left: Vec::new(),
        }
    }

    /// One whose group has been joined, subscribed to and read.
    fn settled(role: i32) -> Self {
        let mut rig = Self::new();
        rig.model.joined(joined(role));
        rig.subscribed();
        let ticket = rig.reads.pop().unwrap();
        rig.found(Some(found(role, "Offline")), ticket);
        rig.changes.clear();
        rig
    }

    fn collect(&mut self) {
        for output in self.model.take_outputs() {
            match output {
                Output::Changed(_, view, changes) => {
                    self.shown = view;
                    self.changes.extend(changes);
                }
                Output::Follow(group) => self.followed.push(group),
                Output::Leave(group) => self.left.push(group),
                Output::Read(_, ticket) => self.reads.push(ticket),
                Output::List(ticket) => self.lists.push(ticket),
            }
        }
    }

    fn subscribed(&mut self) {
        self.model.subscribed(GROUP);
        self.collect();
    }

    fn event(&mut self, event: GroupEvent) {
        self.model.event(GROUP, event, self.now, self.wall);
        self.collect();
    }

    fn found(&mut self, found: Option<Found>, ticket: Ticket) {
        self.model.found(GROUP, found, ticket, self.now, self.wall);
        self.collect();
    }

    fn listed(&mut self, found: Option<Vec<alta_model::JoinedGroup>>, ticket: Ticket) {
        self.model.listed(found, ticket, self.now);
        self.collect();
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.model.tick(self.now);
        self.collect();
    }

    fn view(&self) -> &GroupView {
        self.shown.as_ref().expect("no group is shown")
    }

    fn is_online(&self) -> bool {
        self.view().servers[&SERVER].is_online
    }

    fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    fn reads(&mut self) -> Vec<Ticket> {
        std::mem::take(&mut self.reads)
    }
}

fn found(role: i32, status: &str) -> Found {
    Found {
        group: joined(role).group,
        me: Some(member(ME, role)),
        members: Some(vec![member(ME, role)]),
        servers: vec![server(SERVER, json!({"final_status": status}))],
    }
}

fn up() -> Server {
    server(SERVER, json!({"is_online": true, "final_status": "Online"}))
}

fn down() -> Server {
    server(
        SERVER,
        json!({"is_online": false, "final_status": "Offline"}),
    )
}

#[test]
fn what_was_read_before_the_bot_left_says_nothing_of_a_group_that_it_has_joined_again() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    let before = rig.reads.pop().unwrap();
    rig.model.left(GROUP);
    rig.model.joined(joined(1));
    rig.found(Some(found(2, "Online")), before);
    assert!(!rig.view().complete && !rig.view().permits(&Permission::Console));
    rig.subscribed();
    let ticket = rig.reads.pop().unwrap();
    rig.found(None, before);
    rig.found(Some(found(1, "Online")), ticket);
    assert!(rig.view().complete && rig.is_online());
    assert!(!rig.view().permits(&Permission::Console));
}

#[test]
fn a_group_is_shown_at_once_and_read_when_its_subscriptions_are_confirmed() {
    let mut rig = Rig::new();
    rig.model.joined(joined(2));
    rig.collect();
    assert_eq!(
        rig.changes(),
        [
            Change::GroupJoined(GROUP),
            Change::MemberJoined(GROUP, ME),
            Change::ServerAdded(GROUP, SERVER)
        ]
    );
    assert!(rig.view().permits(&Permission::Console));
    assert!(!rig.view().complete && !rig.is_online());
    assert_eq!(
        (rig.followed.as_slice(), rig.reads.len()),
        (&[GROUP][..], 0)
    );

    rig.subscribed();
    let ticket = rig.reads().pop().unwrap();
    rig.found(Some(found(2, "Online")), ticket);
    assert!(rig.view().complete && rig.is_online());
    assert_eq!(
        rig.changes(),
        [
            Change::GroupChanged(GROUP),
            Change::MemberChanged(GROUP, ME),
            Change::ServerOnline(GROUP, SERVER),
            Change::ServerChanged(GROUP, SERVER),
        ]
    );
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
    assert_eq!(rig.view().servers[&SERVER].heard, Some(rig.wall));
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
fn a_server_is_offline_when_its_heartbeats_stop_and_online_with_the_next() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Heartbeat(up()));
    rig.pass(SECOND * 44);
    assert!(rig.is_online());
    // A player who joins is a sign of life as well.
    rig.event(GroupEvent::Status(up()));
    rig.pass(SECOND * 44);
    assert!(rig.is_online());
    rig.pass(SECOND);
    assert!(!rig.is_online() && rig.view().servers[&SERVER].is_silent);
    assert_eq!(
        rig.changes().last(),
        Some(&Change::ServerOffline(GROUP, SERVER))
    );
    rig.event(GroupEvent::Heartbeat(up()));
    assert!(rig.is_online() && !rig.view().servers[&SERVER].is_silent);
}

#[test]
fn a_server_that_never_sends_heartbeats_is_not_missed() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Status(up()));
    rig.pass(SECOND * 3_600);
    assert!(rig.is_online());
}

#[test]
fn nobody_is_silent_while_the_socket_is_not_connected_but_again_after_it_was_read() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Heartbeat(up()));
    rig.model.set_connected(false);
    rig.pass(SECOND * 3_600);
    assert!(rig.is_online());
    rig.model.set_connected(true);
    rig.event(GroupEvent::Missed);
    let ticket = rig.reads().pop().unwrap();
    rig.found(Some(found(2, "Online")), ticket);
    rig.pass(SECOND * 44);
    assert!(rig.is_online());
    rig.pass(SECOND);
    assert!(!rig.is_online());
}

#[test]
fn what_an_event_said_while_a_group_was_read_is_not_undone_by_what_was_read() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    let ticket = rig.reads().pop().unwrap();
    rig.event(GroupEvent::Status(up()));
    rig.found(Some(found(2, "Offline")), ticket);
    assert!(rig.is_online());
    // They contradict each other: the next reading decides.
    let ticket = rig.reads().pop().unwrap();
    rig.found(Some(found(2, "Offline")), ticket);
    assert!(!rig.is_online());
    assert!(rig.reads().is_empty());
}

#[test]
fn a_reading_during_which_the_group_changed_is_thrown_away_and_repeated() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    let ticket = rig.reads().pop().unwrap();
    rig.event(GroupEvent::Member(member(ME, 1)));
    assert!(!rig.view().permits(&Permission::Console));
    assert!(rig.reads().is_empty(), "one at a time");
    rig.found(Some(found(2, "Offline")), ticket);
    assert!(
        !rig.view().permits(&Permission::Console),
        "older than the event"
    );
    let ticket = rig.reads().pop().unwrap();
    rig.found(Some(found(1, "Offline")), ticket);
    assert!(rig.reads().is_empty());
}

#[test]
fn a_group_that_never_rests_is_read_nevertheless_and_in_the_end_right() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    let mut online = Vec::new();
    for user in 0..6 {
        let ticket = rig.reads().pop().unwrap();
        rig.event(GroupEvent::Member(member(UserId::new(user), 1)));
        rig.found(Some(found(2, "Online")), ticket);
        online.push(rig.is_online());
    }
    assert_eq!(online, [false, false, false, true, true, true]);
    let ticket = rig.reads().pop().unwrap();
    let mut last = found(2, "Online");
    last.members = Some((0..6).map(|user| member(UserId::new(user), 1)).collect());
    rig.found(Some(last), ticket);
    assert!(rig.reads().is_empty());
    assert_eq!(rig.view().members.len(), 6);
}

#[test]
fn every_event_about_what_a_group_consists_of_is_shown_and_read() {
    let mut rig = Rig::settled(2);
    let other = ServerId::new(7);
    let birch = UserId::new(8);
    let settle = |rig: &mut Rig| {
        let ticket = rig.reads().pop().expect("it is read");
        let view = rig.view();
        let found = Found {
            group: (*view.group).clone(),
            me: Some((*view.me).clone()),
            members: Some(view.members.values().cloned().collect()),
            servers: view
                .servers
                .keys()
                .map(|id| server(*id, json!({"final_status": "Offline"})))
                .collect(),
        };
        rig.found(Some(found), ticket);
        assert!(rig.reads().is_empty());
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
    settle(&mut rig);
    rig.event(GroupEvent::Member(member(birch, 1)));
    assert_eq!(rig.changes(), [Change::MemberJoined(GROUP, birch)]);
    settle(&mut rig);
    rig.event(GroupEvent::Member(member(birch, 2)));
    assert_eq!(rig.changes(), [Change::MemberChanged(GROUP, birch)]);
    settle(&mut rig);
    rig.event(GroupEvent::MemberGone(member(birch, 2)));
    assert_eq!(rig.changes(), [Change::MemberLeft(GROUP, birch)]);
    settle(&mut rig);
    rig.event(GroupEvent::Member(member(ME, 1)));
    assert_eq!(
        rig.changes(),
        [Change::RoleChanged(GROUP), Change::MemberChanged(GROUP, ME)]
    );
    settle(&mut rig);
    rig.event(GroupEvent::ServerMade(read(json!({"id": other}))));
    assert_eq!(rig.changes(), [Change::ServerAdded(GROUP, other)]);
    settle(&mut rig);
    rig.changes();
    rig.event(GroupEvent::ServerUpdated(read(
        json!({"id": other, "name": "Hollow"}),
    )));
    assert_eq!(rig.changes(), [Change::ServerChanged(GROUP, other)]);
    settle(&mut rig);
    rig.changes();
    rig.event(GroupEvent::ServerGone(other));
    assert_eq!(rig.changes(), [Change::ServerRemoved(GROUP, other)]);
    settle(&mut rig);
    rig.event(GroupEvent::MemberGone(member(ME, 1)));
    assert_eq!(rig.lists.len(), 1, "perhaps the bot has left");
}

#[test]
fn a_record_that_says_nothing_about_running_changes_nothing_but_is_a_reason_to_read() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Status(up()));
    rig.event(GroupEvent::Status(read(json!({"id": SERVER}))));
    assert!(rig.is_online());
    assert_eq!(rig.reads().len(), 1);
}

#[test]
fn lists_bring_and_take_groups_unless_something_happened_meanwhile() {
    let mut rig = Rig::settled(2);
    let mut other = joined(2);
    other.group.id = GroupId::new(9);
    rig.model.read_list();
    rig.model.read_list();
    rig.collect();
    let ticket = rig.lists.pop().unwrap();
    assert!(rig.lists.is_empty(), "one at a time");
    rig.listed(Some(vec![joined(2), other.clone()]), ticket);
    assert_eq!(rig.followed, [GROUP, GroupId::new(9)]);
    // It was asked for again meanwhile.
    let ticket = rig.lists.pop().unwrap();
    rig.model.left(GROUP);
    rig.listed(Some(vec![joined(2), other.clone()]), ticket);
    assert_eq!(rig.left, [GROUP]);
    assert_eq!(rig.followed.len(), 2, "not joined again by an old list");
    let ticket = rig.lists.pop().unwrap();
    rig.listed(Some(vec![other]), ticket);
    assert!(rig.lists.is_empty());
    rig.model.read_list();
    rig.collect();
    let ticket = rig.lists.pop().unwrap();
    rig.listed(Some(Vec::new()), ticket);
    assert_eq!(rig.left, [GROUP, GroupId::new(9)]);
}

#[test]
fn what_could_not_be_read_is_tried_again_later() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    let ticket = rig.reads().pop().unwrap();
    rig.found(None, ticket);
    assert_eq!((rig.reads().len(), rig.lists.len()), (0, 1));
    let retry = rig.model.deadline().unwrap();
    assert!(retry <= rig.now + SECOND);
    rig.pass(SECOND);
    let ticket = rig.reads().pop().unwrap();
    assert_eq!(rig.model.deadline(), None);
    rig.found(Some(found(1, "Offline")), ticket);
    assert!(!rig.view().permits(&Permission::Console));
    let ticket = rig.lists.pop().unwrap();
    rig.listed(None, ticket);
    rig.pass(SECOND);
    assert_eq!(rig.lists.len(), 1);
}

#[test]
fn everything_is_read_again_when_the_socket_was_changed() {
    let mut rig = Rig::settled(2);
    rig.model.read_everything();
    rig.collect();
    assert_eq!((rig.reads().len(), rig.lists.len()), (1, 1));
}

#[test]
fn what_a_group_that_was_left_still_says_is_of_no_account() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    let ticket = rig.reads().pop().unwrap();
    rig.model.left(GROUP);
    rig.collect();
    assert_eq!(rig.changes(), [Change::GroupLeft(GROUP)]);
    rig.event(GroupEvent::Heartbeat(up()));
    rig.found(Some(found(2, "Online")), ticket);
    rig.subscribed();
    assert!(rig.shown.is_none() && rig.changes().is_empty() && rig.reads().is_empty());
}
