//! The place in the script that all connections share: as on a server, a disconnection is the same for all clients.

use super::script::Script;
use crate::output::error_line;
use std::future::pending;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct State {
    /// The time of the first subscription.
    started: Option<Instant>,
    part: usize,
    clients: usize,
    /// The last part has ended, and no client has connected since.
    is_lost: bool,
}

#[derive(Debug)]
pub(super) struct Stage {
    speed: f64,
    state: watch::Sender<State>,
}

impl Stage {
    pub(super) fn new(speed: f64) -> Self {
        let state = watch::Sender::new(State::default());
        Self { speed, state }
    }

    /// The instant of a time of the script. `None` if it is never reached.
    pub(super) fn instant(&self, started: Option<Instant>, at: Duration) -> Option<Instant> {
        let after = Duration::try_from_secs_f64(at.as_secs_f64() / self.speed).ok()?;
        started?.checked_add(after)
    }

    /// Returns whether a client can connect now.
    pub(super) fn is_open(&self, script: &Script) -> bool {
        let state = *self.state.borrow();
        let Some(part) = script.parts.get(state.part) else {
            return false;
        };
        let start = self.instant(state.started, part.start);
        state.part == 0 || start.is_some_and(|start| start <= Instant::now())
    }

    /// Takes a place for a client. `None` if no client can connect now.
    pub(super) fn enter(&self, script: &Script) -> Option<Seat<'_>> {
        if !self.is_open(script) {
            return None;
        }
        let mut part = 0;
        self.state.send_modify(|state| {
            state.clients += 1;
            state.is_lost = false;
            part = state.part;
        });
        Some(Seat { stage: self, part })
    }

    /// Ends each part at its time. Does not return.
    pub(super) async fn conduct(&self, script: &Script) {
        let mut states = self.state.subscribe();
        loop {
            let state = *states.borrow_and_update();
            let end = script.parts.get(state.part).and_then(|part| part.end);
            let time = async {
                match end.and_then(|end| self.instant(state.started, end)) {
                    Some(end) => sleep_until(end).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                _ = states.changed() => {}
                () = time => self.lose(state.part, script),
            }
        }
    }

    fn lose(&self, part: usize, script: &Script) {
        self.state.send_modify(|state| {
            if state.part == part {
                state.part += 1;
                state.is_lost = true;
            }
        });
        let end = script.parts[part].end.unwrap_or_default().as_secs_f64();
        match script.parts.get(part + 1) {
            Some(next) => error_line(format_args!(
                "disconnected at {end:.1} s, as recorded; open again at {:.1} s",
                next.start.as_secs_f64()
            )),
            None => error_line(format_args!(
                "disconnected at {end:.1} s, as recorded; the transcript ends here"
            )),
        }
    }
}

/// The place of a connected client.
#[derive(Debug)]
pub(super) struct Seat<'s> {
    stage: &'s Stage,
    pub(super) part: usize,
}

impl Seat<'_> {
    /// The time of the first subscription of all clients.
    fn started(&self) -> Option<Instant> {
        self.stage.state.borrow().started
    }

    /// Begins the time, unless another client has.
    pub(super) fn start(&self) -> Instant {
        let now = Instant::now();
        self.stage.state.send_if_modified(|state| {
            let is_first = state.started.is_none();
            state.started.get_or_insert(now);
            is_first
        });
        self.started().unwrap_or(now)
    }

    /// The end of this part.
    pub(super) fn end(&self) -> End {
        let (part, states) = (self.part, self.stage.state.subscribe());
        End { part, states }
    }
}

/// The end of a part.
#[derive(Debug)]
pub(super) struct End {
    part: usize,
    states: watch::Receiver<State>,
}

impl End {
    /// Waits for the recorded disconnection.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub(super) async fn wait(&mut self) {
        let part = self.part;
        let ended = self
            .states
            .wait_for(|state| state.part != part)
            .await
            .is_ok();
        if !ended {
            pending::<()>().await;
        }
    }
}

impl Drop for Seat<'_> {
    /// The script begins again after the last client has left by itself.
    fn drop(&mut self) {
        self.stage.state.send_modify(|state| {
            state.clients = state.clients.saturating_sub(1);
            if state.clients == 0 && !state.is_lost {
                *state = State::default();
            }
        });
    }
}
