//! The state that the task of a followed list and its handles share.

use super::change::ListChange;
use super::entry::ListEntry;
use super::machine::Machine;
use alta_socket::{Footprint, Hub, QueueConfig, Subscriber};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

pub(super) struct Shared<T: ListEntry> {
    machine: Mutex<Machine<T>>,
    changes: Hub<(), ListChange<T>>,
    has_ended: AtomicBool,
    /// Notifies the task that an own request may have changed the time of the next reading.
    own_ended: Notify,
}

impl<T: ListEntry> Shared<T> {
    pub(super) fn new(machine: Machine<T>) -> Self {
        Self {
            machine: Mutex::new(machine),
            changes: Hub::default(),
            has_ended: AtomicBool::new(false),
            own_ended: Notify::new(),
        }
    }

    /// Gives the machine an input, and publishes the changes. They are published under the lock, so that a stream that begins
    /// has each change either in its first entries or in its queue.
    pub(super) fn apply<R>(&self, input: impl FnOnce(&mut Machine<T>) -> R) -> R {
        let mut machine = self.lock();
        let result = input(&mut machine);
        for change in machine.take_changes() {
            self.changes.publish(&(), change);
        }
        result
    }

    pub(super) fn read<R>(&self, read: impl FnOnce(&Machine<T>) -> R) -> R {
        read(&self.lock())
    }

    /// The queue of a new stream, with the result of a reading of the machine at that moment.
    pub(super) fn subscribe<R>(
        &self,
        read: impl FnOnce(&Machine<T>) -> R,
    ) -> (R, Subscriber<(), ListChange<T>>) {
        let machine = self.lock();
        let queue = self.changes.subscribe(vec![()], QueueConfig::default());
        (read(&machine), queue)
    }

    pub(super) fn tell_task(&self) {
        self.own_ended.notify_one();
    }

    /// Waits until an own request has ended.
    pub(super) async fn own_ended(&self) {
        self.own_ended.notified().await;
    }

    /// Returns whether the list is no longer followed: the bot or its main websocket is closed.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Ends the streams.
    pub(super) fn end(&self) {
        self.has_ended.store(true, Ordering::Release);
        self.changes.end();
    }

    fn lock(&self) -> MutexGuard<'_, Machine<T>> {
        // No code under the lock can panic.
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: ListEntry> Footprint for ListChange<T> {
    fn footprint(&self) -> usize {
        size_of::<Self>() + self.entry.bytes()
    }
}
