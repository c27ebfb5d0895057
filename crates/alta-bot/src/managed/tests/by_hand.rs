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

struct Harness {
    plan: Plan,
    rules: Rules,
    now: Instant,
}

impl Harness {
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

    /// A plan with an open and connected console.
    fn open(rules: Rules) -> Self {
        let mut harness = Self::with(rules);
        assert_eq!(harness.update(&played(2)), [OPEN]);
        harness.plan.connected(SERVER, harness.now);
        harness
    }

    fn update(&mut self, group: &GroupView) -> Vec<Output> {
        self.plan
            .update(group.id(), Some(group), &self.rules, self.now);
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
    let mut harness = Harness::new();
    assert_eq!(harness.update(&played(2)), [OPEN]);
    assert_eq!(harness.update(&played(2)), []);
    harness.plan.connected(SERVER, harness.now);
    assert_eq!(harness.update(&played(1)), [CLOSE]);
    assert_eq!(harness.update(&played(1)), []);
    assert_eq!(harness.ended(End::Stopped), []);
    assert_eq!(harness.update(&played(2)), [OPEN]);
}

#[test]
fn a_console_that_is_wanted_again_while_it_closes_is_opened_after_that() {
    let mut harness = Harness::open(Rules::default());
    assert_eq!(harness.update(&played(1)), [CLOSE]);
    assert_eq!(harness.update(&played(2)), []);
    assert_eq!(harness.ended(End::Stopped), [OPEN]);
}

#[test]
fn a_console_stays_open_when_its_server_is_silent_or_stopped_but_is_not_opened_then() {
    let mut harness = Harness::open(Rules::default());
    assert_eq!(harness.update(&silent()), []);
    harness.plan.disconnected(SERVER, harness.now);
    assert_eq!(harness.plan.take_outputs(), []);
    assert_eq!(harness.update(&offline()), []);
    assert_eq!(harness.pass(SECOND * 7 * 24 * 3_600), []);
    assert_eq!(harness.update(&played(2)), []);
    harness.rules.deny(GROUP);
    assert_eq!(harness.update(&offline()), [CLOSE]);
    assert_eq!(harness.ended(End::Stopped), []);

    let mut harness = Harness::new();
    assert_eq!(harness.update(&offline()), []);
    assert_eq!(harness.pass(SECOND * 3_600), []);
}

#[test]
fn a_refused_console_waits_for_its_pause_or_a_change() {
    let refused = || {
        let mut harness = Harness::open(Rules::default());
        assert_eq!(harness.ended(End::Refused), []);
        assert_eq!(harness.update(&played(2)), []);
        harness
    };
    let mut harness = refused();
    assert_eq!(harness.plan.deadline(), Some(harness.now + REFUSED_PAUSE));
    assert_eq!(harness.pass(REFUSED_PAUSE / 2), []);
    assert_eq!(harness.pass(REFUSED_PAUSE / 2), [OPEN]);
    assert_eq!(harness.ended(End::Refused), []);
    assert_eq!(
        harness.plan.deadline(),
        Some(harness.now + REFUSED_PAUSE * 2)
    );
    for _ in 0..70 {
        assert_eq!(harness.pass(LONGEST_REFUSED_PAUSE), [OPEN]);
        assert_eq!(harness.ended(End::Refused), []);
    }
    let longest = harness.now + LONGEST_REFUSED_PAUSE;
    assert_eq!(harness.plan.deadline(), Some(longest));
    assert_eq!(harness.pass(LONGEST_REFUSED_PAUSE), [OPEN]);
    harness.plan.connected(SERVER, harness.now);
    assert_eq!(harness.ended(End::Refused), []);
    assert_eq!(harness.plan.deadline(), Some(harness.now + REFUSED_PAUSE));

    let mut harness = refused();
    assert_eq!(harness.update(&offline()), []);
    assert_eq!(harness.update(&played(2)), [OPEN], "it was started anew");

    let mut harness = refused();
    let mut promoted = played(2);
    let roles = &mut std::sync::Arc::make_mut(&mut promoted.group).roles;
    roles[1].name = "Warden".to_owned();
    assert_eq!(harness.update(&promoted), [OPEN], "the role was changed");
}

#[test]
fn a_console_that_failed_to_open_is_tried_again_and_one_that_the_program_closed_is_not() {
    let mut harness = Harness::new();
    harness.update(&played(2));
    assert_eq!(harness.ended(End::Failed), []);
    assert_eq!(harness.pass(FAILED_PAUSE), [OPEN]);
    harness.plan.connected(SERVER, harness.now);
    assert_eq!(harness.ended(End::Closed), []);
    assert_eq!(harness.plan.deadline(), None);
    assert_eq!(harness.pass(REFUSED_PAUSE * 10), []);
    harness.update(&offline());
    assert_eq!(harness.update(&played(2)), [OPEN]);
}

#[test]
fn the_console_of_an_empty_server_is_closed_after_its_time_and_not_before() {
    let rules = Rules::default().leave_empty_after(SECOND * 60);
    let mut harness = Harness::with(rules.clone());
    assert_eq!(harness.update(&empty()), [], "not opened");

    let mut harness = Harness::open(rules.clone());
    assert_eq!(harness.update(&empty()), []);
    assert_eq!(harness.pass(SECOND * 30), []);
    assert_eq!(harness.update(&empty()), []);
    assert_eq!(
        harness.plan.deadline(),
        Some(harness.now + SECOND * 30),
        "counted from the first"
    );
    assert_eq!(harness.update(&played(2)), [], "somebody came");
    assert_eq!(harness.pass(SECOND * 60), []);
    harness.update(&empty());
    assert_eq!(harness.pass(SECOND * 60), [CLOSE]);

    let mut harness = Harness::open(rules);
    harness.update(&empty());
    harness.rules.leave_empty_after = None;
    assert_eq!(harness.update(&empty()), [], "the rule is gone");
    assert_eq!(harness.pass(SECOND * 60), []);
}

#[test]
fn the_limit_bounds_opening_consoles_and_the_next_opens_when_one_is_connected_lost_or_slow() {
    let servers = (1..=6).map(ServerId::new);
    let views = servers.map(|id| view(GROUP, id, true, json!({})));
    let all = group(GROUP, 2, views);
    let mut harness = Harness::new();
    let open = |id| Output::Open(ServerId::new(id), GROUP);
    assert_eq!(harness.update(&all), [open(1), open(2)]);
    harness.plan.connected(ServerId::new(2), harness.now);
    assert_eq!(harness.plan.take_outputs(), [open(3)]);
    harness.plan.disconnected(ServerId::new(3), harness.now);
    assert_eq!(harness.plan.take_outputs(), [open(4)]);
    harness.plan.connected(ServerId::new(3), harness.now);
    assert_eq!(
        harness.plan.take_outputs(),
        [],
        "it takes no place any more"
    );
    assert_eq!(harness.pass(OPENING_LIMIT), [open(5), open(6)]);
}

#[test]
fn a_waiting_console_that_is_no_longer_wanted_is_not_opened() {
    let views = |online: [bool; 3]| {
        let ids = (1..).map(ServerId::new);
        let views = ids
            .zip(online)
            .map(|(id, online)| view(GROUP, id, online, json!({})));
        group(GROUP, 2, views)
    };
    let mut harness = Harness::new();
    harness.update(&views([true, true, true]));
    assert_eq!(harness.update(&views([true, true, false])), []);
    harness.plan.connected(ServerId::new(1), harness.now);
    assert_eq!(harness.plan.take_outputs(), []);
}

#[test]
fn a_group_that_is_left_and_a_server_that_is_removed_are_closed_and_forgotten() {
    let mut harness = Harness::open(Rules::default());
    harness
        .plan
        .update(GROUP, None, &harness.rules, harness.now);
    assert_eq!(harness.plan.take_outputs(), [CLOSE]);
    assert_eq!(harness.ended(End::Stopped), []);
    harness.plan.connected(SERVER, harness.now);
    assert_eq!(harness.pass(SECOND * 3_600), []);
    assert_eq!(harness.update(&played(2)), [OPEN]);
    assert_eq!(harness.update(&group(GROUP, 2, [])), [CLOSE]);
    // The servers of another group are not affected.
    assert_eq!(harness.update(&group(GroupId::new(9), 2, [])), []);
}
