use super::*;
use crate::config::WhenNotReady;
use crate::error::Sent;
use alta_socket::BackoffPolicy;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Weak;
use std::time::SystemTime;

/// A waiter that is a number; whether it is gone is looked up in the world.
type Ticket = u32;

impl Waiter for Ticket {
    fn is_gone(&self) -> bool {
        false
    }
}

/// A server and a driver in one, reduced to what the machine can tell apart.
struct World {
    machine: Machine<Ticket>,
    now: Instant,
    link: Option<LinkId>,
    authenticated: bool,
    /// Frames in the link, not handed to the socket yet.
    queued: Vec<(u32, String, Option<Weak<()>>)>,
    /// Requests that the server has received and not answered.
    received: Vec<(u32, String)>,
    /// What the server holds for the present connection.
    held: BTreeSet<String>,
    wanted: BTreeSet<String>,
    owners: HashMap<Ticket, Arc<()>>,
    outcomes: BTreeMap<Ticket, Vec<Result<(), ErrorKind>>>,
    /// Lines that ever reached the server, with how often.
    ran: HashMap<String, u32>,
    gaps: u32,
    ended: bool,
    next_ticket: Ticket,
}

impl World {
    fn new(config: Config) -> Self {
        let mut world = Self {
            machine: Machine::new(Arc::new(config), Arc::new(Counters::default()), 7),
            now: Instant::now(),
            link: None,
            authenticated: false,
            queued: Vec::new(),
            received: Vec::new(),
            held: BTreeSet::new(),
            wanted: BTreeSet::new(),
            owners: HashMap::new(),
            outcomes: BTreeMap::new(),
            ran: HashMap::new(),
            gaps: 0,
            ended: false,
            next_ticket: 0,
        };
        world.perform();
        world
    }

    fn give(&mut self, input: Input<Ticket>) {
        self.machine.handle(input, self.now);
        self.perform();
    }

    fn perform(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Open(link) => {
                    assert!(self.link.is_none(), "never two links");
                    self.link = Some(link);
                    self.authenticated = false;
                }
                Output::Authenticate(link) => {
                    assert_eq!(self.link, Some(link));
                    self.authenticated = true;
                }
                Output::Send {
                    link,
                    id,
                    line,
                    owner,
                } => {
                    assert_eq!(self.link, Some(link), "nothing is sent on a closed link");
                    assert!(self.authenticated, "nothing is sent before the token");
                    assert!(
                        !self.received.iter().any(|(open, _)| *open == id)
                            && !self.queued.iter().any(|(open, ..)| *open == id),
                        "an id is not used again while its answer may come"
                    );
                    self.queued.push((id, line, owner));
                }
                Output::Recall(link, id) => {
                    assert_eq!(self.link, Some(link));
                    let before = self.queued.len();
                    self.queued.retain(|(queued, ..)| *queued != id);
                    let input = if self.queued.len() < before {
                        Input::Skipped
                    } else {
                        Input::NotRecalled
                    };
                    self.machine.handle(input(link, id), self.now);
                }
                Output::Ping(link) => assert_eq!(self.link, Some(link)),
                Output::Close(link) => {
                    if self.link == Some(link) {
                        self.forget_link();
                    }
                }
                Output::Resolve(ticket, outcome) => {
                    self.outcomes
                        .entry(ticket)
                        .or_default()
                        .push(outcome.map(|_| ()));
                }
                Output::Confirmed(_, gap) => {
                    if let Some((since, until)) = gap {
                        assert!(since <= until);
                        self.gaps += 1;
                    }
                }
                Output::End => self.ended = true,
            }
        }
    }

    fn forget_link(&mut self) {
        self.link = None;
        self.authenticated = false;
        self.queued.clear();
        self.received.clear();
        self.held.clear();
    }

    fn open(&mut self, may_change: bool) {
        if let Some(link) = self.link
            && !self.authenticated
        {
            self.give(Input::Opened(link, MayChange(may_change)));
        }
    }

    fn accept(&mut self) {
        self.frame(r#"{"type":"SystemMessage","eventType":"InfoLog","data":"Connection Succeeded, Authenticated as: 0 - Server"}"#);
    }

    fn ready(&mut self) {
        self.open(false);
        self.accept();
    }

    fn frame(&mut self, text: &str) {
        if let Some(link) = self.link {
            let frame = Frame::read(text.into(), SystemTime::now()).unwrap();
            if matches!(frame.kind, Kind::Event(_)) {
                assert_eq!(
                    self.machine.hears_event(link, self.now),
                    self.machine.state().is_connected()
                );
            } else {
                self.give(Input::Frame(link, frame));
            }
        }
    }

    fn lose(&mut self) {
        if let Some(link) = self.link {
            let was_open = self.authenticated;
            self.forget_link();
            let input = if was_open {
                Input::Lost(link, Lost::Broken(None))
            } else {
                let trouble = Trouble::Unreachable("refused".to_owned());
                Input::Failed(
                    link,
                    Failure::Trouble {
                        trouble,
                        retry_after: None,
                    },
                )
            };
            self.give(input);
        }
    }

    /// The socket takes the next frame, unless its owner has gone.
    fn write_one(&mut self) {
        let Some(link) = self.link else { return };
        if self.queued.is_empty() {
            return;
        }
        let (id, line, owner) = self.queued.remove(0);
        if owner.is_some_and(|owner| owner.strong_count() == 0) {
            self.give(Input::Skipped(link, id));
            return;
        }
        *self.ran.entry(line.clone()).or_default() += 1;
        self.received.push((id, line));
        self.give(Input::Written(link, id));
    }

    fn answer(&mut self, index: usize) {
        if self.received.is_empty() {
            return;
        }
        let (id, line) = self.received.remove(index % self.received.len());
        let result = match line.split(' ').collect::<Vec<_>>()[..] {
            ["websocket", "subscribe", name] => {
                if self.held.insert(name.to_owned()) {
                    "\"Success\""
                } else {
                    "\"Unchanged\""
                }
            }
            ["websocket", "unsubscribe", name] => {
                if self.held.remove(name) {
                    "\"Success\""
                } else {
                    "\"Unchanged\""
                }
            }
            _ => "1",
        };
        self.frame(&format!(
            r#"{{"type":"CommandResult","data":{{"Result":{result}}},"commandId":{id}}}"#
        ));
    }

    fn order(&mut self, seconds: u64, fail: bool) -> Ticket {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let owner = Arc::new(());
        let timeout = Duration::from_secs(seconds);
        let order = Order {
            line: format!("command {ticket}"),
            timeout,
            deadline: self.now + timeout,
            when_not_ready: if fail {
                WhenNotReady::Fail
            } else {
                WhenNotReady::Wait
            },
            owner: Arc::downgrade(&owner),
            span: tracing::Span::none(),
            reply: ticket,
        };
        self.owners.insert(ticket, owner);
        // As callers do, who wait for room outside.
        let open = self
            .owners
            .keys()
            .filter(|open| !self.outcomes.contains_key(open))
            .count();
        if open <= self.machine.config.pending {
            self.give(Input::Order(order));
        } else {
            self.owners.remove(&ticket);
        }
        ticket
    }

    fn want(&mut self, name: &str, wanted: bool) {
        if wanted {
            self.wanted.insert(name.to_owned())
        } else {
            self.wanted.remove(name)
        };
        self.give(Input::Wanted(name.into(), wanted));
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut rounds = 0;
        while let Some(deadline) = self.machine.deadline()
            && deadline <= end
        {
            self.now = deadline.max(self.now);
            self.give(Input::Timer);
            // The server answers pings, if it is there.
            if let Some(link) = self.link {
                self.give(Input::Pong(link));
            }
            rounds += 1;
            assert!(rounds < 10_000, "a timer that is due for ever");
        }
        self.now = end;
    }

    fn settle(&mut self) {
        for _ in 0..200 {
            self.ready();
            while !self.queued.is_empty() {
                self.write_one();
            }
            while !self.received.is_empty() {
                self.answer(0);
            }
            self.pass(Duration::from_millis(700));
        }
    }

    fn the_outcome(&self, ticket: Ticket) -> &Result<(), ErrorKind> {
        let outcomes = &self.outcomes[&ticket];
        assert_eq!(outcomes.len(), 1, "exactly one end");
        &outcomes[0]
    }
}

#[derive(Clone, Debug)]
enum Step {
    Ready,
    Silence,
    Lose,
    Write,
    Answer(usize),
    AnswerTwice,
    Strange(u32),
    Order(u64, bool),
    Abandon(u32),
    Want(u8, bool),
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
        5 => (0_usize..5).prop_map(Step::Answer),
        1 => Just(Step::AnswerTwice),
        1 => (0_u32..50).prop_map(Step::Strange),
        5 => (1_u64..40, any::<bool>()).prop_map(|(seconds, fail)| Step::Order(seconds, fail)),
        1 => (0_u32..30).prop_map(Step::Abandon),
        4 => (0_u8..4, any::<bool>()).prop_map(|(name, wanted)| Step::Want(name, wanted)),
        3 => (0_u64..15_000).prop_map(Step::Pass),
        1 => Just(Step::Event),
        1 => Just(Step::Retry),
    ]
}

fn config() -> Config {
    Config::default()
        .pending(20)
        .silent_logins(1_000)
        .backoff(BackoffPolicy::new(
            Duration::from_millis(500),
            Duration::from_secs(5),
        ))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happens_each_command_ends_once_and_what_is_wanted_is_held(steps in proptest::collection::vec(step(), 0..150)) {
        let mut world = World::new(config());
        let mut abandoned = BTreeSet::new();
        let mut taken = BTreeSet::new();
        for step in steps {
            match step {
                Step::Ready => world.ready(),
                Step::Silence => { world.open(false); world.pass(Duration::from_secs(11)); }
                Step::Lose => world.lose(),
                Step::Write => world.write_one(),
                Step::Answer(index) => world.answer(index),
                Step::AnswerTwice => {
                    if let Some((id, _)) = world.received.first().cloned() {
                        world.answer(0);
                        world.frame(&format!(r#"{{"type":2,"data":{{"Result":1}},"commandId":{id}}}"#));
                    }
                }
                Step::Strange(id) => {
                    if !world.received.iter().any(|(open, _)| *open == id) && !world.queued.iter().any(|(open, ..)| *open == id) {
                        world.frame(&format!(r#"{{"type":2,"data":{{}},"commandId":{id}}}"#));
                    }
                }
                Step::Order(seconds, fail) => {
                    let ticket = world.order(seconds, fail);
                    if world.owners.contains_key(&ticket) { taken.insert(ticket); }
                }
                Step::Abandon(ticket) => {
                    if world.owners.remove(&ticket).is_some() && !world.outcomes.contains_key(&ticket) {
                        abandoned.insert((ticket, world.ran.contains_key(&format!("command {ticket}"))));
                    }
                }
                Step::Want(name, wanted) => world.want(["A", "B", "C", "D"][usize::from(name)], wanted),
                Step::Pass(millis) => world.pass(Duration::from_millis(millis)),
                Step::Event => world.frame(r#"{"type":1,"eventType":"A","data":{}}"#),
                Step::Retry => world.give(Input::RetryNow),
            }
            prop_assert!(world.machine.queue.len() <= 20, "bounded");
            prop_assert!(world.machine.topics.len() <= 4);
        }

        world.settle();
        prop_assert_eq!(&world.machine.topics.held(), &world.wanted, "what is wanted is held, by the machine's book");
        prop_assert_eq!(&world.held, &world.wanted, "and by the server's");

        for (ticket, had_run) in &abandoned {
            let runs = world.ran.get(&format!("command {ticket}")).copied().unwrap_or(0);
            prop_assert_eq!(runs, u32::from(*had_run), "dropped before it was written: never sent");
        }
        let abandoned: BTreeSet<_> = abandoned.into_iter().map(|(ticket, _)| ticket).collect();
        for ticket in &taken {
            let runs = world.ran.get(&format!("command {ticket}")).copied().unwrap_or(0);
            prop_assert!(runs <= 1, "never sent twice");
            let ends = world.outcomes.get(ticket).map_or(0, Vec::len);
            if abandoned.contains(ticket) {
                prop_assert!(ends <= 1);
                continue;
            }
            prop_assert_eq!(ends, 1, "exactly one end");
            match world.the_outcome(*ticket) {
                Ok(()) => prop_assert_eq!(runs, 1),
                Err(ErrorKind::TimedOut { sent, .. } | ErrorKind::Disconnected { sent, .. }) => {
                    prop_assert_eq!(*sent == Sent::MayHaveRun, runs == 1, "the error tells whether it was sent");
                }
                Err(ErrorKind::NotReady) => prop_assert_eq!(runs, 0),
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
        world.give(Input::Stop);
        prop_assert!(world.ended);
        prop_assert_eq!(world.machine.deadline(), None);
    }
}

#[test]
fn promise_06_nothing_is_sent_before_the_token_is_answered() {
    let mut world = World::new(Config::default());
    let ticket = world.order(30, false);
    world.want("PlayerJoined", true);
    world.open(false);
    assert!(world.queued.is_empty());
    world.frame(r#"{"type":"Subscription","eventType":"InfoLog","data":{"message":"Connection Succeeded"}}"#);
    assert!(
        world.queued.is_empty(),
        "a log stream that already runs is no answer"
    );
    world.accept();
    let lines: Vec<_> = world
        .queued
        .iter()
        .map(|(_, line, _)| line.as_str())
        .collect();
    assert_eq!(lines, ["websocket subscribe PlayerJoined", "command 0"]);
    assert!(!world.outcomes.contains_key(&ticket));
}

#[test]
fn promise_06_a_late_answer_is_counted_and_not_given_to_the_next_command() {
    let mut world = World::new(Config::default());
    world.ready();
    let first = world.order(5, false);
    world.write_one();
    world.pass(Duration::from_secs(6));
    assert!(matches!(
        world.the_outcome(first),
        Err(ErrorKind::TimedOut {
            sent: Sent::MayHaveRun,
            ..
        })
    ));
    let second = world.order(5, false);
    world.write_one();
    let (late, _) = world.received[0].clone();
    world.answer(0);
    assert!(!world.outcomes.contains_key(&second));
    world.frame(&format!(r#"{{"type":2,"data":{{}},"commandId":{late}}}"#));
    world.answer(0);
    assert_eq!(world.the_outcome(second), &Ok(()));
    let totals = world.machine.counters.totals();
    assert_eq!((totals.late_answers, totals.strange_answers), (2, 0));
}

#[test]
fn promise_05_time_out_and_disconnection_tell_whether_it_may_have_run() {
    let mut world = World::new(Config::default());
    let waiting = world.order(5, false);
    let refused = world.order(5, true);
    assert_eq!(world.the_outcome(refused), &Err(ErrorKind::NotReady));
    world.pass(Duration::from_secs(5));
    assert!(matches!(
        world.the_outcome(waiting),
        Err(ErrorKind::TimedOut {
            sent: Sent::NotSent,
            ..
        })
    ));
    world.ready();
    let (sent, unsent) = (world.order(30, false), world.order(30, false));
    world.write_one();
    world.lose();
    assert!(matches!(
        world.the_outcome(sent),
        Err(ErrorKind::Disconnected {
            sent: Sent::MayHaveRun,
            ..
        })
    ));
    assert!(
        !world.outcomes.contains_key(&unsent),
        "what was not sent waits on"
    );
    world.settle();
    assert_eq!(world.the_outcome(unsent), &Ok(()));
}

#[test]
fn commands_keep_their_order_through_a_lost_connection() {
    let mut world = World::new(Config::default());
    world.ready();
    for _ in 0..40 {
        world.order(300, false);
    }
    world.write_one();
    world.lose();
    world.pass(Duration::from_secs(60));
    world.ready();
    let mut lines = Vec::new();
    while let Some((_, line, _)) = world.queued.first() {
        lines.push(line.clone());
        world.write_one();
    }
    let expected: Vec<_> = (1..40).map(|number| format!("command {number}")).collect();
    assert_eq!(lines, expected);
}

#[test]
fn promise_09_an_explicit_refusal_is_final_and_seen_at_once() {
    for refusal in [
        r#"{"type":"SystemMessage","eventType":"FatalLog","data":"Invalid Token"}"#,
        r#"{"type":"ErrorLog","data":"Invalid Token"}"#,
        r#"{"type":0,"eventType":"InfoLog","data":"Connection refused: Invalid Token"}"#,
    ] {
        let mut world = World::new(Config::default());
        let waiting = world.order(30, false);
        world.open(true);
        world.frame(refusal);
        assert!(world.ended, "{refusal}");
        let closed = |because: &Closed| matches!(because, Closed::Refused(text) if text.contains("Invalid Token"));
        assert!(matches!(world.machine.state(), State::Closed { because } if closed(&because)));
        assert!(
            matches!(world.the_outcome(waiting), Err(ErrorKind::Closed { because }) if closed(because))
        );
        let later = world.order(30, false);
        assert!(matches!(
            world.the_outcome(later),
            Err(ErrorKind::Closed { .. })
        ));
    }
}

#[test]
fn promise_09_silence_after_a_fixed_token_is_final_the_third_time() {
    let mut world = World::new(Config::default());
    for attempt in 1..=3 {
        assert!(!world.ended);
        world.open(false);
        world.pass(Duration::from_secs(10));
        if attempt < 3 {
            assert!(matches!(
                world.machine.state(),
                State::Recovering {
                    because: Trouble::NoAnswerToToken,
                    ..
                } | State::Connecting { .. }
            ));
            world.give(Input::RetryNow);
        }
    }
    assert!(world.ended);
    assert_eq!(
        world.machine.state(),
        State::Closed {
            because: Closed::NoAnswerToToken { attempts: 3 }
        }
    );
}

#[test]
fn promise_09_silence_is_never_final_while_the_token_may_change() {
    let mut world = World::new(Config::default());
    for _ in 0..50 {
        world.open(true);
        world.pass(Duration::from_secs(10));
        assert!(!world.ended);
        world.pass(Duration::from_secs(60));
    }
    world.open(true);
    world.accept();
    assert_eq!(world.machine.state(), State::Ready);
}

#[test]
fn promise_01_a_gap_runs_from_the_last_frame_heard_to_the_confirmation() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.settle();
    assert_eq!(world.gaps, 0);
    world.lose();
    world.settle();
    assert_eq!(world.gaps, 1);
    world.lose();
    world.lose();
    world.settle();
    assert_eq!(
        world.gaps, 2,
        "two losses before the confirmation are one gap"
    );
}

#[test]
fn a_subscription_that_the_server_lost_is_found_by_asking_again() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.ready();
    world.write_one();
    world.answer(0);
    world.held.clear();
    world.pass(Duration::from_secs(9));
    world.write_one();
    world.answer(0);
    assert_eq!(world.gaps, 1, "it was not held since it was confirmed");
    world.pass(Duration::from_secs(12));
    world.write_one();
    world.answer(0);
    assert_eq!(world.gaps, 1, "`Unchanged`: it was held");
    world.pass(Duration::from_secs(20));
    assert_eq!(world.queued.len(), 1, "the third and last time");
}

#[test]
fn promise_04_dropping_unsubscribes_after_the_linger_and_not_before() {
    let mut world = World::new(Config::default());
    world.want("PlayerJoined", true);
    world.settle();
    world.want("PlayerJoined", false);
    world.pass(Duration::from_millis(1_900));
    assert!(world.queued.is_empty());
    world.want("PlayerJoined", true);
    world.pass(Duration::from_secs(5));
    assert!(
        world.queued.is_empty(),
        "back within the linger: nothing is sent"
    );
    world.want("PlayerJoined", false);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.queued[0].1, "websocket unsubscribe PlayerJoined");
}

#[test]
fn a_server_that_loads_its_world_is_stalled_until_it_answers() {
    let mut world = World::new(Config::default());
    world.ready();
    let tickets: Vec<_> = (0..3).map(|_| world.order(300, false)).collect();
    for _ in 0..3 {
        world.write_one();
    }
    world.pass(Duration::from_secs(11));
    assert_eq!(world.machine.state(), State::Stalled);
    assert_eq!(world.ran.values().sum::<u32>(), 3, "nothing is sent again");
    for ticket in tickets {
        world.answer(0);
        assert_eq!(world.the_outcome(ticket), &Ok(()));
    }
    assert_eq!(world.machine.state(), State::Ready);
}

#[test]
fn a_link_that_falls_silent_is_given_up() {
    let mut world = World::new(Config::default());
    world.ready();
    let link = world.link.unwrap();
    for seconds in [30, 30] {
        world.now += Duration::from_secs(seconds);
        world.machine.handle(Input::Timer, world.now);
        world.perform();
    }
    assert!(world.link.is_none());
    assert!(
        matches!(world.machine.state(), State::Recovering { because: Trouble::Lost(why), .. } if why.contains("30s"))
    );
    world.give(Input::Pong(link));
}
