//! A request of a followed list that changes the list.

use super::entry::ListEntry;
use super::machine::Effect;
use super::shared::Shared;
use crate::clock::now;

/// A running request. If it is dropped before its end, its effect is unclear.
pub(super) struct OwnChange<'a, T: ListEntry> {
    shared: &'a Shared<T>,
    id: u64,
    effect: Effect,
}

impl<'a, T: ListEntry> OwnChange<'a, T> {
    pub(super) fn begin(shared: &'a Shared<T>, key: T::Key, adds: bool) -> Self {
        Self {
            shared,
            id: shared.apply(|machine| machine.begin_own(key, adds)),
            effect: Effect::Unclear,
        }
    }

    pub(super) fn end(mut self, effect: Effect) {
        self.effect = effect;
    }
}

impl<T: ListEntry> Drop for OwnChange<'_, T> {
    fn drop(&mut self) {
        let (id, effect) = (self.id, self.effect);
        self.shared
            .apply(|machine| machine.end_own(id, effect, now()));
        self.shared.tell_task();
    }
}
