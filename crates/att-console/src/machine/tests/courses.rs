//! Any inputs of a console, in any order.

use super::world::{Ticket, World};
use crate::error::Sent;
use crate::machine::*;
use crate::status::State;
use alta_socket::{BackoffPolicy, Machine as _};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
enum Step {
    Ready,
    Silence,
    Lose,
    Write,
    Reply(usize),
    Fail(usize),
    ReplyTwice,
    Strange(u32),
    Command(u64, bool),
    Abandon(u32),
    Want(u8, bool),
    Confirm(u8),
    Forget,
    Pass(u64),
    Event,
    Retry,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Ready),
        1 => Just(Step::Silence),
        1 => Just(Step::Lose),
        6 => Just(Step::Write),
        5 => (0_usize..5).prop_map(Step::Reply),
        1 => (0_usize..5).prop_map(Step::Fail),
        1 => Just(Step::ReplyTwice),
        1 => (0_u32..50).prop_map(Step::Strange),
        5 => (1_u64..40, any::<bool>()).prop_map(|(seconds, fail)| Step::Command(seconds, fail)),
        1 => (0_u32..30).prop_map(Step::Abandon),
        4 => (0_u8..4, any::<bool>()).prop_map(|(name, wanted)| Step::Want(name, wanted)),
        2 => (0_u8..4).prop_map(Step::Confirm),
        1 => Just(Step::Forget),
        3 => (0_u64..15_000).prop_map(Step::Pass),
        1 => Just(Step::Event),
        1 => Just(Step::Retry),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 0..150)
}

fn config(in_flight: usize) -> Config {
    Config::default()
        .max_pending(20)
        .max_in_flight(in_flight)
        .max_silent_logins(1_000)
        .backoff(BackoffPolicy::new(
            Duration::from_millis(500),
            Duration::from_secs(5),
        ))
}

/// A world, and the ends of its commands.
struct Course {
    world: World,
    /// Commands that were passed in.
    taken: BTreeSet<Ticket>,
    /// Commands whose callers are gone, and whether they had been sent by then.
    abandoned: BTreeMap<Ticket, bool>,
}

impl Course {
    fn new(in_flight: usize) -> Self {
        Self {
            world: World::new(config(in_flight)),
            taken: BTreeSet::new(),
            abandoned: BTreeMap::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        let name = |number: u8| ["A", "B", "C", "D"][usize::from(number)];
        let world = &mut self.world;
        match *step {
            Step::Ready => world.ready(),
            Step::Silence => {
                world.open(false);
                world.pass(Duration::from_secs(11));
            }
            Step::Lose => world.lose(),
            Step::Write => world.write_one(),
            Step::Reply(index) => world.reply(index),
            Step::Fail(index) => world.reply_or_fail(index, true),
            Step::ReplyTwice => {
                if let Some((id, _)) = world.received.first().cloned() {
                    world.reply(0);
                    world.frame(&format!(
                        r#"{{"type":2,"data":{{"Result":1}},"commandId":{id}}}"#
                    ));
                }
            }
            Step::Strange(id) => {
                let received = world.received.iter().map(|(open, _)| *open);
                let mut open = received.chain(world.queued.iter().map(|(open, ..)| *open));
                if !open.any(|open| open == id) {
                    world.frame(&format!(r#"{{"type":2,"data":{{}},"commandId":{id}}}"#));
                }
            }
            Step::Command(seconds, fail) => {
                let ticket = world.command(seconds, fail);
                if world.owners.contains_key(&ticket) {
                    self.taken.insert(ticket);
                }
            }
            Step::Abandon(ticket) => {
                if world.owners.remove(&ticket).is_some() && !world.outcomes.contains_key(&ticket) {
                    self.abandoned.insert(ticket, self.runs(ticket) > 0);
                }
            }
            Step::Want(number, wanted) => world.want(name(number), wanted),
            Step::Confirm(number) => world.confirm(name(number)),
            Step::Forget => world.forget_subscriptions(),
            Step::Pass(millis) => world.pass(Duration::from_millis(millis)),
            Step::Event => world.frame(r#"{"type":1,"eventType":"A","data":{}}"#),
            Step::Retry => world.give(Input::RetryNow),
        }
    }

    fn runs(&self, ticket: Ticket) -> u32 {
        let line = format!("command {ticket}");
        self.world.ran.get(&line).copied().unwrap_or(0)
    }

    /// Checks that hold after every step.
    fn holds(&self, in_flight: usize) -> Result<(), TestCaseError> {
        let machine = &self.world.machine;
        prop_assert!(machine.queue.len() <= 20, "bounded");
        prop_assert!(machine.topics.len() <= 4);
        machine.count_commands();
        let open = self.world.open_commands();
        prop_assert_eq!(machine.counters.in_flight.get(), open as u64);
        prop_assert!(open <= in_flight);
        let waits = matches!(machine.state(), State::Recovering { .. });
        prop_assert_eq!(self.world.awaits_change, waits);
        let is_busy = !self.world.received.is_empty();
        prop_assert!(
            is_busy || machine.state() != State::Stalled || !self.world.queued.is_empty(),
            "a server is stalled only while a request has no reply"
        );
        Ok(())
    }

    /// Checks that hold when no input can follow.
    fn each_command_ended_once(&self) -> Result<(), TestCaseError> {
        for (ticket, had_run) in &self.abandoned {
            let why = "dropped before it was written: never sent";
            prop_assert_eq!(self.runs(*ticket), u32::from(*had_run), "{}", why);
        }
        for ticket in &self.taken {
            let runs = self.runs(*ticket);
            prop_assert!(runs <= 1, "never sent twice");
            let ends = self.world.outcomes.get(ticket).map_or(0, Vec::len);
            if self.abandoned.contains_key(ticket) {
                prop_assert!(ends <= 1);
                continue;
            }
            prop_assert_eq!(ends, 1, "exactly one end");
            match self.world.the_outcome(*ticket) {
                Ok(()) => prop_assert_eq!(runs, 1),
                Err(ErrorKind::TimedOut { sent, .. } | ErrorKind::Disconnected { sent, .. }) => {
                    let why = "the error says whether it was sent";
                    prop_assert_eq!(*sent == Sent::MayHaveRun, runs == 1, "{}", why);
                }
                Err(ErrorKind::NotReady | ErrorKind::Closed { .. }) => prop_assert_eq!(runs, 0),
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
        for (ticket, name) in &self.world.confirms {
            let ends = self.world.outcomes.get(ticket).map_or(0, Vec::len);
            prop_assert_eq!(ends, 1, "a waiter for {} gets its result", name);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn each_command_ends_once_and_wanted_events_are_held_in_any_course(
        steps in steps(), in_flight in prop_oneof![Just(1_usize), Just(3), Just(1_024)],
    ) {
        let mut course = Course::new(in_flight);
        for step in steps {
            course.take(&step);
            course.holds(in_flight)?;
        }
        let world = &mut course.world;
        world.settle();
        prop_assert_eq!(&world.machine.topics.held(), &world.wanted, "according to the machine");
        prop_assert_eq!(&world.held, &world.wanted, "according to the server");
        prop_assert_eq!(world.machine.state(), State::Ready);
        course.each_command_ended_once()?;
    }

    #[test]
    fn promise_10_a_close_at_any_time_ends_everything_at_once(steps in steps()) {
        let mut course = Course::new(3);
        for step in steps {
            course.take(&step);
        }
        let world = &mut course.world;
        world.give(Input::Stop);
        prop_assert!(world.ended && world.link.is_none());
        prop_assert_eq!(world.machine.deadline(), None);
        let late = world.command(30, false);
        let is_closed = matches!(world.the_outcome(late), Err(ErrorKind::Closed { .. }));
        prop_assert!(is_closed);
        course.each_command_ended_once()?;
    }
}
