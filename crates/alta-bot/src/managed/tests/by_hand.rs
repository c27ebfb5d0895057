use crate::managed::Rules;
use crate::managed::plan::{
    End, FAILED_PAUSE, LONGEST_REFUSED_PAUSE, OPENING_LIMIT, Output, Plan, REFUSED_PAUSE,
};
use crate::view::samples::{GROUP, SERVER, group, view};
use crate::view::{GroupView, ServerView};
use alta_model::{GroupId, ServerId};
use serde_json::json;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);
const OPEN: Output = Output::Open(SERVER, GROUP);
const CLOSE: Output = Output::Close(SERVER);

struct Rig {
    plan: Plan,
    rules: Rules,
    now: Instant,
}

impl Rig {
    fn new() -> Self {
        Self::with(Rules::default())
    }

    fn with(rules: Rules) -> Self {
        Self {
            plan: Plan::new(2),
            rules,
            now: Instant::now(),
        }
    }

    /// One whose console is open and connected.
    fn open(rules: Rules) -> Self {
        let mut rig = Self::with(rules);
        assert_eq!(rig.look(&played(2)), [OPEN]);
        rig.plan.connected(SERVER, rig.now);
        rig
    }

    fn look(&mut self, group: &GroupView) -> Vec<Output> {
        self.plan
            .look(group.id(), Some(group), &self.rules, self.now);
        self.plan.take_outputs()
    }

    fn ended(&mut self, end: End) -> Vec<Output> {
        self.plan.ended(SERVER, end, self.now);
        self.plan.take_outputs()
    }

    fn pass(&mut self, time: Duration) -> Vec<Output> {
        self.now += time;
        self.plan.tick(self.now);
        self.plan.take_outputs()
    }
}

fn server(is_online: bool, players: i64) -> ServerView {
    view(GROUP, SERVER, is_online, json!({"player_count": players}))
}

fn played(role: i32) -> GroupView {
    group(GROUP, role, [server(true, 1)])
}

fn empty() -> GroupView {
    group(GROUP, 2, [server(true, 0)])
}

fn offline() -> GroupView {
    group(GROUP, 2, [server(false, 0)])
}

fn silent() -> GroupView {
    let mut server = server(true, 1);
    server.is_stale = true;
    group(GROUP, 2, [server])
}

#[test]
fn a_console_is_opened_once_and_closed_once() {
    let mut rig = Rig::new();
    assert_eq!(rig.look(&played(2)), [OPEN]);
    assert_eq!(rig.look(&played(2)), []);
    rig.plan.connected(SERVER, rig.now);
    assert_eq!(rig.look(&played(1)), [CLOSE]);
    assert_eq!(rig.look(&played(1)), []);
    assert_eq!(rig.ended(End::AsTold), []);
    assert_eq!(rig.look(&played(2)), [OPEN]);
}

#[test]
fn one_that_is_wanted_again_while_it_closes_is_opened_when_it_is_closed() {
    let mut rig = Rig::open(Rules::default());
    assert_eq!(rig.look(&played(1)), [CLOSE]);
    assert_eq!(rig.look(&played(2)), []);
    assert_eq!(rig.ended(End::AsTold), [OPEN]);
}

#[test]
fn a_console_stays_open_when_its_server_is_silent_or_sleeps_but_is_not_opened_for_it() {
    let mut rig = Rig::open(Rules::default());
    assert_eq!(rig.look(&silent()), []);
    rig.plan.disconnected(SERVER, rig.now);
    assert_eq!(rig.plan.take_outputs(), []);
    assert_eq!(rig.look(&offline()), []);
    assert_eq!(rig.pass(SECOND * 7 * 24 * 3_600), []);
    assert_eq!(rig.look(&played(2)), []);
    rig.rules.deny(GROUP);
    assert_eq!(rig.look(&offline()), [CLOSE]);
    assert_eq!(rig.ended(End::AsTold), []);

    let mut rig = Rig::new();
    assert_eq!(rig.look(&offline()), []);
    assert_eq!(rig.pass(SECOND * 3_600), []);
}

#[test]
fn a_refused_console_waits_until_time_has_passed_or_something_is_different() {
    let refused = || {
        let mut rig = Rig::open(Rules::default());
        assert_eq!(rig.ended(End::Refused), []);
        assert_eq!(rig.look(&played(2)), []);
        rig
    };
    let mut rig = refused();
    assert_eq!(rig.plan.deadline(), Some(rig.now + REFUSED_PAUSE));
    assert_eq!(rig.pass(REFUSED_PAUSE / 2), []);
    assert_eq!(rig.pass(REFUSED_PAUSE / 2), [OPEN]);
    assert_eq!(rig.ended(End::Refused), []);
    assert_eq!(rig.plan.deadline(), Some(rig.now + REFUSED_PAUSE * 2));
    for _ in 0..70 {
        assert_eq!(rig.pass(LONGEST_REFUSED_PAUSE), [OPEN]);
        assert_eq!(rig.ended(End::Refused), []);
    }
    let longest = rig.now + LONGEST_REFUSED_PAUSE;
    assert_eq!(rig.plan.deadline(), Some(longest));
    assert_eq!(rig.pass(LONGEST_REFUSED_PAUSE), [OPEN]);
    rig.plan.connected(SERVER, rig.now);
    assert_eq!(rig.ended(End::Refused), []);
    assert_eq!(rig.plan.deadline(), Some(rig.now + REFUSED_PAUSE));

    let mut rig = refused();
    assert_eq!(rig.look(&offline()), []);
    assert_eq!(rig.look(&played(2)), [OPEN], "it was started anew");

    let mut rig = refused();
    let mut promoted = played(2);
    let roles = &mut std::sync::Arc::make_mut(&mut promoted.group).roles;
    roles[1].name = "Warden".to_owned();
    assert_eq!(rig.look(&promoted), [OPEN], "the role was changed");
}

#[test]
fn one_that_could_not_be_opened_is_tried_again_and_one_closed_by_hand_is_not() {
    let mut rig = Rig::new();
    rig.look(&played(2));
    assert_eq!(rig.ended(End::Failed), []);
    assert_eq!(rig.pass(FAILED_PAUSE), [OPEN]);
    rig.plan.connected(SERVER, rig.now);
    assert_eq!(rig.ended(End::ByHand), []);
    assert_eq!(rig.plan.deadline(), None);
    assert_eq!(rig.pass(REFUSED_PAUSE * 10), []);
    rig.look(&offline());
    assert_eq!(rig.look(&played(2)), [OPEN]);
}

#[test]
fn an_empty_server_is_left_alone_after_its_time_and_not_before() {
    let rules = Rules::default().leave_empty_after(SECOND * 60);
    let mut rig = Rig::with(rules.clone());
    assert_eq!(rig.look(&empty()), [], "not opened");

    let mut rig = Rig::open(rules.clone());
    assert_eq!(rig.look(&empty()), []);
    assert_eq!(rig.pass(SECOND * 30), []);
    assert_eq!(rig.look(&empty()), []);
    assert_eq!(
        rig.plan.deadline(),
        Some(rig.now + SECOND * 30),
        "counted from the first"
    );
    assert_eq!(rig.look(&played(2)), [], "somebody came");
    assert_eq!(rig.pass(SECOND * 60), []);
    rig.look(&empty());
    assert_eq!(rig.pass(SECOND * 60), [CLOSE]);

    let mut rig = Rig::open(rules);
    rig.look(&empty());
    rig.rules.leave_empty_after = None;
    assert_eq!(rig.look(&empty()), [], "the rule is gone");
    assert_eq!(rig.pass(SECOND * 60), []);
}

#[test]
fn so_many_open_at_once_and_the_next_when_one_is_connected_or_lost_or_slow() {
    let servers = (1..=6).map(ServerId::new);
    let views = servers.map(|id| view(GROUP, id, true, json!({})));
    let all = group(GROUP, 2, views);
    let mut rig = Rig::new();
    let open = |id| Output::Open(ServerId::new(id), GROUP);
    assert_eq!(rig.look(&all), [open(1), open(2)]);
    rig.plan.connected(ServerId::new(2), rig.now);
    assert_eq!(rig.plan.take_outputs(), [open(3)]);
    rig.plan.disconnected(ServerId::new(3), rig.now);
    assert_eq!(rig.plan.take_outputs(), [open(4)]);
    rig.plan.connected(ServerId::new(3), rig.now);
    assert_eq!(rig.plan.take_outputs(), [], "it takes no place any more");
    assert_eq!(rig.pass(OPENING_LIMIT), [open(5), open(6)]);
}

#[test]
fn what_waits_for_its_turn_is_forgotten_when_it_is_not_wanted_any_more() {
    let views = |online: [bool; 3]| {
        let ids = (1..).map(ServerId::new);
        let views = ids
            .zip(online)
            .map(|(id, online)| view(GROUP, id, online, json!({})));
        group(GROUP, 2, views)
    };
    let mut rig = Rig::new();
    rig.look(&views([true, true, true]));
    assert_eq!(rig.look(&views([true, true, false])), []);
    rig.plan.connected(ServerId::new(1), rig.now);
    assert_eq!(rig.plan.take_outputs(), []);
}

#[test]
fn a_group_that_is_left_and_a_server_that_is_removed_are_closed_and_forgotten() {
    let mut rig = Rig::open(Rules::default());
    rig.plan.look(GROUP, None, &rig.rules, rig.now);
    assert_eq!(rig.plan.take_outputs(), [CLOSE]);
    assert_eq!(rig.ended(End::AsTold), []);
    rig.plan.connected(SERVER, rig.now);
    assert_eq!(rig.pass(SECOND * 3_600), []);
    assert_eq!(rig.look(&played(2)), [OPEN]);
    assert_eq!(rig.look(&group(GROUP, 2, [])), [CLOSE]);
    // Another group's servers are no concern of this one's.
    assert_eq!(rig.look(&group(GroupId::new(9), 2, [])), []);
}
