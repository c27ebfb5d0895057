use crate::hub::Hub;
use crate::links::{LinkEvent, LinkId, Links};
use crate::task::Shutdown;
use crate::timer::Timer;
use futures_core::future::BoxFuture;
use std::fmt;
use std::future::poll_fn;
use std::hash::Hash;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::sync::mpsc;

/// How often in a row one source is asked first: long enough that frames and commands are handled in batches (and
/// many commands leave in one write), short enough that neither keeps the other waiting.
const STREAK: u32 = 32;

/// Why a driver woke up.
#[derive(Debug)]
pub enum Wake<X, E, C> {
    /// Something happened on a link.
    Link(LinkId, LinkEvent<X, E>),
    /// A handle asks for something.
    Call(C),
    /// The hub has changes to take.
    Changed,
    /// The machine's deadline may have passed.
    Timer,
    /// Close everything: a handle asked for it, or the last one is gone.
    Stop,
}

#[derive(Clone, Copy, PartialEq)]
enum Source {
    Links,
    Calls,
}

/// Everything that can wake the one task that drives a machine: its links, the calls of its handles, changes of what
/// is wanted, its timer, the wish to stop. The other half of every driver: the machine decides, this waits.
pub struct Inbox<X, E, C> {
    /// The links, for performing what the machine decides.
    pub links: Links<X, E>,
    calls: mpsc::Receiver<C>,
    stop: BoxFuture<'static, ()>,
    timer: Timer,
    last: Source,
    streak: u32,
}

impl<X, E, C: Send> Inbox<X, E, C> {
    /// Waits for calls from this channel and for this shutdown.
    pub fn new(calls: mpsc::Receiver<C>, shutdown: Shutdown) -> Self {
        Self {
            links: Links::default(),
            calls,
            stop: Box::pin(async move { shutdown.requested().await }),
            timer: Timer::default(),
            last: Source::Links,
            streak: 0,
        }
    }

    /// The next reason to wake. `deadline` is the machine's; calls stay in their bounded channel while
    /// `takes_calls` is false, so that callers wait where their own time-out runs.
    pub async fn next<K: Eq + Hash + Clone, F: Clone>(
        &mut self,
        hub: &Hub<K, F>,
        deadline: Option<Instant>,
        takes_calls: bool,
    ) -> Wake<X, E, C> {
        poll_fn(|cx| {
            let again = self.streak < STREAK;
            if again {
                let woken = self.poll_source(self.last, takes_calls, cx);
                if woken.is_ready() {
                    self.streak += 1;
                    return woken;
                }
            }
            if self.stop.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Wake::Stop);
            }
            if hub.poll_changed(cx).is_ready() {
                return Poll::Ready(Wake::Changed);
            }
            if self.timer.poll(deadline, cx).is_ready() {
                return Poll::Ready(Wake::Timer);
            }
            let other = match self.last {
                Source::Links => Source::Calls,
                Source::Calls => Source::Links,
            };
            // The one that was asked first has had its turn.
            let rest: &[Source] = if again { &[other] } else { &[other, self.last] };
            for source in rest {
                let woken = self.poll_source(*source, takes_calls, cx);
                if woken.is_ready() {
                    self.last = *source;
                    self.streak = 0;
                    return woken;
                }
            }
            Poll::Pending
        })
        .await
    }

    fn poll_source(
        &mut self,
        source: Source,
        takes_calls: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Wake<X, E, C>> {
        match source {
            Source::Links => self.poll_links(cx),
            Source::Calls if takes_calls => self.poll_calls(cx),
            Source::Calls => Poll::Pending,
        }
    }

    fn poll_links(&mut self, cx: &mut Context<'_>) -> Poll<Wake<X, E, C>> {
        let (id, event) = ready!(self.links.poll_next(cx));
        Poll::Ready(Wake::Link(id, event))
    }

    fn poll_calls(&mut self, cx: &mut Context<'_>) -> Poll<Wake<X, E, C>> {
        let call = ready!(self.calls.poll_recv(cx));
        Poll::Ready(call.map_or(Wake::Stop, Wake::Call))
    }
}

impl<X, E, C> fmt::Debug for Inbox<X, E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("links", &self.links)
            .finish_non_exhaustive()
    }
}
