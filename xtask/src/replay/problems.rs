//! The problems of a replay.

use std::sync::{Arc, Mutex, PoisonError};

/// The problems that server and client side have found.
#[derive(Clone, Debug, Default)]
pub(super) struct Problems(Arc<Mutex<Vec<String>>>);

impl Problems {
    pub(super) fn add(&self, problem: impl Into<String>) {
        let mut problems = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        problems.push(problem.into());
    }

    /// Adds a problem unless two values are equal.
    pub(super) fn same<T: PartialEq + std::fmt::Debug>(&self, what: &str, got: &T, recorded: &T) {
        if got != recorded {
            self.add(format!("{what}: got {got:?}, expected {recorded:?}"));
        }
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
