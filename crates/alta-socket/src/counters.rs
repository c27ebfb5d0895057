use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// A count that one task writes and any task reads.
///
/// `SeqCst`, paired with [`Counted`]: the waiter sees the new count, or the counter sees the waiter and notifies it.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Sets the count.
    pub fn set(&self, value: usize) {
        let value = value as u64;
        if self.get() != value {
            self.0.store(value, Ordering::SeqCst);
        }
    }

    /// The count now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Adds one.
    pub fn add_one(&self) {
        self.add(1);
    }

    /// Adds this many.
    pub fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::SeqCst);
    }

    /// Adds one if `condition` is true.
    pub fn add_if(&self, condition: bool) {
        if condition {
            self.add_one();
        }
    }
}

/// Notifies the tasks that wait for a count. It costs one load while none waits.
#[derive(Debug, Default)]
pub struct Counted {
    watchers: AtomicUsize,
    notify: Notify,
}

impl Counted {
    /// A count may have changed.
    pub fn tell(&self) {
        if self.watchers.load(Ordering::SeqCst) > 0 {
            self.notify.notify_waiters();
        }
    }

    /// Begins to wait for counts.
    pub fn watcher(&self) -> CountWatcher<'_> {
        self.watchers.fetch_add(1, Ordering::SeqCst);
        CountWatcher(self)
    }
}

/// A task that waits for counts.
#[derive(Debug)]
pub struct CountWatcher<'a>(&'a Counted);

impl CountWatcher<'_> {
    /// Resolves when a count changes after this future was enabled.
    pub fn next(&self) -> Notified<'_> {
        self.0.notify.notified()
    }
}

impl Drop for CountWatcher<'_> {
    fn drop(&mut self) {
        self.0.watchers.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Declares the totals, which users read, and `Counters`, which the task counts with: one field for each name, and for
/// the counters also those `beside` the totals.
#[macro_export]
macro_rules! counters {
    ($(#[$about:meta])* pub struct $totals:ident { $($(#[$doc:meta])+ $name:ident,)* }
        $(beside { $($beside:ident: $type:ty,)* })?) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $totals {
            $($(#[$doc])+ pub $name: u64,)*
        }

        /// The totals during counting: one task writes, any task reads.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: $crate::Counter,)*
            /// Told after the counts have changed.
            pub(crate) changed: $crate::Counted,
            $($(pub(crate) $beside: $type,)*)?
        }

        impl Counters {
            pub(crate) fn totals(&self) -> $totals {
                $totals { $($name: self.$name.get(),)* }
            }
        }
    };
}
