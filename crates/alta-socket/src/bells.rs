use crate::links::LinkId;
use futures_util::task::AtomicWaker;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

/// What a task waits for. Each has a bell of its own; links have one each besides, since there may be many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Source {
    Links = 1,
    Closing = 1 << 1,
    Calls = 1 << 2,
    Stop = 1 << 3,
    Changes = 1 << 4,
    Timer = 1 << 5,
}

/// A set of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sources(u8);

impl Sources {
    pub(crate) const ALL: Self = Self(u8::MAX);

    pub(crate) fn has(self, source: Source) -> bool {
        self.0 & source as u8 != 0
    }

    pub(crate) fn remove(&mut self, source: Source) {
        self.0 &= !(source as u8);
    }
}

/// Tells one task which of the things that it waits for woke it, so that a wake-up costs the same however many there are:
/// only what rang is polled, and the rest keeps the waker it has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bells(Arc<Board>);

#[derive(Debug, Default)]
struct Board {
    task: AtomicWaker,
    rung: AtomicU8,
    /// The links that rang, each once.
    links: Mutex<VecDeque<LinkId>>,
}

impl Board {
    fn ring(&self, source: Source) {
        self.rung.fetch_or(source as u8, Ordering::AcqRel);
        self.task.wake();
    }
}

impl Bells {
    /// Makes `waker` the one that every bell wakes. Before [`take`](Self::take), so that no ring falls in between.
    pub(crate) fn wake(&self, waker: &Waker) {
        self.0.task.register(waker);
    }

    /// Adds what rang since the last call.
    pub(crate) fn take(&self, into: &mut Sources) {
        into.0 |= self.0.rung.swap(0, Ordering::AcqRel);
    }

    /// The next link that rang.
    pub(crate) fn next_link(&self) -> Option<LinkId> {
        let mut links = self.0.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.pop_front()
    }

    /// The waker to poll a source with.
    pub(crate) fn source(&self, source: Source) -> Waker {
        let board = Arc::clone(&self.0);
        Waker::from(Arc::new(SourceBell { board, source }))
    }

    /// The bell of a new link.
    pub(crate) fn link(&self, id: LinkId) -> LinkBell {
        let bell = Arc::new(Ringer {
            board: Arc::clone(&self.0),
            id,
            rung: AtomicBool::new(false),
        });
        LinkBell {
            waker: Waker::from(Arc::clone(&bell)),
            ringer: bell,
        }
    }
}

struct SourceBell {
    board: Arc<Board>,
    source: Source,
}

impl Wake for SourceBell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.board.ring(self.source);
    }
}

/// The bell of one link.
#[derive(Debug)]
pub(crate) struct LinkBell {
    ringer: Arc<Ringer>,
    waker: Waker,
}

impl LinkBell {
    /// The waker to poll the link with, now that its ring was heard: the next one counts again.
    pub(crate) fn heard(&self) -> &Waker {
        // A swap, not a store: what was done before a ring that came meanwhile must be seen by the poll.
        self.ringer.rung.swap(false, Ordering::AcqRel);
        &self.waker
    }
}

#[derive(Debug)]
struct Ringer {
    board: Arc<Board>,
    id: LinkId,
    rung: AtomicBool,
}

impl Wake for Ringer {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.rung.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut links = self
            .board
            .links
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        links.push_back(self.id);
        drop(links);
        self.board.ring(Source::Links);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;
    use std::thread;

    const NONE: Sources = Sources(0);

    fn taken(bells: &Bells) -> Sources {
        let mut sources = NONE;
        bells.take(&mut sources);
        sources
    }

    #[test]
    fn a_source_that_rang_is_named_once_and_no_other() {
        let bells = Bells::default();
        let calls = bells.source(Source::Calls);
        let _timer = bells.source(Source::Timer);
        calls.wake_by_ref();
        calls.wake_by_ref();
        let rung = taken(&bells);
        assert!(rung.has(Source::Calls));
        assert!(!rung.has(Source::Timer));
        assert_eq!(taken(&bells), NONE);
    }

    #[test]
    fn a_link_that_rings_often_has_one_turn_until_it_was_heard() {
        let bells = Bells::default();
        let link = bells.link(LinkId::FIRST);
        let waker = link.heard().clone();
        waker.wake_by_ref();
        waker.wake_by_ref();
        assert!(taken(&bells).has(Source::Links));
        assert_eq!(bells.next_link(), Some(LinkId::FIRST));
        assert_eq!(bells.next_link(), None);

        link.heard().wake_by_ref();
        assert_eq!(bells.next_link(), Some(LinkId::FIRST));
    }

    #[test]
    fn no_ring_of_another_thread_is_lost() {
        const RINGS: u32 = 20_000;
        struct Unpark(thread::Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let bells = Bells::default();
        let me = Waker::from(Arc::new(Unpark(thread::current())));
        let links = [LinkId::FIRST, LinkId::FIRST.next()].map(|id| bells.link(id));
        let done: [AtomicU32; 2] = Default::default();
        thread::scope(|scope| {
            for (link, done) in links.iter().zip(&done) {
                let waker = link.heard().clone();
                scope.spawn(move || {
                    for _ in 0..RINGS {
                        // What the ring is about: whoever heard it must see this.
                        done.fetch_add(1, Ordering::Relaxed);
                        waker.wake_by_ref();
                    }
                });
            }
            let mut seen = [0, 0];
            while seen != [RINGS, RINGS] {
                bells.wake(&me);
                if !taken(&bells).has(Source::Links) {
                    // A lost ring would leave this thread here for good.
                    thread::park();
                    continue;
                }
                while let Some(id) = bells.next_link() {
                    let index = usize::from(id != LinkId::FIRST);
                    links[index].heard();
                    seen[index] = done[index].load(Ordering::Relaxed);
                }
            }
        });
    }
}
