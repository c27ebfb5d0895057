use crate::link_id::LinkId;
use futures_util::task::AtomicWaker;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

/// A source of wake-ups of one task. Each has its own waker. Each link also has one, since there can be many links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Source {
    Links = 1,
    Closing = 1 << 1,
    Calls = 1 << 2,
    Stop = 1 << 3,
    Changes = 1 << 4,
    Timer = 1 << 5,
    Awaited = 1 << 6,
}

/// A set of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sources(u8);

impl Sources {
    pub(crate) const ALL: Self = Self(u8::MAX);

    pub(crate) fn has(self, source: Source) -> bool {
        self.0 & source as u8 != 0
    }

    pub(crate) fn add(&mut self, source: Source) {
        self.0 |= source as u8;
    }

    pub(crate) fn remove(&mut self, source: Source) {
        self.0 &= !(source as u8);
    }
}

/// Records which source woke the task, so that only that source is polled: a wake-up costs O(1), for any number of
/// connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadySet(Arc<Marks>);

#[derive(Debug, Default)]
struct Marks {
    task: AtomicWaker,
    sources: AtomicU8,
    /// The links that are ready, each once.
    links: Mutex<VecDeque<LinkId>>,
}

impl Marks {
    fn mark(&self, source: Source) {
        self.sources.fetch_or(source as u8, Ordering::AcqRel);
        self.task.wake();
    }
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

    /// The next ready link.
    pub(crate) fn next_link(&self) -> Option<LinkId> {
        let mut links = self.0.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.pop_front()
    }

    /// The waker to poll a source with.
    pub(crate) fn waker_of(&self, source: Source) -> Waker {
        let marks = Arc::clone(&self.0);
        Waker::from(Arc::new(SourceWaker { marks, source }))
    }

    /// The waker of a new link.
    pub(crate) fn waker_of_link(&self, id: LinkId) -> LinkWaker {
        let mark = Arc::new(LinkMark {
            marks: Arc::clone(&self.0),
            id,
            is_marked: AtomicBool::new(false),
        });
        LinkWaker {
            waker: Waker::from(Arc::clone(&mark)),
            mark,
        }
    }
}

struct SourceWaker {
    marks: Arc<Marks>,
    source: Source,
}

impl Wake for SourceWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.marks.mark(self.source);
    }
}

/// The waker of one link.
#[derive(Debug)]
pub(crate) struct LinkWaker {
    mark: Arc<LinkMark>,
    waker: Waker,
}

impl LinkWaker {
    /// Clears the link's mark and returns the waker to poll it with. From here on the next wake marks the link again.
    pub(crate) fn arm(&self) -> &Waker {
        // A swap, not a store: the poll must see all writes before a concurrent wake.
        self.mark.is_marked.swap(false, Ordering::AcqRel);
        &self.waker
    }
}

#[derive(Debug)]
struct LinkMark {
    marks: Arc<Marks>,
    id: LinkId,
    is_marked: AtomicBool,
}

impl Wake for LinkMark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_marked.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut links = self
            .marks
            .links
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        links.push_back(self.id);
        drop(links);
        self.marks.mark(Source::Links);
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
    fn a_link_that_wakes_often_has_one_turn_until_it_is_armed() {
        let ready = ReadySet::default();
        let link = ready.waker_of_link(LinkId::FIRST);
        let waker = link.arm().clone();
        waker.wake_by_ref();
        waker.wake_by_ref();
        assert!(taken(&ready).has(Source::Links));
        assert_eq!(ready.next_link(), Some(LinkId::FIRST));
        assert_eq!(ready.next_link(), None);

        link.arm().wake_by_ref();
        assert_eq!(ready.next_link(), Some(LinkId::FIRST));
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
        let links = [LinkId::FIRST, LinkId::FIRST.next()].map(|id| ready.waker_of_link(id));
        let done: [AtomicU32; 2] = Default::default();
        thread::scope(|scope| {
            for (link, done) in links.iter().zip(&done) {
                let waker = link.arm().clone();
                scope.spawn(move || {
                    for _ in 0..WAKES {
                        // The task that polls after this wake must see the count.
                        done.fetch_add(1, Ordering::Relaxed);
                        waker.wake_by_ref();
                    }
                });
            }
            let mut seen = [0, 0];
            while seen != [WAKES, WAKES] {
                ready.register(&me);
                if !taken(&ready).has(Source::Links) {
                    // A lost wake would leave this thread parked.
                    thread::park();
                    continue;
                }
                while let Some(id) = ready.next_link() {
                    let index = usize::from(id != LinkId::FIRST);
                    links[index].arm();
                    seen[index] = done[index].load(Ordering::Relaxed);
                }
            }
        });
    }
}
