use super::{Input, Machine, Outcome, Output, Reply, Step};
use crate::homes::debt::{Debt, MAX_DEBTS};
use crate::homes::error::Moved;
use alta_model::{Timestamp, UserId, Vector3};
use att_console::{Error, ErrorKind, Sent};
use std::time::Duration;
use tokio::time::Instant;

const PLAYER: UserId = UserId::new(7);
const HOME: Vector3 = Vector3::new(1.0, 2.0, 3.0);
const THERE: Vector3 = Vector3::new(40.0, 50.0, 60.0);

fn machine() -> (Machine, Instant) {
    let clock = || Timestamp::from_unix_seconds(1_800_000_000).unwrap();
    let (mut machine, now) = (Machine::new(clock), Instant::now());
    machine.handle(Input::Connected(true), now);
    (machine, now)
}

fn teleport(ticket: u64) -> Input {
    Input::Teleport {
        ticket,
        player: PLAYER,
        position: THERE,
    }
}

fn debt(player: i64) -> Debt {
    Debt {
        player: UserId::new(player),
        home: Some(HOME),
        set_to: THERE,
        since: Timestamp::from_unix_seconds(1_700_000_000).unwrap(),
    }
}

fn failed(kind: ErrorKind) -> Reply {
    Reply::Failed(Error::new(kind, "a test"))
}

fn lost() -> Reply {
    failed(ErrorKind::TimedOut {
        after: Duration::ZERO,
        sent: Sent::MayHaveRun,
    })
}

fn refused() -> Reply {
    failed(ErrorKind::Server {
        class: String::new(),
        message: "no such player".to_owned(),
    })
}

/// Gives an input, and returns the steps that follow.
fn steps(machine: &mut Machine, input: Input, now: Instant) -> Vec<Step> {
    machine.handle(input, now);
    let outputs = std::iter::from_fn(|| machine.poll_output());
    let steps = outputs.filter_map(|output| match output {
        Output::Run(_, step) => Some(step),
        _ => None,
    });
    steps.collect()
}

/// Gives a reply, and returns the end of the teleport that it causes.
fn end(machine: &mut Machine, reply: Reply, now: Instant) -> Outcome {
    machine.handle(Input::Ended(PLAYER, reply), now);
    let mut outputs = std::iter::from_fn(|| machine.poll_output());
    let end = outputs.find_map(|output| match output {
        Output::Finished(_, outcome) => Some(outcome),
        _ => None,
    });
    end.expect("the teleport has ended")
}

fn reply(machine: &mut Machine, reply: Reply, now: Instant) -> Vec<Step> {
    steps(machine, Input::Ended(PLAYER, reply), now)
}

#[test]
fn a_teleport_restores_the_home_and_the_next_one_follows() {
    let (mut machine, now) = machine();
    assert_eq!(steps(&mut machine, teleport(1), now), [Step::ReadHome]);
    assert_eq!(steps(&mut machine, teleport(2), now), []);
    let home = Reply::Home(Some(HOME));
    assert_eq!(reply(&mut machine, home, now), [Step::SetHome(Some(THERE))]);
    assert_eq!(machine.debts().len(), 1);
    assert_eq!(reply(&mut machine, Reply::Done, now), [Step::Teleport]);
    assert_eq!(
        reply(&mut machine, Reply::Done, now),
        [Step::SetHome(Some(HOME))]
    );
    assert_eq!(
        reply(&mut machine, Reply::Done, now),
        [Step::ReadHome],
        "of the second one"
    );
    assert_eq!(machine.debts(), []);
}

#[test]
fn a_player_without_a_home_has_none_again() {
    let (mut machine, now) = machine();
    steps(&mut machine, teleport(1), now);
    reply(&mut machine, Reply::Home(None), now);
    reply(&mut machine, Reply::Done, now);
    assert_eq!(reply(&mut machine, Reply::Done, now), [Step::SetHome(None)]);
}

#[test]
fn a_home_that_may_have_been_set_is_restored_without_a_teleport() {
    for reply_to_set in [lost(), refused()] {
        let (mut machine, now) = machine();
        steps(&mut machine, teleport(1), now);
        reply(&mut machine, Reply::Home(Some(HOME)), now);
        assert_eq!(
            reply(&mut machine, reply_to_set, now),
            [Step::SetHome(Some(HOME))]
        );
        let error = end(&mut machine, Reply::Done, now).unwrap_err();
        assert_eq!(
            (error.moved(), error.owes_home()),
            (Moved::No, false),
            "{error}"
        );
    }
}

#[test]
fn a_home_that_was_not_set_is_not_owed() {
    let (mut machine, now) = machine();
    steps(&mut machine, teleport(1), now);
    reply(&mut machine, Reply::Home(Some(HOME)), now);
    let error = end(&mut machine, failed(ErrorKind::NotReady), now).unwrap_err();
    assert!(!error.owes_home() && machine.debts().is_empty(), "{error}");
}

#[test]
fn a_failed_teleport_says_where_the_player_is() {
    for (reply_to_teleport, expected) in [
        (lost(), Moved::Perhaps),
        (refused(), Moved::No),
        (Reply::Done, Moved::Yes),
    ] {
        let (mut machine, now) = machine();
        steps(&mut machine, teleport(1), now);
        reply(&mut machine, Reply::Home(Some(HOME)), now);
        reply(&mut machine, Reply::Done, now);
        reply(&mut machine, reply_to_teleport, now);
        let error = end(&mut machine, refused(), now).unwrap_err();
        assert_eq!(
            (error.moved(), error.owes_home()),
            (expected, true),
            "{error}"
        );
        assert_eq!(machine.debts()[0].home, Some(HOME));
    }
}

#[test]
fn a_debt_is_paid_when_the_player_returns_unless_the_home_was_chosen_anew() {
    let chosen = Vector3::new(-9.0, 0.0, 0.0);
    for (home, expected) in [
        (THERE, Some(Step::SetHome(Some(HOME)))),
        (HOME, Some(Step::SetHome(Some(HOME)))),
        (chosen, None),
    ] {
        let (mut machine, now) = machine();
        machine.handle(Input::Loaded(vec![debt(7)]), now);
        assert_eq!(steps(&mut machine, Input::Tick, now), [Step::ReadHome]);
        assert_eq!(reply(&mut machine, refused(), now), []);
        assert_eq!(machine.deadline(), None, "the player is not online");
        assert_eq!(
            steps(&mut machine, Input::Online(PLAYER), now),
            [Step::ReadHome]
        );
        let steps = reply(&mut machine, Reply::Home(Some(home)), now);
        assert_eq!(steps, Vec::from_iter(expected));
        reply(&mut machine, Reply::Done, now);
        assert_eq!(machine.debts(), []);
    }
}

#[test]
fn failed_repairs_of_an_online_player_pause_longer_and_longer() {
    let (mut machine, mut now) = machine();
    machine.handle(Input::Online(PLAYER), now);
    machine.handle(Input::Loaded(vec![debt(7)]), now);
    let mut pauses = Vec::new();
    for _ in 0..11 {
        reply(&mut machine, refused(), now);
        let deadline = machine.deadline().unwrap();
        pauses.push((deadline - now).as_secs());
        now = deadline;
        assert_eq!(steps(&mut machine, Input::Tick, now), [Step::ReadHome]);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    // A new connection begins again.
    reply(&mut machine, refused(), now);
    machine.handle(Input::Connected(false), now);
    assert_eq!(machine.deadline(), None);
    assert_eq!(
        steps(&mut machine, Input::Connected(true), now),
        [Step::ReadHome]
    );
}

#[test]
fn the_file_is_written_before_the_home_is_changed() {
    let (mut machine, now) = machine();
    machine.handle(Input::Loaded(Vec::new()), now);
    machine.handle(Input::Saved(Ok(())), now);
    steps(&mut machine, teleport(1), now);
    assert_eq!(reply(&mut machine, Reply::Home(Some(HOME)), now), []);
    let step = Step::SetHome(Some(THERE));
    assert_eq!(steps(&mut machine, Input::Saved(Ok(())), now), [step]);
}

#[test]
fn without_the_file_nothing_is_changed() {
    let (mut machine, now) = machine();
    machine.handle(Input::Loaded(Vec::new()), now);
    machine.handle(Input::Saved(Ok(())), now);
    steps(&mut machine, teleport(1), now);
    reply(&mut machine, Reply::Home(Some(HOME)), now);
    machine.handle(Input::Saved(Err("the disk is full".to_owned())), now);
    let mut outputs = std::iter::from_fn(|| machine.poll_output());
    let Some(Output::Finished(1, Err(error))) = outputs.next() else {
        panic!("not refused");
    };
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert!(machine.debts().is_empty() && !machine.is_busy());
    assert_eq!(
        machine.deadline(),
        Some(now + Duration::from_secs(1)),
        "the write is repeated"
    );
}

#[test]
fn positions_that_cannot_be_a_home_and_long_queues_are_refused() {
    let (mut machine, now) = machine();
    for position in [
        Vector3::ZERO,
        Vector3::new(f64::NAN, 1.0, 1.0),
        Vector3::new(1.0, f64::INFINITY, 1.0),
    ] {
        let teleport = Input::Teleport {
            ticket: 1,
            player: PLAYER,
            position,
        };
        assert_eq!(steps(&mut machine, teleport, now), []);
    }
    assert!(!machine.is_busy());
    for ticket in 0..17 {
        machine.handle(teleport(ticket), now);
    }
    while machine.poll_output().is_some() {}
    machine.handle(teleport(17), now);
    assert!(matches!(
        machine.poll_output(),
        Some(Output::Finished(17, Err(_)))
    ));
}

#[test]
fn debts_of_players_who_never_return_are_kept_bounded_and_can_be_forgiven() {
    let (mut machine, now) = machine();
    let debts: Vec<_> = (100..).take(MAX_DEBTS).map(debt).collect();
    machine.handle(Input::Loaded(debts.clone()), now);
    assert_eq!(machine.debts(), debts);
    for id in 100..100 + i64::try_from(MAX_DEBTS).unwrap() {
        machine.handle(Input::Ended(UserId::new(id), refused()), now);
    }
    while machine.poll_output().is_some() {}
    assert_eq!(machine.debts(), debts);
    steps(&mut machine, teleport(1), now);
    let error = end(&mut machine, Reply::Home(Some(HOME)), now).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("1000 homes are not restored yet"),
        "{error}"
    );
    assert_eq!(
        machine.forgive(UserId::new(100), now),
        Some(debts[0].clone())
    );
    assert_eq!(machine.forgive(UserId::new(100), now), None);
    steps(&mut machine, teleport(2), now);
    assert_eq!(
        reply(&mut machine, Reply::Home(Some(HOME)), now).len(),
        0,
        "it waits for the file"
    );
    assert_eq!(machine.debts().len(), MAX_DEBTS);
}
