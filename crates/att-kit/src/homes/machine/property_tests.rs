//! Teleports against a server whose replies get lost, whose players come and go, and a bot that crashes.

use super::{Input, Machine, Output, Reply, Step};
use crate::homes::debt::Debt;
use alta_model::{Timestamp, UserId, Vector3};
use att_console::{Error, ErrorKind, Sent};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

type Home = Option<Vector3>;

#[derive(Clone, Copy, Debug)]
enum Event {
    Teleport(i64),
    /// One of the commands in flight ends.
    End(usize, End),
    Save(bool),
    Connected(bool),
    Online(i64),
    Offline(i64),
    /// The player chooses another home, while no command changes it.
    Chooses(i64),
    /// The bot is started again. Commands in flight have run, or not.
    Crash(bool),
    Wait,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Done,
    Refused {
        has_run: bool,
    },
    NotSent,
    Lost {
        has_run: bool,
    },
    /// It runs later, before every later command.
    Late,
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        6 => Just(End::Done),
        1 => any::<bool>().prop_map(|has_run| End::Refused { has_run }),
        1 => Just(End::NotSent),
        1 => any::<bool>().prop_map(|has_run| End::Lost { has_run }),
        1 => Just(End::Late),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0..3_i64).prop_map(Event::Teleport),
        12 => (0..4_usize, end()).prop_map(|(at, end)| Event::End(at, end)),
        4 => proptest::bool::weighted(0.7).prop_map(Event::Save),
        1 => any::<bool>().prop_map(Event::Connected),
        1 => (0..3_i64).prop_map(Event::Online),
        1 => (0..3_i64).prop_map(Event::Offline),
        1 => (0..3_i64).prop_map(Event::Chooses),
        1 => any::<bool>().prop_map(Event::Crash),
        2 => Just(Event::Wait),
    ]
}

struct World {
    machine: Machine,
    now: Instant,
    /// The homes on the server, and those that the players should have.
    homes: BTreeMap<UserId, Home>,
    right: BTreeMap<UserId, Home>,
    in_flight: Vec<(UserId, Step)>,
    late: VecDeque<(UserId, Step)>,
    /// `None` without a file.
    file: Option<Vec<Debt>>,
    saving: Option<Vec<Debt>>,
    unfinished: BTreeSet<u64>,
    last_ticket: u64,
    places: u32,
}

impl World {
    fn new(has_file: bool) -> Self {
        let homes: BTreeMap<_, _> = (0..3)
            .map(|id| {
                (
                    UserId::new(id),
                    (id > 0).then(|| Vector3::new(0.0, 0.0, 100.0)),
                )
            })
            .collect();
        let mut world = Self {
            machine: machine(),
            now: Instant::now(),
            right: homes.clone(),
            homes,
            in_flight: Vec::new(),
            late: VecDeque::new(),
            file: has_file.then(Vec::new),
            saving: None,
            unfinished: BTreeSet::new(),
            last_ticket: 0,
            places: 0,
        };
        world.start();
        world
    }

    fn start(&mut self) {
        if let Some(debts) = self.file.clone() {
            self.give(Input::Loaded(debts));
        }
        self.give(Input::Connected(true));
    }

    /// A position that was not used before.
    fn place(&mut self) -> Vector3 {
        self.places += 1;
        Vector3::new(f64::from(self.places), 1.0, 0.0)
    }

    fn give(&mut self, input: Input) {
        self.machine.handle(input, self.now);
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Run(player, step) => {
                    assert!(self.in_flight.iter().all(|(other, _)| *other != player));
                    self.in_flight.push((player, step));
                }
                Output::Save(debts) => {
                    assert!(self.saving.replace(debts).is_none());
                }
                Output::Finished(ticket, outcome) => {
                    assert!(self.unfinished.remove(&ticket), "one end for each");
                    if let Err(error) = &outcome {
                        let player = error.doing().rsplit(' ').next().unwrap().parse().unwrap();
                        let has_debt = self
                            .machine
                            .debts()
                            .iter()
                            .any(|debt| debt.player == player);
                        assert_eq!(error.owes_home(), has_debt, "{error}");
                    }
                }
                Output::Log(..) => {}
            }
        }
    }

    fn run_late(&mut self) {
        while let Some((player, step)) = self.late.pop_front() {
            self.apply(player, step);
        }
    }

    fn apply(&mut self, player: UserId, step: Step) {
        if let Step::SetHome(home) = step {
            self.homes.insert(player, home);
        }
    }

    fn end(&mut self, at: usize, end: End) {
        let Some(at) = at.checked_rem(self.in_flight.len()) else {
            return;
        };
        let (player, step) = self.in_flight.remove(at);
        let failed = |kind| Reply::Failed(Error::new(kind, "a test"));
        let timed_out = |sent| {
            failed(ErrorKind::TimedOut {
                after: Duration::ZERO,
                sent,
            })
        };
        let (has_run, reply) = match end {
            End::Done => (true, Reply::Done),
            End::Refused { has_run } => {
                let (class, message) = (String::new(), "no".to_owned());
                (has_run, failed(ErrorKind::Server { class, message }))
            }
            End::NotSent => (false, timed_out(Sent::NotSent)),
            End::Lost { has_run } => (has_run, timed_out(Sent::MayHaveRun)),
            End::Late => {
                self.late.push_back((player, step));
                (false, timed_out(Sent::MayHaveRun))
            }
        };
        if has_run {
            self.run_late();
            self.apply(player, step);
        }
        let reply = match (step, end) {
            (Step::ReadHome, End::Done) => Reply::Home(self.homes[&player]),
            _ => reply,
        };
        self.give(Input::Ended(player, reply));
    }

    fn happens(&mut self, event: Event) {
        self.now += Duration::from_millis(700);
        match event {
            Event::Teleport(player) => {
                self.last_ticket += 1;
                let ticket = self.last_ticket;
                self.unfinished.insert(ticket);
                let (player, position) = (UserId::new(player), self.place());
                self.give(Input::Teleport {
                    ticket,
                    player,
                    position,
                });
            }
            Event::End(at, end) => self.end(at, end),
            Event::Save(works) => {
                if let Some(debts) = self.saving.take() {
                    if works {
                        self.file = Some(debts);
                    }
                    self.give(Input::Saved(
                        works.then_some(()).ok_or_else(|| "full".to_owned()),
                    ));
                }
            }
            Event::Connected(is_connected) => self.give(Input::Connected(is_connected)),
            Event::Online(player) => self.give(Input::Online(UserId::new(player))),
            Event::Offline(player) => self.give(Input::Offline(UserId::new(player))),
            Event::Chooses(player) => {
                let player = UserId::new(player);
                let is_changed = self.in_flight.iter().any(|(other, _)| *other == player);
                if !is_changed && self.late.is_empty() && self.saving.is_none() {
                    let mut home = self.place();
                    home.z = 500.0;
                    self.homes.insert(player, Some(home));
                    self.right.insert(player, Some(home));
                }
            }
            Event::Crash(has_run) => {
                if self.file.is_none() {
                    return;
                }
                for (player, step) in std::mem::take(&mut self.in_flight) {
                    if has_run {
                        self.run_late();
                        self.apply(player, step);
                    }
                }
                // A write at the crash is lost: the file is replaced as a whole.
                self.saving = None;
                self.unfinished.clear();
                self.machine = machine();
                self.start();
            }
            Event::Wait => {
                if let Some(deadline) = self.machine.deadline() {
                    self.now = self.now.max(deadline);
                }
                self.give(Input::Tick);
            }
        }
    }

    /// Each home is right, or owed with the right value: in the memory, and in the file for a crash.
    fn check(&self) {
        let mut later = self.homes.clone();
        for (player, step) in &self.late {
            if let Step::SetHome(home) = step {
                later.insert(*player, *home);
            }
        }
        let memory = self.machine.debts();
        for (player, right) in &self.right {
            let is_right = self.homes[player] == *right && later[player] == *right;
            let is_owed = |debts: &[Debt]| {
                let mut debts = debts.iter();
                debts.any(|debt| debt.player == *player && debt.home == *right)
            };
            assert!(is_right || is_owed(&memory), "{player} in {memory:?}");
            if let Some(file) = &self.file {
                assert!(is_right || is_owed(file), "{player} in the file {file:?}");
            }
        }
    }

    /// The server replies again, and everyone is online.
    fn recovers(&mut self) {
        self.happens(Event::Connected(true));
        (0..3).for_each(|player| self.happens(Event::Online(player)));
        for _ in 0..400 {
            self.happens(Event::End(0, End::Done));
            self.happens(Event::Save(true));
            self.happens(Event::Wait);
            self.check();
        }
        assert_eq!(self.homes, self.right);
        assert_eq!(self.machine.debts(), []);
        assert_eq!(self.file.as_deref().unwrap_or_default(), []);
        assert_eq!(self.unfinished, BTreeSet::new());
        assert!(!self.machine.is_busy());
    }
}

fn machine() -> Machine {
    Machine::new(|| Timestamp::from_unix_seconds(1_800_000_000).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_home_is_right_or_owed_whatever_happens_and_right_in_the_end(
        has_file in any::<bool>(),
        events in proptest::collection::vec(event(), 0..80),
    ) {
        let mut world = World::new(has_file);
        for event in events {
            world.happens(event);
            world.check();
        }
        world.recovers();
    }
}
