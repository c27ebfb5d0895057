use crate::hub::Hub;
use crate::link_id::LinkId;
use crate::links::{LinkEvent, Links};
use crate::queue::Footprint;
use crate::ready_set::{ReadySet, Source, Sources};
use crate::task::Shutdown;
use crate::timer::Timer;
use futures_core::future::BoxFuture;
use std::fmt;
use std::future::{poll_fn, ready};
use std::hash::Hash;
use std::sync::atomic::{Ordering, fence};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The maximum number of consecutive wake-ups from one source: enough for batches of frames and commands (many commands
/// leave in one write), few enough that neither source waits long for the other.
const STREAK: u32 = 32;

/// The maximum number of wake-ups before other tasks run. The readers of streams then keep up with a flood, and find
/// the events in the processor's cache.
const TURN: u32 = 256;

/// The pause after a turn for a stream that another thread reads, more slowly than events arrive: there a turn for
/// other tasks does not help. The thread reads some thousand events during it, fewer than the queue has.
const PAUSE: Duration = Duration::from_millis(4);

/// The reason for a wake-up of a driver.
#[derive(Debug)]
pub enum Wake<X, E, C> {
    /// An event of a link.
    Link(LinkId, LinkEvent<X, E>),
    /// A call of a handle.
    Call(C),
    /// The hub has changes to take.
    Changed,
    /// The machine's deadline may have passed.
    Timer,
    /// A handle asked to close everything, or the last handle was dropped.
    Stop,
}

/// Everything that can wake the one task that drives a machine: its links, the calls of its handles, changes of the wanted
/// subscriptions, its timer, the shutdown request. The machine decides; the inbox waits.
pub struct Inbox<X, E, C> {
    /// The links, to perform the machine's outputs on.
    pub links: Links<X, E>,
    calls: mpsc::Receiver<C>,
    /// A call that no handle makes.
    awaited: Option<BoxFuture<'static, C>>,
    stop: BoxFuture<'static, ()>,
    timer: Timer,
    ready_set: ReadySet,
    wakers: Wakers,
    /// The sources to poll: those that were marked, and those that were ready the last time.
    ready: Sources,
    last: Source,
    streak: u32,
    /// The number of wake-ups since other tasks had a turn.
    turn: u32,
}

/// The wakers to poll the sources with.
struct Wakers {
    calls: Waker,
    awaited: Waker,
    stop: Waker,
    changes: Waker,
    timer: Waker,
}

impl<X, E, C: Send> Inbox<X, E, C> {
    /// Waits for calls from this channel and for this shutdown.
    pub fn new(calls: mpsc::Receiver<C>, shutdown: Shutdown) -> Self {
        let ready_set = ReadySet::default();
        Self {
            links: Links::new(ready_set.clone()),
            calls,
            awaited: None,
            stop: Box::pin(async move { shutdown.requested().await }),
            timer: Timer::default(),
            wakers: Wakers {
                calls: ready_set.waker_of(Source::Calls),
                awaited: ready_set.waker_of(Source::Awaited),
                stop: ready_set.waker_of(Source::Stop),
                changes: ready_set.waker_of(Source::Changes),
                timer: ready_set.waker_of(Source::Timer),
            },
            ready_set,
            ready: Sources::ALL,
            last: Source::Links,
            streak: 0,
            turn: 0,
        }
    }

    /// Waits for the next wake-up; after many without a wait, first lets other tasks run. `deadline` is the machine's.
    /// Calls stay in their bounded channel while `takes_calls` is false, so that callers wait where their own timeout
    /// runs.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a wake-up that was not returned is returned by the next call.
    pub async fn next<K: Eq + Hash + Clone, F: Clone + Footprint>(
        &mut self,
        hub: &Hub<K, F>,
        deadline: Option<Instant>,
        takes_calls: bool,
    ) -> Wake<X, E, C> {
        if self.turn >= TURN {
            self.turn = 0;
            if hub.take_pause() {
                tokio::time::sleep(PAUSE).await;
            } else {
                tokio::task::yield_now().await;
            }
        }
        self.turn += 1;
        if let Some(wake) = self.next_received() {
            return wake;
        }
        poll_fn(|cx| {
            self.ready_set.register(cx.waker());
            self.ready_set.take(&mut self.ready);
            if let Some(wake) = self.first_ready(hub, deadline, takes_calls) {
                return Poll::Ready(wake);
            }
            self.turn = 0;
            Poll::Pending
        })
        .await
    }

    /// The next wake-up, without waiting.
    pub fn next_ready<K: Eq + Hash + Clone, F: Clone + Footprint>(
        &mut self,
        hub: &Hub<K, F>,
        deadline: Option<Instant>,
        takes_calls: bool,
    ) -> Option<Wake<X, E, C>> {
        self.turn += 1;
        self.next_received().or_else(|| {
            self.ready_set.take(&mut self.ready);
            self.first_ready(hub, deadline, takes_calls)
        })
    }

    /// The next message of the link that had the last one. Most messages are read together with the one before, so no
    /// source need be polled for them.
    fn next_received(&mut self) -> Option<Wake<X, E, C>> {
        if self.last != Source::Links || self.streak >= STREAK {
            return None;
        }
        let (id, event) = self.links.received()?;
        self.streak += 1;
        Some(Wake::Link(id, event))
    }

    /// Also takes the output of a future as a call; `None` removes the future. An earlier future is dropped.
    pub fn await_call(&mut self, call: Option<BoxFuture<'static, C>>) {
        self.awaited = call;
        self.ready.add(Source::Awaited);
    }

    /// Takes no more calls, and drops those in the channel. A sender that looks for it after a
    /// [fence](std::sync::atomic::fence) of its own finds the channel closed, unless its call is dropped here.
    pub fn end_calls(&mut self) {
        self.calls.close();
        fence(Ordering::SeqCst);
        while self.calls.try_recv().is_ok() {}
    }

    fn first_ready<K: Eq + Hash + Clone, F: Clone + Footprint>(
        &mut self,
        hub: &Hub<K, F>,
        deadline: Option<Instant>,
        takes_calls: bool,
    ) -> Option<Wake<X, E, C>> {
        let again = self.streak < STREAK;
        if again && let Some(wake) = self.ask(self.last, takes_calls) {
            self.streak += 1;
            return Some(wake);
        }
        if self.ready.has(Source::Closing) {
            self.ready.remove(Source::Closing);
            self.links.close_on();
        }
        if self.ready.has(Source::Stop) {
            let mut cx = Context::from_waker(&self.wakers.stop);
            if self.stop.as_mut().poll(&mut cx).is_ready() {
                self.stop = Box::pin(ready(()));
                return Some(Wake::Stop);
            }
            self.ready.remove(Source::Stop);
        }
        if self.ready.has(Source::Awaited) {
            let mut cx = Context::from_waker(&self.wakers.awaited);
            self.ready.remove(Source::Awaited);
            if let Some(awaited) = &mut self.awaited
                && let Poll::Ready(call) = awaited.as_mut().poll(&mut cx)
            {
                self.awaited = None;
                return Some(Wake::Call(call));
            }
        }
        if self.ready.has(Source::Changes) {
            let mut cx = Context::from_waker(&self.wakers.changes);
            if hub.poll_changed(&mut cx).is_ready() {
                return Some(Wake::Changed);
            }
            self.ready.remove(Source::Changes);
        }
        if self.ready.has(Source::Timer) || self.timer.is_late_for(deadline) {
            let mut cx = Context::from_waker(&self.wakers.timer);
            if self.timer.poll(deadline, &mut cx).is_ready() {
                return Some(Wake::Timer);
            }
            self.ready.remove(Source::Timer);
        }
        let other = match self.last {
            Source::Links => Source::Calls,
            _ => Source::Links,
        };
        // The source that was polled first has had its turn.
        let rest: &[Source] = if again { &[other] } else { &[other, self.last] };
        for source in rest {
            if let Some(wake) = self.ask(*source, takes_calls) {
                self.last = *source;
                self.streak = 0;
                return Some(wake);
            }
        }
        None
    }

    /// Polls the links or the calls, if they may be ready.
    fn ask(&mut self, source: Source, takes_calls: bool) -> Option<Wake<X, E, C>> {
        match source {
            Source::Calls => self.next_call(takes_calls),
            _ => self.next_of_links(),
        }
    }

    fn next_call(&mut self, takes_calls: bool) -> Option<Wake<X, E, C>> {
        if !takes_calls || !self.ready.has(Source::Calls) {
            return None;
        }
        let mut cx = Context::from_waker(&self.wakers.calls);
        match self.calls.poll_recv(&mut cx) {
            Poll::Ready(call) => Some(call.map_or(Wake::Stop, Wake::Call)),
            Poll::Pending => {
                self.ready.remove(Source::Calls);
                None
            }
        }
    }

    fn next_of_links(&mut self) -> Option<Wake<X, E, C>> {
        // Once, not before each poll: a link that wakes itself must wait for the next turn of the task.
        if self.ready.has(Source::Links) {
            self.links.queue_ready(self.ready);
            self.ready.remove(Source::Links);
        }
        let (id, event) = self.links.next()?;
        Some(Wake::Link(id, event))
    }
}

#[cfg(test)]
impl<X, E, C> Inbox<X, E, C> {
    /// Lets other sources have the next turn.
    pub(crate) fn end_streak(&mut self) {
        self.streak = STREAK;
    }

    /// Lets calls have the next turn.
    pub(crate) fn begin_streak_of_calls(&mut self) {
        (self.last, self.streak) = (Source::Calls, 0);
    }
}

impl<X, E, C> fmt::Debug for Inbox<X, E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("links", &self.links)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
