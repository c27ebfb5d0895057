//! Performs the actions of the timeline, one after the other.

use crate::action::Action;
use crate::shared::Shared;
use crate::sim::Sim;
use std::sync::Arc;
use std::time::Duration;

/// An action at a time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The time since the start.
    pub(crate) at: Duration,
    pub(crate) action: Action,
    /// The number in the order in which the entries were added, from 0.
    pub(crate) number: usize,
}

/// An action of the timeline that was not possible.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The number of the action in the order in which they were added, from 0.
    pub number: usize,
    /// The time of the action since the start.
    pub at: Duration,
    /// The reason.
    pub reason: String,
}

/// Performs actions when they are due, without end. `sim` is `None` when the simulator has ended.
pub(crate) async fn perform(shared: Arc<Shared>, sim: impl Fn() -> Option<Sim>) {
    loop {
        while let Some(entry) = shared.with(|state, _| state.agenda.begin_action()) {
            let Some(sim) = sim() else { return };
            let result = entry.action.perform(&sim).await;
            shared.with(|state, _| {
                if let Err(error) = result {
                    state.failures.push(Failure {
                        number: entry.number,
                        at: entry.at,
                        reason: format!("{error:?}"),
                    });
                }
                state.agenda.end_action();
            });
            shared.action_performed();
        }
        shared.wait_for_actions().await;
    }
}

impl Sim {
    /// The actions of the [timeline](crate::Builder::at) that were not possible so far.
    pub fn timeline_failures(&self) -> Vec<Failure> {
        self.shared.look(|state| state.failures.clone())
    }
}
