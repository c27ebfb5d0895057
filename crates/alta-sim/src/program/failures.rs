//! The actions of the timeline that were not possible, on standard error.

use crate::Sim;
use std::io::{self, Write as _};

#[derive(Debug, Default)]
pub(super) struct Failures {
    /// The number of failures that were written.
    written: usize,
}

impl Failures {
    /// Writes failures as they come, without end.
    pub(super) async fn follow(&mut self, sim: &Sim) {
        let mut changes = sim.shared.timeline_changes();
        loop {
            self.catch_up(sim);
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Writes the failures since the last call.
    pub(super) fn catch_up(&mut self, sim: &Sim) {
        let failures = sim.timeline_failures();
        for failure in failures.iter().skip(self.written) {
            // A failure to write to standard error cannot be reported.
            let _ = writeln!(
                io::stderr(),
                "timeline[{}], after {:?}: {}",
                failure.number,
                failure.at,
                failure.reason
            );
        }
        self.written = failures.len();
    }
}
