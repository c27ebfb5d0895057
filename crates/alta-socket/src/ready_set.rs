use crate::link_id::LinkId;
use futures_util::task::AtomicWaker;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Wake, Waker};

/// The first bit of a link. Those before are of the other sources.
const FIRST_LINK: u64 = 6;

/// A source of wake-ups of one task. Each has a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Source {
    Closing = 1,
    Calls = 1 << 1,
    Stop = 1 << 2,
    Changes = 1 << 3,
    Timer = 1 << 4,
    Awaited = 1 << 5,
    /// Any link. There can be more links than bits: links with the same bit are polled together.
    Links = u64::MAX << FIRST_LINK,
}

/// A set of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sources(u64);

impl Sources {
    pub(crate) const ALL: Self = Self(u64::MAX);

    fn of_link(id: LinkId) -> Self {
        Self(1 << (FIRST_LINK + id.modulo(64 - FIRST_LINK)))
    }

    pub(crate) fn has(self, source: Source) -> bool {
        self.0 & source as u64 != 0
    }

    /// Returns whether a link may be ready.
    pub(crate) fn has_link(self, id: LinkId) -> bool {
        self.0 & Self::of_link(id).0 != 0
    }

    pub(crate) fn add(&mut self, source: Source) {
        self.0 |= source as u64;
    }

    pub(crate) fn remove(&mut self, source: Source) {
        self.0 &= !(source as u64);
    }
}

/// Records which source woke the task, so that only that source is polled.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadySet(Arc<Marks>);

#[derive(Debug, Default)]
struct Marks {
    task: AtomicWaker,
    sources: AtomicU64,
}

impl ReadySet {
    /// Registers the waker of the task. To be called before [`take`](Self::take): a source that becomes ready in between wakes
    /// the task again.
    pub(crate) fn register(&self, waker: &Waker) {
        self.0.task.register(waker);
    }

    /// Adds the sources that became ready since the last call.
    pub(crate) fn take(&self, into: &mut Sources) {
        into.0 |= self.0.sources.swap(0, Ordering::AcqRel);
    }

    /// The waker to poll a source with.
    pub(crate) fn waker_of(&self, source: Source) -> Waker {
        self.waker(Sources(source as u64))
    }

    /// The waker to poll a link with.
    pub(crate) fn waker_of_link(&self, id: LinkId) -> Waker {
        self.waker(Sources::of_link(id))
    }

    fn waker(&self, sources: Sources) -> Waker {
        let marks = Arc::clone(&self.0);
        Waker::from(Arc::new(SourceWaker { marks, sources }))
    }
}

struct SourceWaker {
    marks: Arc<Marks>,
    sources: Sources,
}

impl Wake for SourceWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let before = self
            .marks
            .sources
            .fetch_or(self.sources.0, Ordering::AcqRel);
        // The one who marked first wakes the task, which then takes all marks.
        if before == 0 {
            self.marks.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;
    use std::thread;

    const NONE: Sources = Sources(0);

    fn taken(ready: &ReadySet) -> Sources {
        let mut sources = NONE;
        ready.take(&mut sources);
        sources
    }

    #[test]
    fn a_ready_source_is_taken_once_and_no_other() {
        let ready = ReadySet::default();
        let calls = ready.waker_of(Source::Calls);
        let _timer = ready.waker_of(Source::Timer);
        calls.wake_by_ref();
        calls.wake_by_ref();
        let sources = taken(&ready);
        assert!(sources.has(Source::Calls));
        assert!(!sources.has(Source::Timer));
        assert_eq!(taken(&ready), NONE);
    }

    #[test]
    fn a_link_that_wakes_is_ready_and_no_other() {
        let ready = ReadySet::default();
        let ids: Vec<_> = std::iter::successors(Some(LinkId::FIRST), |id| Some(id.next()))
            .take(200)
            .collect();
        for id in &ids {
            ready.waker_of_link(*id).wake();
            let sources = taken(&ready);
            assert!(sources.has(Source::Links) && !sources.has(Source::Calls));
            assert!(sources.has_link(*id));
            let marked = ids.iter().filter(|id| sources.has_link(**id)).count();
            // 58 bits for 200 links.
            assert!(marked <= 4, "{marked}");
        }
        assert_eq!(taken(&ready), NONE);
    }

    #[test]
    fn no_wake_of_another_thread_is_lost() {
        const WAKES: u32 = 20_000;
        struct Unpark(thread::Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let ready = ReadySet::default();
        let me = Waker::from(Arc::new(Unpark(thread::current())));
        let ids = [LinkId::FIRST, LinkId::FIRST.next()];
        let links = ids.map(|id| ready.waker_of_link(id));
        let done: [AtomicU32; 2] = Default::default();
        thread::scope(|scope| {
            for (link, done) in links.iter().zip(&done) {
                scope.spawn(move || {
                    for _ in 0..WAKES {
                        // The task that polls after this wake must see the count.
                        done.fetch_add(1, Ordering::Relaxed);
                        link.wake_by_ref();
                    }
                });
            }
            let mut seen = [0, 0];
            while seen != [WAKES, WAKES] {
                ready.register(&me);
                let sources = taken(&ready);
                if !sources.has(Source::Links) {
                    // A lost wake would leave this thread parked.
                    thread::park();
                    continue;
                }
                for (index, id) in ids.into_iter().enumerate() {
                    if sources.has_link(id) {
                        seen[index] = done[index].load(Ordering::Relaxed);
                    }
                }
            }
        });
    }
}
