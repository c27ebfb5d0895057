use super::chain::{Chain, Input, Output, Step, Times};
use att_console::{Closed, Error, ErrorKind, Sent};
use proptest::prelude::*;
use std::time::Duration;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn times() -> Times {
    Times {
        save_within: Some(5 * MINUTE),
        pause: 5 * SECOND,
        quit_within: 5 * MINUTE,
        stop_within: 3 * MINUTE,
        return_within: Some(20 * MINUTE),
    }
}

fn error(kind: ErrorKind) -> Error {
    Error::new(kind, "a test")
}

fn lost() -> Error {
    error(ErrorKind::TimedOut {
        after: MINUTE,
        sent: Sent::MayHaveRun,
    })
}

fn refused() -> Error {
    error(ErrorKind::Server {
        class: String::new(),
        message: "no".to_owned(),
    })
}

fn missing() -> Error {
    let suggestions = Vec::new();
    error(ErrorKind::CommandNotFound { suggestions })
}

/// A chain with a clock that the test moves.
struct Rig {
    chain: Chain,
    now: Instant,
}

impl Rig {
    /// A connected console, and announcements at so many minutes.
    fn new(minutes: &[u32], times: Times) -> Self {
        let now = Instant::now();
        let announce_at: Vec<_> = minutes.iter().map(|minutes| *minutes * MINUTE).collect();
        let after = announce_at.iter().max().copied().unwrap_or_default();
        let chain = Chain::new(announce_at, after, times, now);
        Self { chain, now }
    }

    /// Gives an input, and returns the outputs.
    fn give(&mut self, input: Input) -> Vec<String> {
        self.chain.handle(input, self.now);
        let outputs = std::iter::from_fn(|| self.chain.poll_output());
        outputs.map(|output| shown(&output)).collect()
    }

    fn console(&mut self, is_connected: bool, connects: u64) -> Vec<String> {
        self.give(Input::Console {
            is_connected,
            connects,
        })
    }

    fn ended(&mut self, step: Step, result: Result<(), Error>) -> Vec<String> {
        self.give(Input::Ended(step, result))
    }

    /// Waits until the deadline, which is after so much time.
    fn wait(&mut self, time: Duration) -> Vec<String> {
        let deadline = self.chain.deadline().expect("a deadline");
        assert_eq!(deadline - self.now, time);
        self.now = deadline;
        self.give(Input::Tick)
    }

    /// Goes on until the server has saved.
    fn saved(times: Times) -> Self {
        let mut rig = Self::new(&[], times);
        assert_eq!(rig.console(true, 1), ["Save"]);
        assert_eq!(rig.ended(Step::Save, Ok(())), ["saved"]);
        rig
    }

    /// Goes on until the command to quit was sent.
    fn quit(times: Times) -> Self {
        let mut rig = Self::saved(times);
        assert_eq!(rig.wait(times.pause), ["Quit"]);
        assert_eq!(rig.ended(Step::Quit, Err(lost())), ["quitting"]);
        rig
    }
}

fn shown(output: &Output) -> String {
    match output {
        Output::Run(Step::Announce(left)) => format!("announce {}", left.as_secs() / 60),
        Output::Run(step) => format!("{step:?}"),
        Output::Stage(stage) => stage.to_string(),
        Output::End(Ok(end)) => format!("{end:?}"),
        Output::End(Err(kind)) => kind.to_string(),
    }
}

#[test]
fn the_chain_announces_saves_waits_quits_and_reports_the_return() {
    let mut rig = Rig::new(&[5, 10, 1, 5], times());
    assert_eq!(rig.console(true, 1), ["announce 10"]);
    let announced = rig.ended(Step::Announce(10 * MINUTE), Ok(()));
    assert_eq!(announced, ["announced, 10 minutes left"]);
    assert_eq!(rig.wait(5 * MINUTE), ["announce 5"]);
    assert_eq!(rig.wait(4 * MINUTE), ["announce 1"]);
    let message = "nobody".to_owned();
    let nobody = Err(error(ErrorKind::NobodyOnline { message }));
    assert_eq!(
        rig.ended(Step::Announce(MINUTE), nobody),
        ["announced, 1 minute left"]
    );
    assert_eq!(rig.wait(MINUTE), ["Save"]);
    assert_eq!(rig.ended(Step::Save, Ok(())), ["saved"]);
    assert_eq!(rig.wait(5 * SECOND), ["Quit"]);
    assert_eq!(rig.ended(Step::Quit, Ok(())), ["quitting"]);
    assert_eq!(rig.console(false, 1), ["stopped"]);
    rig.now += 2 * MINUTE;
    assert_eq!(rig.console(true, 2), ["Returned { after: 120s }"]);
    assert_eq!(rig.chain.deadline(), None);
}

#[test]
fn a_lost_connection_skips_announcements_and_delays_the_save() {
    let mut rig = Rig::new(&[10, 5, 1], times());
    rig.console(true, 1);
    rig.console(false, 1);
    assert_eq!(rig.wait(5 * MINUTE), ["announce 5"]);
    let skipped = rig.ended(Step::Announce(5 * MINUTE), Err(error(ErrorKind::NotReady)));
    assert_eq!(
        skipped,
        ["not announced, 5 minutes left: a test: the console is not ready"]
    );
    // A clock that was stopped makes several announcements overdue.
    rig.now += 6 * MINUTE;
    assert_eq!(rig.give(Input::Tick), ["announce 1"]);
    assert_eq!(rig.console(true, 2), ["Save"]);
    assert_eq!(rig.ended(Step::Save, Err(lost())).len(), 1);
    assert_eq!(rig.wait(2 * SECOND), ["Save"], "once more");
    assert_eq!(rig.ended(Step::Save, Err(missing())).len(), 1);
    rig.console(false, 2);
    let not_saved = rig.wait(298 * SECOND);
    let expected =
        "the server has not saved, so it was not stopped: a test: the server has no such command";
    assert_eq!(not_saved, [expected]);
}

#[test]
fn a_server_that_does_not_save_is_not_stopped() {
    let mut rig = Rig::new(&[], times());
    rig.console(true, 1);
    let ended = rig.ended(Step::Save, Err(refused()));
    assert_eq!(
        ended,
        ["the server has not saved, so it was not stopped: a test: the server replied: no"]
    );
    let mut rig = Rig::new(&[], times());
    assert_eq!(rig.give(Input::Tick), [""; 0]);
    let ended = rig.wait(5 * MINUTE);
    assert_eq!(
        ended,
        ["the server has not saved, so it was not stopped: there is no connection"]
    );
}

#[test]
fn a_connection_lost_after_the_save_leads_to_another_save() {
    let mut rig = Rig::saved(times());
    rig.console(false, 1);
    assert_eq!(rig.wait(5 * SECOND), [""; 0]);
    assert_eq!(rig.console(true, 2), ["Save"]);
    assert_eq!(rig.ended(Step::Save, Ok(())), ["saved"]);
    assert_eq!(rig.wait(5 * SECOND), ["Quit"]);
}

#[test]
fn quit_is_repeated_only_if_it_was_not_sent() {
    let mut rig = Rig::saved(times());
    assert_eq!(rig.wait(5 * SECOND), ["Quit"]);
    assert_eq!(
        rig.ended(Step::Quit, Err(error(ErrorKind::NotReady))),
        [""; 0]
    );
    assert_eq!(rig.wait(2 * SECOND), ["Quit"]);
    for refusal in [refused(), missing()] {
        let mut rig = Rig::saved(times());
        rig.wait(5 * SECOND);
        let ended = rig.ended(Step::Quit, Err(refusal));
        assert!(
            ended[0].starts_with("the server was not stopped: "),
            "{ended:?}"
        );
    }
}

#[test]
fn a_server_that_runs_on_or_does_not_return_is_reported() {
    let mut rig = Rig::quit(times());
    let ended = rig.wait(3 * MINUTE);
    assert_eq!(
        ended,
        ["the server still runs 180s after the command to quit"]
    );
    let mut rig = Rig::quit(times());
    assert_eq!(rig.console(false, 1), ["stopped"]);
    let ended = rig.wait(20 * MINUTE);
    assert_eq!(
        ended,
        ["the server has stopped, and has not returned within 1200s"]
    );
    // The loss itself was not seen.
    let mut rig = Rig::quit(times());
    assert_eq!(rig.console(true, 2), ["stopped", "Returned { after: 0ns }"]);
    let mut rig = Rig::quit(Times {
        return_within: None,
        ..times()
    });
    assert_eq!(rig.console(false, 1), ["stopped", "Stopped"]);
}

#[test]
fn it_can_be_canceled_until_quit_is_sent() {
    let mut rig = Rig::new(&[1], times());
    rig.console(true, 1);
    assert_eq!(rig.give(Input::Cancel), ["AnnounceCancel", "Canceled"]);
    let mut rig = Rig::saved(times());
    assert_eq!(rig.give(Input::Cancel), ["Canceled"], "without a message");
    let mut rig = Rig::saved(times());
    rig.wait(5 * SECOND);
    assert_eq!(rig.give(Input::Cancel), [""; 0], "quit is in flight");
    rig.ended(Step::Quit, Err(error(ErrorKind::NotReady)));
    assert_eq!(rig.give(Input::Cancel), ["Canceled"], "it was not sent");
    let mut rig = Rig::quit(times());
    assert_eq!(rig.give(Input::Cancel), [""; 0]);
}

#[test]
fn a_closed_console_ends_it() {
    let mut rig = Rig::saved(times());
    let ended = rig.give(Input::Closed(Closed::ByUs));
    assert!(
        ended[0].starts_with("the console was closed: "),
        "{ended:?}"
    );
}

#[test]
fn any_duration_is_accepted() {
    let forever = Times {
        save_within: Some(Duration::MAX),
        pause: Duration::MAX,
        quit_within: Duration::MAX,
        stop_within: Duration::MAX,
        return_within: Some(Duration::MAX),
    };
    let chain = Chain::new(vec![Duration::MAX], Duration::MAX, forever, Instant::now());
    assert!(chain.deadline().is_some());
    Rig::saved(forever);
    Rig::quit(Times {
        pause: SECOND,
        ..forever
    })
    .console(false, 1);
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Ends(usize, u8),
    Console(bool, bool),
    Waits,
    Cancels,
}

fn event() -> impl Strategy<Value = Event> {
    let end = prop_oneof![4 => Just(0_u8), 2 => Just(1), 3 => 2..6_u8];
    let console = (proptest::bool::weighted(0.8), proptest::bool::weighted(0.2));
    prop_oneof![
        12 => (0..3_usize, end).prop_map(|(at, end)| Event::Ends(at, end)),
        2 => console.prop_map(|(is_connected, is_new)| Event::Console(is_connected, is_new)),
        12 => Just(Event::Waits),
        1 => Just(Event::Cancels),
    ]
}

proptest! {
    /// For all sequences of inputs: there is one end, the server quits at most once and only after a save, and nothing runs afterwards.
    #[test]
    fn the_server_quits_at_most_once_and_after_a_save(events in proptest::collection::vec(event(), 0..60)) {
        let mut rig = Rig::new(&[1], times());
        rig.chain.handle(Input::Console { is_connected: true, connects: 0 }, rig.now);
        let mut in_flight = Vec::new();
        let mut connects = 0;
        let (mut is_saved, mut may_have_quit, mut ends) = (false, false, 0);
        let last = std::iter::repeat_n(Event::Waits, 40);
        for event in events.into_iter().chain(last) {
            let input = match event {
                Event::Ends(_, _) if in_flight.is_empty() => continue,
                Event::Ends(at, end) => {
                    let step = in_flight.remove(at % in_flight.len());
                    is_saved |= step == Step::Save && end == 0;
                    may_have_quit |= step == Step::Quit && end < 2;
                    let result = match end {
                        0 => Ok(()),
                        1 => Err(lost()),
                        2 => Err(refused()),
                        3 => Err(missing()),
                        _ => Err(error(ErrorKind::NotReady)),
                    };
                    Input::Ended(step, result)
                }
                Event::Console(is_connected, is_new) => {
                    connects += u64::from(is_new);
                    Input::Console { is_connected, connects }
                }
                Event::Waits => {
                    // A command ends at some time.
                    let Some(deadline) = rig.chain.deadline() else {
                        if let Some(step) = in_flight.pop() {
                            let ended = Input::Ended(step, Err(error(ErrorKind::NotReady)));
                            rig.chain.handle(ended, rig.now);
                        }
                        continue;
                    };
                    rig.now = rig.now.max(deadline);
                    Input::Tick
                }
                Event::Cancels => Input::Cancel,
            };
            rig.chain.handle(input, rig.now);
            while let Some(output) = rig.chain.poll_output() {
                match output {
                    Output::Run(step) => {
                        if step == Step::Quit {
                            prop_assert!(is_saved && !may_have_quit);
                        }
                        prop_assert_eq!(ends, 0);
                        in_flight.push(step);
                    }
                    Output::Stage(_) => {}
                    Output::End(_) => ends += 1,
                }
            }
        }
        prop_assert!(ends <= 1);
    }
}
