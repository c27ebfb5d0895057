use crate::hub::Hub;
use crate::links::{LinkEvent, LinkId, Links};
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

/// The most wake-ups in a row from one source: enough to handle frames and commands in batches (many commands leave in one
/// write), few enough that neither source waits long for the other.
const STREAK: u32 = 32;

/// The most wake-ups before other tasks get a turn. The readers of streams keep up with any flood, and find the events in the
/// processor's cache.
const TURN: u32 = 256;

/// The pause after a turn for a stream that another thread reads, more slowly than events arrive: there a turn for other tasks
/// does not help. The thread reads some thousand events in it, less than the queue holds.
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

    /// Waits for the next wake-up; after many without a wait, until other tasks had a turn. `deadline` is the machine's. Calls stay in their bounded channel while `takes_calls` is
    /// false, so that callers wait where their own timeout runs.
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

    /// Takes the output of a future as a call, too, or of none. An earlier future is dropped.
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
        let may_have = match source {
            Source::Calls => takes_calls && self.ready.has(source),
            _ => self.ready.has(source) || self.links.has_turns(),
        };
        if !may_have {
            return None;
        }
        let wake = match source {
            Source::Calls => {
                let mut cx = Context::from_waker(&self.wakers.calls);
                match self.calls.poll_recv(&mut cx) {
                    Poll::Ready(call) => Some(call.map_or(Wake::Stop, Wake::Call)),
                    Poll::Pending => None,
                }
            }
            _ => self.links.next().map(|(id, event)| Wake::Link(id, event)),
        };
        if wake.is_none() {
            self.ready.remove(source);
        }
        wake
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
mod tests {
    use super::*;
    use crate::dial::{BoxIo, Dial, DialError};
    use crate::task::TaskGuard;
    use crate::websocket::{LinkConfig, WebSocket};
    use futures_util::SinkExt as _;
    use std::io;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;
    use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
    use tokio_tungstenite::{WebSocketStream, accept_async};
    use url::Url;

    type TestInbox = Inbox<(), DialError, &'static str>;

    /// A stream that counts how often it is read.
    struct Counted(DuplexStream, Arc<AtomicUsize>);

    impl AsyncRead for Counted {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            self.1.fetch_add(1, Ordering::Relaxed);
            Pin::new(&mut self.0).poll_read(cx, buf)
        }
    }

    impl AsyncWrite for Counted {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.0).poll_write(cx, buf)
        }
        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_flush(cx)
        }
        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_shutdown(cx)
        }
    }

    /// Dials one stream that is there already.
    struct Once(Mutex<Option<Counted>>);

    impl Dial for Once {
        fn dial<'a>(&'a self, _: &'a Url) -> BoxFuture<'a, Result<BoxIo, DialError>> {
            let io = self.0.lock().unwrap().take();
            Box::pin(async { Ok(Box::new(io.unwrap()) as BoxIo) })
        }
    }

    /// An inbox with open links, the other end of each, how often each was read, and who may call and stop it.
    struct Rig {
        inbox: TestInbox,
        hub: Hub<&'static str, u32>,
        servers: Vec<WebSocketStream<DuplexStream>>,
        reads: Vec<Arc<AtomicUsize>>,
        calls: mpsc::Sender<&'static str>,
        guard: TaskGuard,
    }

    async fn rig(links: usize) -> Rig {
        let (calls, receiver) = mpsc::channel(4);
        let (tell, told) = tokio::sync::oneshot::channel();
        let guard = TaskGuard::spawn(|shutdown| async move {
            let _ = tell.send(shutdown.clone());
            shutdown.requested().await;
        });
        let mut rig = Rig {
            inbox: Inbox::new(receiver, told.await.unwrap()),
            hub: Hub::default(),
            servers: Vec::new(),
            reads: Vec::new(),
            calls,
            guard,
        };
        let mut id = LinkId::FIRST;
        for _ in 0..links {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            let reads = Arc::new(AtomicUsize::new(0));
            let dialer = Once(Mutex::new(Some(Counted(ours, Arc::clone(&reads)))));
            rig.inbox.links.open(id, async move {
                let address = Url::parse("ws://example.invalid/").unwrap();
                let headers = http::HeaderMap::new();
                WebSocket::connect(&dialer, &address, headers, LinkConfig::new(1024))
                    .await
                    .map(|socket| (socket, ()))
            });
            let (server, opened) =
                tokio::join!(accept_async(theirs), rig.inbox.next(&rig.hub, None, true));
            assert!(matches!(opened, Wake::Link(link, LinkEvent::Opened(())) if link == id));
            rig.servers.push(server.unwrap());
            rig.reads.push(reads);
            id = id.next();
        }
        assert!(rig.settle().await.is_none());
        rig
    }

    impl Rig {
        /// What is there to wake for now.
        async fn settle(&mut self) -> Option<Wake<(), DialError, &'static str>> {
            tokio::select! {
                biased;
                wake = self.inbox.next(&self.hub, None, true) => Some(wake),
                // Paused time stands still as long as anything else can go on.
                () = tokio::time::sleep(Duration::from_millis(1)) => None,
            }
        }

        fn reads(&self) -> Vec<usize> {
            let loaded = self.reads.iter().map(|reads| reads.load(Ordering::Relaxed));
            loaded.collect()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_link_that_has_something_is_asked() {
        let mut rig = rig(3).await;
        let before = rig.reads();
        rig.servers[1].send("hello".into()).await.unwrap();
        let second = LinkId::FIRST.next();
        assert!(
            matches!(rig.settle().await, Some(Wake::Link(link, LinkEvent::Text(..))) if link == second)
        );
        assert!(rig.settle().await.is_none());
        let after = rig.reads();
        assert_eq!((after[0], after[2]), (before[0], before[2]));
        assert!(after[1] > before[1]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_passes_while_there_is_none_keeps_no_later_one_from_ringing() {
        let Rig {
            mut inbox,
            hub,
            calls,
            guard: _guard,
            ..
        } = rig(0).await;
        let in_ms = |ms| tokio::time::Instant::now().into_std() + Duration::from_millis(ms);
        let deadline = in_ms(10);
        calls.send("there is no deadline any more").await.unwrap();
        let wake = inbox.next(&hub, Some(deadline), true).await;
        assert!(matches!(wake, Wake::Call(_)));
        let none = tokio::time::timeout(Duration::from_millis(20), inbox.next(&hub, None, true));
        assert!(none.await.is_err());
        for _ in 0..2 {
            let deadline = in_ms(10);
            let next = inbox.next(&hub, Some(deadline), true);
            let wake = tokio::time::timeout(Duration::from_secs(1), next).await;
            assert!(matches!(wake, Ok(Wake::Timer)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn links_take_turns_however_busy_one_is() {
        const MANY: usize = 10 * STREAK as usize;
        let mut rig = rig(2).await;
        for _ in 0..MANY {
            rig.servers[0].feed("busy".into()).await.unwrap();
        }
        rig.servers[0].flush().await.unwrap();
        rig.servers[1].send("quiet".into()).await.unwrap();
        let mut order = Vec::new();
        while let Some(Wake::Link(link, LinkEvent::Text(..))) = rig.settle().await {
            order.push(link);
        }
        assert_eq!(order.len(), MANY + 1);
        let turn = order.iter().position(|link| *link != LinkId::FIRST);
        // Two streaks: the busy link's turn may come just before the other one is ready.
        let most = 2 * STREAK as usize + 2;
        assert!(turn.is_some_and(|turn| turn <= most), "{order:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_sent_goes_out_though_nothing_arrives() {
        use futures_util::StreamExt as _;
        let mut rig = rig(2).await;
        rig.inbox.links.send(LinkId::FIRST, "one".into(), Some(7));
        assert!(matches!(
            rig.settle().await,
            Some(Wake::Link(LinkId::FIRST, LinkEvent::Written(7)))
        ));
        assert!(rig.settle().await.is_none());
        let sent = rig.servers[0].next().await.unwrap().unwrap();
        assert_eq!(sent.into_text().unwrap().as_str(), "one");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_a_wish_the_timer_and_the_stop_wake_and_calls_wait_while_not_taken() {
        let mut rig = rig(1).await;
        rig.calls.send("first").await.unwrap();
        let soon = tokio::time::Instant::now() + Duration::from_secs(1);
        let wake = rig.inbox.next(&rig.hub, Some(soon.into_std()), false).await;
        assert!(matches!(wake, Wake::Timer));
        assert!(matches!(rig.settle().await, Some(Wake::Call("first"))));

        let _reader = rig.hub.subscribe(vec!["a"], crate::QueueConfig::default());
        assert!(matches!(rig.settle().await, Some(Wake::Changed)));
        rig.hub.take_changes();
        assert!(rig.settle().await.is_none());

        rig.guard.stop();
        assert!(matches!(rig.settle().await, Some(Wake::Stop)));
    }

    #[tokio::test(start_paused = true)]
    async fn other_tasks_have_a_turn_however_busy_a_link_is() {
        let mut rig = rig(1).await;
        for _ in 0..1_000 {
            rig.servers[0].feed("busy".into()).await.unwrap();
        }
        rig.servers[0].flush().await.unwrap();
        let turns = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&turns);
        let other = tokio::spawn(async move {
            loop {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        for _ in 0..1_000 {
            rig.inbox.next(&rig.hub, None, true).await;
        }
        assert!(turns.load(Ordering::Relaxed) >= 3);
        other.abort();
    }
}
