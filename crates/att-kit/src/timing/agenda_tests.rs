use super::agenda::{Agenda, Input, Output, Session};
use super::scope::{DelayEnd, Scope};
use super::stay_tests::{at, online};
use alta_model::UserId;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

const UP: Session = Session {
    number: 1,
    is_connected: true,
};

fn add(id: u64, scope: Scope, name: Option<&str>, seconds: u64, session: Session) -> Input {
    Input::Add {
        id,
        scope,
        name: name.map(Into::into),
        after: Duration::from_secs(seconds),
        at: at(0),
        session,
    }
}

fn outputs(agenda: &mut Agenda) -> Vec<Output> {
    std::iter::from_fn(|| agenda.poll_output()).collect()
}

#[test]
fn work_begins_when_it_is_due_and_ends_with_the_player() {
    let now = Instant::now();
    let here = online(0, &[(1, 0)], true);
    let mut agenda = Agenda::default();
    let player = Scope::Player(UserId::new(1));
    agenda.handle(add(1, player, None, 20, UP), &here, now);
    agenda.handle(add(2, player, None, 40, UP), &here, now);
    assert_eq!(outputs(&mut agenda), []);
    let due = now + Duration::from_secs(20);
    assert_eq!(agenda.deadline(), Some(due));
    agenda.handle(Input::Tick, &here, due);
    assert_eq!(outputs(&mut agenda), [Output::Start(1)]);
    let gone = online(25, &[], true);
    agenda.handle(Input::Players(Some(UserId::new(1))), &gone, due);
    // Also the work that runs.
    let left = [1, 2].map(|id| Output::Ended(id, DelayEnd::Left));
    assert_eq!(outputs(&mut agenda), left);
    assert_eq!(agenda.len(), 0);
}

#[test]
fn a_player_who_is_not_online_gets_nothing() {
    let now = Instant::now();
    let empty = online(1, &[], true);
    let mut agenda = Agenda::default();
    agenda.handle(
        add(1, Scope::Player(UserId::new(1)), None, 0, UP),
        &empty,
        now,
    );
    assert_eq!(outputs(&mut agenda), []);
    let known = agenda.deadline().unwrap();
    agenda.handle(Input::Tick, &empty, known);
    assert_eq!(outputs(&mut agenda), [Output::Ended(1, DelayEnd::Left)]);
}

#[test]
fn overdue_work_begins_as_soon_as_a_snapshot_shows_the_player() {
    let now = Instant::now();
    let player = UserId::new(1);
    let mut agenda = Agenda::default();
    agenda.handle(
        add(1, Scope::Player(player), None, 0, UP),
        &online(0, &[], true),
        now,
    );
    assert_eq!(outputs(&mut agenda), []);
    let here = online(0, &[(1, 0)], true);
    agenda.handle(Input::Players(Some(player)), &here, now);
    assert_eq!(outputs(&mut agenda), [Output::Start(1)]);
    assert_eq!(agenda.deadline(), None);
}

#[test]
fn a_second_delay_with_the_same_name_and_scope_replaces_the_first() {
    let now = Instant::now();
    let here = online(0, &[(1, 0), (2, 0)], true);
    let mut agenda = Agenda::default();
    for (id, player) in [(1, 1), (2, 2), (3, 1)] {
        let scope = Scope::Player(UserId::new(player));
        agenda.handle(add(id, scope, Some("greeting"), 5, UP), &here, now);
    }
    assert_eq!(outputs(&mut agenda), [Output::Ended(1, DelayEnd::Replaced)]);
    agenda.handle(Input::Tick, &here, now + Duration::from_secs(5));
    assert_eq!(outputs(&mut agenda), [Output::Start(2), Output::Start(3)]);
}

#[test]
fn a_session_ends_its_own_delays_and_those_of_players() {
    let now = Instant::now();
    let here = online(0, &[(1, 0)], true);
    let mut agenda = Agenda::default();
    agenda.handle(
        add(1, Scope::Player(UserId::new(1)), None, 5, UP),
        &here,
        now,
    );
    agenda.handle(add(2, Scope::Session, None, 5, UP), &here, now);
    agenda.handle(add(3, Scope::Console, None, 5, UP), &here, now);
    let next = Session { number: 2, ..UP };
    agenda.handle(add(4, Scope::Session, None, 5, next), &here, now);
    // The loss was not seen, but the next session is.
    agenda.handle(Input::Session(next), &here, now);
    let ended = [1, 2].map(|id| Output::Ended(id, DelayEnd::SessionEnded));
    assert_eq!(outputs(&mut agenda), ended);
    let down = Session {
        is_connected: false,
        ..next
    };
    agenda.handle(Input::Session(down), &here, now);
    assert_eq!(
        outputs(&mut agenda),
        [Output::Ended(4, DelayEnd::SessionEnded)]
    );
    agenda.handle(add(5, Scope::Session, None, 5, down), &here, now);
    assert_eq!(
        outputs(&mut agenda),
        [Output::Ended(5, DelayEnd::SessionEnded)]
    );
    agenda.handle(Input::Tick, &here, now + Duration::from_secs(5));
    assert_eq!(outputs(&mut agenda), [Output::Start(3)]);
}

#[derive(Clone, Debug)]
enum Step {
    Add { scope: u8, name: u8, seconds: u64 },
    Join(i64),
    Leave(i64),
    Reconnect,
    Cancel(u64),
    Finish,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4_u8, 0..3_u8, 0..30_u64)
            .prop_map(|(scope, name, seconds)| Step::Add { scope, name, seconds }),
        2 => (0..2_i64).prop_map(Step::Join),
        1 => (0..2_i64).prop_map(Step::Leave),
        1 => Just(Step::Reconnect),
        1 => (1..20_u64).prop_map(Step::Cancel),
        1 => Just(Step::Finish),
        4 => (1..20_u64).prop_map(Step::Wait),
    ]
}

proptest! {
    /// Each delay begins at most once, at its time, while its player is here and its session continues; it ends exactly once;
    /// and nothing remains of it.
    #[test]
    fn delays_end_once_and_begin_only_while_their_scope_lasts(
        steps in proptest::collection::vec(step(), 0..60)
    ) {
        let start = Instant::now();
        let mut seconds = 0_u64;
        let mut players: BTreeMap<i64, i64> = BTreeMap::new();
        let mut session = UP;
        let mut agenda = Agenda::default();
        let mut last = 0;
        // Scope, due second, session, beginning of the player's stay.
        let mut added: BTreeMap<u64, (Scope, u64, u64, Option<i64>)> = BTreeMap::new();
        let mut running = BTreeSet::new();
        let mut ended = BTreeSet::new();
        for step in steps.into_iter().chain([Step::Wait(100)]) {
            let now = start + Duration::from_secs(seconds);
            let second = i64::try_from(seconds).unwrap();
            let mut input = Input::Tick;
            match step {
                Step::Add { scope, name, seconds: after } => {
                    last += 1;
                    let scope = match scope {
                        0 => Scope::Session,
                        1 => Scope::Console,
                        player => Scope::Player(UserId::new((player - 2).into())),
                    };
                    let stay = match scope {
                        Scope::Player(id) => players.get(&id.get()).copied(),
                        _ => None,
                    };
                    added.insert(last, (scope, seconds + after, session.number, stay));
                    let name = ["a", "b"].get(usize::from(name)).map(|name| (*name).into());
                    let after = Duration::from_secs(after);
                    input = Input::Add { id: last, scope, name, after, at: at(second), session };
                }
                Step::Join(id) => {
                    players.entry(id).or_insert(second);
                    input = Input::Players(Some(UserId::new(id)));
                }
                Step::Leave(id) => {
                    players.remove(&id);
                    input = Input::Players(Some(UserId::new(id)));
                }
                Step::Reconnect => {
                    session.number += 1;
                    input = Input::Session(session);
                }
                Step::Cancel(id) => input = Input::Cancel(id),
                Step::Finish => {
                    if let Some(id) = running.pop_first() {
                        input = Input::Finished(id, DelayEnd::Ran);
                    }
                }
                Step::Wait(wait) => seconds += wait,
            }
            let now = now.max(start + Duration::from_secs(seconds));
            let list: Vec<_> = players.iter().map(|(id, since)| (*id, *since)).collect();
            let online = online(i64::try_from(seconds).unwrap(), &list, true);
            agenda.handle(input, &online, now);
            for output in outputs(&mut agenda) {
                match output {
                    Output::Start(id) => {
                        prop_assert!(!ended.contains(&id) && running.insert(id));
                        let (scope, due, of, stay) = added[&id];
                        prop_assert!(due <= seconds, "not before its time");
                        prop_assert!(scope == Scope::Console || of == session.number);
                        if let Scope::Player(player) = scope {
                            let here = players.get(&player.get());
                            prop_assert!(here.is_some() && (stay.is_none() || here == stay.as_ref()));
                        }
                    }
                    Output::Ended(id, _) => {
                        running.remove(&id);
                        prop_assert!(ended.insert(id), "it ends once");
                    }
                }
            }
        }
        // Every delay that has not ended runs.
        for id in added.keys() {
            prop_assert!(ended.contains(id) != running.contains(id), "{id}");
        }
        prop_assert_eq!(agenda.deadline(), None);
        prop_assert!(agenda.len() == running.len(), "an ended delay takes no memory");
    }
}
