//! Performs the actions of the timeline, one after the other.

use crate::action::Action;
use crate::agenda::Failure;
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

/// Adds an action to a timeline, behind those of the same time.
pub(crate) fn add(timeline: &mut Vec<Entry>, at: Duration, action: Action) {
    let number = timeline.len();
    let place = timeline.partition_point(|entry| entry.at <= at);
    let entry = Entry { at, action, number };
    timeline.insert(place, entry);
}

/// Performs actions when they are due, without end. `sim` is `None` when the simulator has ended.
pub(crate) async fn perform(
    timeline: Vec<Entry>,
    shared: Arc<Shared>,
    sim: impl Fn() -> Option<Sim>,
) {
    loop {
        while let Some(place) = shared.with(|state, _| state.agenda.begin_action()) {
            // The agenda has the times of this timeline.
            let Some(entry) = timeline.get(place) else {
                return;
            };
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
