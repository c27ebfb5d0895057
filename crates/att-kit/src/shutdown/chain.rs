//! The machine of a shutdown, without I/O.

use super::error::ShutdownErrorKind;
use super::stage::{ShutdownEnd, Stage};
use crate::clock::deadline_from;
use crate::effect::Effect;
use att_console::{Closed, Error, ErrorKind};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The pause before a failed save is repeated.
const RETRY: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// `None`: it does not save.
    pub(super) save_within: Option<Duration>,
    pub(super) pause: Duration,
    /// From the end of the pause until the command to quit is sent.
    pub(super) quit_within: Duration,
    /// From the command to quit until the connection is lost.
    pub(super) stop_within: Duration,
    /// From the command to quit until the console is ready; `None`: it does not wait.
    pub(super) return_within: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(super) enum Input {
    /// A command has ended.
    Ended(Step, Result<(), Error>),
    /// The state of the console, with the number of its connections so far.
    Console {
        is_connected: bool,
        connects: u64,
    },
    Closed(Closed),
    Cancel,
    Tick,
}

#[derive(Clone, Debug)]
pub(super) enum Output {
    Run(Step),
    Stage(Stage),
    End(Result<ShutdownEnd, ShutdownErrorKind>),
}

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A message to all players: the time that is left.
    Announce(Duration),
    /// A message to all players: the shutdown is canceled.
    AnnounceCancel,
    Save,
    Quit,
}

#[derive(Debug)]
pub(super) struct Chain {
    times: Times,
    state: State,
    is_connected: bool,
    connects: u64,
    is_announced: bool,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
enum State {
    /// The announcements that are left, the next one first.
    Counting {
        end_at: Instant,
        left: VecDeque<Duration>,
    },
    Saving(Attempt),
    /// The server has saved on this connection.
    Pausing {
        until: Instant,
        connects: u64,
    },
    Quitting {
        attempt: Attempt,
        connects: u64,
    },
    /// The command to quit was sent on this connection.
    Stopping {
        since: Instant,
        connects: u64,
    },
    Returning {
        since: Instant,
        connects: u64,
    },
    Ended,
}

/// A command that is repeated until it is known to have run.
#[derive(Debug)]
struct Attempt {
    by: Instant,
    in_flight: bool,
    retry_at: Instant,
    error: Option<Error>,
}

enum Due {
    Nothing,
    Run,
    Expired(Option<Error>),
}

impl Chain {
    pub(super) fn new(
        mut announce_at: Vec<Duration>,
        after: Duration,
        times: Times,
        now: Instant,
    ) -> Self {
        announce_at.retain(|left| *left <= after);
        announce_at.sort_unstable_by(|one, other| other.cmp(one));
        announce_at.dedup();
        Self {
            times,
            state: State::Counting {
                end_at: deadline_from(now, after),
                left: announce_at.into(),
            },
            is_connected: false,
            connects: 0,
            is_announced: false,
            outputs: VecDeque::new(),
        }
    }

    pub(super) fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Console {
                is_connected,
                connects,
            } => {
                self.is_connected = is_connected;
                self.connects = connects;
            }
            Input::Closed(because) => self.end(Err(ShutdownErrorKind::Closed(because))),
            Input::Ended(step, result) => self.ended(step, result, now),
            Input::Cancel => self.cancel(),
            Input::Tick => {}
        }
        // Several states can follow each other at once.
        while self.advance(now) {}
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The instant at which [`Input::Tick`] is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Counting { end_at, left } => Some(at(*end_at, left.front())),
            State::Saving(attempt) | State::Quitting { attempt, .. } => {
                attempt.deadline(self.is_connected)
            }
            State::Pausing { until, .. } => Some(*until),
            State::Stopping { since, .. } => Some(deadline_from(*since, self.times.stop_within)),
            State::Returning { since, .. } => {
                Some(deadline_from(*since, self.times.return_within?))
            }
            State::Ended => None,
        }
    }

    /// Takes the next step that is due. Returns whether the state has changed, so that another step can be due.
    fn advance(&mut self, now: Instant) -> bool {
        match &mut self.state {
            State::Counting { end_at, left } => {
                let due = left
                    .iter()
                    .take_while(|left| at(*end_at, Some(left)) <= now);
                let due = due.count();
                // Of several overdue announcements, only the last one is correct.
                if let Some(last) = left.drain(..due).next_back() {
                    self.is_announced = true;
                    self.outputs.push_back(Output::Run(Step::Announce(last)));
                }
                let is_over = *end_at <= now;
                if is_over {
                    self.save(now);
                }
                is_over
            }
            State::Saving(attempt) => {
                match attempt.due(self.is_connected, now) {
                    Due::Nothing => {}
                    Due::Run => self.outputs.push_back(Output::Run(Step::Save)),
                    Due::Expired(error) => self.end(Err(ShutdownErrorKind::NotSaved(error))),
                }
                false
            }
            State::Pausing { until, connects } => {
                let is_over = *until <= now;
                if is_over {
                    let connects = *connects;
                    self.quit(connects, now);
                }
                is_over
            }
            State::Quitting { attempt, connects } => {
                // The connection was lost after the save, and the server may have been started again since.
                if self.is_connected && *connects != self.connects && !attempt.in_flight {
                    self.save(now);
                    return true;
                }
                match attempt.due(self.is_connected, now) {
                    Due::Nothing => {}
                    Due::Run => self.outputs.push_back(Output::Run(Step::Quit)),
                    Due::Expired(error) => self.end(Err(ShutdownErrorKind::NotQuit(error))),
                }
                false
            }
            State::Stopping { since, connects } => {
                let (since, connects) = (*since, *connects);
                let is_stopped = !self.is_connected || self.connects != connects;
                if is_stopped {
                    self.stage(Stage::Stopped);
                    self.state = State::Returning { since, connects };
                } else if deadline_from(since, self.times.stop_within) <= now {
                    let within = self.times.stop_within;
                    self.end(Err(ShutdownErrorKind::StillRunning(within)));
                }
                is_stopped
            }
            State::Returning { since, connects } => {
                let since = *since;
                match self.times.return_within {
                    None => self.end(Ok(ShutdownEnd::Stopped)),
                    Some(_) if self.is_connected && self.connects != *connects => {
                        let after = now - since;
                        self.end(Ok(ShutdownEnd::Returned { after }));
                    }
                    Some(within) if deadline_from(since, within) <= now => {
                        self.end(Err(ShutdownErrorKind::NotReturned(within)));
                    }
                    Some(_) => {}
                }
                false
            }
            State::Ended => false,
        }
    }

    fn save(&mut self, now: Instant) {
        match self.times.save_within {
            Some(within) => self.state = State::Saving(Attempt::new(now, within)),
            None => self.quit(self.connects, now),
        }
    }

    fn quit(&mut self, connects: u64, now: Instant) {
        let attempt = Attempt::new(now, self.times.quit_within);
        self.state = State::Quitting { attempt, connects };
    }

    fn ended(&mut self, step: Step, result: Result<(), Error>, now: Instant) {
        match step {
            Step::Announce(left) => self.stage(match result {
                Err(error) if !is_nobody_online(&error) => Stage::NotAnnounced { left, error },
                _ => Stage::Announced { left },
            }),
            Step::AnnounceCancel => {}
            Step::Save => self.save_ended(result, now),
            Step::Quit => self.quit_ended(result, now),
        }
    }

    fn save_ended(&mut self, result: Result<(), Error>, now: Instant) {
        let State::Saving(attempt) = &mut self.state else {
            return;
        };
        match result {
            Ok(()) => {
                self.state = State::Pausing {
                    until: deadline_from(now, self.times.pause),
                    connects: self.connects,
                };
                self.stage(Stage::Saved);
            }
            Err(error) if is_final(&error) => {
                self.end(Err(ShutdownErrorKind::NotSaved(Some(error))));
            }
            // A second save does no harm.
            Err(error) => {
                attempt.failed(error.clone(), now);
                self.stage(Stage::SaveFailed(error));
            }
        }
    }

    fn quit_ended(&mut self, result: Result<(), Error>, now: Instant) {
        let State::Quitting { attempt, connects } = &mut self.state else {
            return;
        };
        match result {
            Err(error) if Effect::of(&error) == Effect::NotSent => attempt.failed(error, now),
            Err(error) if Effect::of(&error) == Effect::Refused => {
                self.end(Err(ShutdownErrorKind::NotQuit(Some(error))));
            }
            // The reply is often lost with the connection. Quit is never sent twice.
            _ => {
                let connects = *connects;
                self.state = State::Stopping {
                    since: now,
                    connects,
                };
                self.stage(Stage::Quit);
            }
        }
    }

    fn cancel(&mut self) {
        let is_too_late = match &self.state {
            State::Counting { .. } | State::Saving(_) | State::Pausing { .. } => false,
            State::Quitting { attempt, .. } => attempt.in_flight,
            State::Stopping { .. } | State::Returning { .. } | State::Ended => true,
        };
        if is_too_late {
            return;
        }
        if self.is_announced {
            self.outputs.push_back(Output::Run(Step::AnnounceCancel));
        }
        self.end(Ok(ShutdownEnd::Canceled));
    }

    fn stage(&mut self, stage: Stage) {
        self.outputs.push_back(Output::Stage(stage));
    }

    fn end(&mut self, end: Result<ShutdownEnd, ShutdownErrorKind>) {
        if !matches!(self.state, State::Ended) {
            self.state = State::Ended;
            self.outputs.push_back(Output::End(end));
        }
    }
}

impl Attempt {
    fn new(now: Instant, within: Duration) -> Self {
        Self {
            by: deadline_from(now, within),
            in_flight: false,
            retry_at: now,
            error: None,
        }
    }

    fn due(&mut self, is_connected: bool, now: Instant) -> Due {
        if self.in_flight {
            Due::Nothing
        } else if self.by <= now {
            Due::Expired(self.error.take())
        } else if is_connected && self.retry_at <= now {
            self.in_flight = true;
            Due::Run
        } else {
            Due::Nothing
        }
    }

    fn deadline(&self, is_connected: bool) -> Option<Instant> {
        let next = if is_connected {
            self.by.min(self.retry_at)
        } else {
            self.by
        };
        (!self.in_flight).then_some(next)
    }

    fn failed(&mut self, error: Error, now: Instant) {
        self.in_flight = false;
        self.retry_at = deadline_from(now, RETRY);
        self.error = Some(error);
    }
}

/// The instant of an announcement, or the end.
fn at(end_at: Instant, left: Option<&Duration>) -> Instant {
    let left = left.copied().unwrap_or_default();
    end_at.checked_sub(left).unwrap_or(end_at)
}

/// An announcement on an empty server has succeeded.
fn is_nobody_online(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NobodyOnline { .. })
}

/// Returns whether a repetition is useless. While the server loads its world, it lacks commands that it has later.
fn is_final(error: &Error) -> bool {
    let is_missing = matches!(error.kind(), ErrorKind::CommandNotFound { .. });
    Effect::of(error) == Effect::Refused && !is_missing
}
