//! The sessions and the states of one console, and their handlers.

use super::console_task::ConsoleTask;
use super::end::{End, Report};
use crate::calls::Call;
use att_console::{Closed, State, Status};
use std::sync::Arc;
use tracing::{Instrument as _, Span, debug, info, warn};

/// The names of these methods.
const ON_STATE: &str = "on_state";
const ON_SESSION: &str = "on_session";

impl<K: Clone> ConsoleTask<K> {
    /// Begins and ends sessions. Returns the end of the console.
    pub(super) async fn status(&mut self, status: Option<Status>) -> Option<End> {
        let Some(status) = status else {
            return Some(End::Closed);
        };
        let connects = status.totals.connects;
        match status.state {
            State::Ready | State::Stalled if self.session_number != Some(connects) => {
                self.end_session().await;
                self.begin_session(connects);
                self.report(Report::Connected).await;
            }
            State::Ready | State::Stalled => {}
            State::Recovering { because, .. } => {
                if self.session_number.is_some() {
                    info!(%because, "a console session has ended");
                } else {
                    debug!(%because, "a console cannot be reached yet");
                }
                self.end_session().await;
                self.report(Report::Disconnected).await;
            }
            State::Closed { because } => {
                self.end_session().await;
                if because == Closed::ByUs {
                    return Some(End::Closed);
                }
                warn!(%because, "a console is closed permanently");
                return Some(End::Refused(because));
            }
            _ => self.end_session().await,
        }
        None
    }

    fn begin_session(&mut self, connects: u64) {
        info!(session = connects, "a console session begins");
        self.session_number = Some(connects);
        self.calls.counters().session();
        for function in &self.calls.handlers().sessions {
            let (function, console) = (Arc::clone(function), self.console.clone());
            let call = Call::new(self.info(ON_SESSION), None, move || function(console));
            let calls = self.calls.clone();
            let work = async move { calls.call(call).await };
            self.session.spawn(work.instrument(Span::current()));
        }
    }

    /// When this returns, no handler of the old session runs.
    pub(super) async fn end_session(&mut self) {
        self.session_number = None;
        while self.session.try_join_next().is_some() {}
        let handlers = self.session.len();
        if handlers > 0 {
            info!(
                handlers,
                "on_session handlers are canceled where they wait, with their session"
            );
        }
        self.session.shutdown().await;
    }

    /// Each handler of states reads the states by itself, so a slow one skips some instead of delaying others.
    pub(super) fn follow_states(&mut self) {
        for function in &self.calls.handlers().states {
            let function = Arc::clone(function);
            let (console, calls) = (self.console.clone(), self.calls.clone());
            let (info, timeout) = (
                self.info(ON_STATE),
                Some(self.calls.limits().handler_timeout),
            );
            let mut statuses = console.statuses();
            let mut stop = self.stop_states.subscribe();
            let work = async move {
                loop {
                    let status = tokio::select! {
                        biased;
                        _ = stop.changed() => return,
                        status = statuses.next() => status,
                    };
                    let Some(status) = status else { return };
                    let (function, console) = (Arc::clone(&function), console.clone());
                    let call = Call::new(info.clone(), timeout, move || {
                        function(console, status.state)
                    });
                    call.run(calls.clone()).await;
                }
            };
            self.states.spawn(work.instrument(Span::current()));
        }
    }

    async fn report(&mut self, report: Report) {
        // The runner no longer receives when it is shutting down.
        let _ = self.reports.send((self.key.clone(), report)).await;
    }
}
