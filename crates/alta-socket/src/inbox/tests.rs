use super::*;
use crate::dial::DialError;
use crate::task::TaskGuard;
use crate::test_util::{self, Once};
use crate::websocket::{LinkConfig, WebSocket};
use futures_util::SinkExt as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::task::coop::{consume_budget, has_budget_remaining};
use tokio_tungstenite::{WebSocketStream, accept_async};
use url::Url;

type TestInbox = Inbox<(), DialError, &'static str>;

/// A stream that counts how often it is read, and whose writes can fail.
struct Counted {
    io: DuplexStream,
    reads: Arc<AtomicUsize>,
    is_broken: Arc<AtomicBool>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_broken.load(Ordering::Relaxed) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.io).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// An inbox with open links. Of each link it has the server's end, the count of reads, and the switch that breaks its writes.
struct Rig {
    inbox: TestInbox,
    hub: Hub<&'static str, u32>,
    servers: Vec<WebSocketStream<DuplexStream>>,
    reads: Vec<Arc<AtomicUsize>>,
    broken: Vec<Arc<AtomicBool>>,
    calls: mpsc::Sender<&'static str>,
    guard: TaskGuard,
}

async fn rig(links: usize) -> Rig {
    let (calls, receiver) = mpsc::channel(4);
    let (guard, shutdown) = test_util::guard().await;
    let mut rig = Rig {
        inbox: Inbox::new(receiver, shutdown),
        hub: Hub::default(),
        servers: Vec::new(),
        reads: Vec::new(),
        broken: Vec::new(),
        calls,
        guard,
    };
    let mut id = LinkId::FIRST;
    for _ in 0..links {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let reads = Arc::new(AtomicUsize::new(0));
        let is_broken = Arc::new(AtomicBool::new(false));
        let dialer = Once::new(Counted {
            io: ours,
            reads: Arc::clone(&reads),
            is_broken: Arc::clone(&is_broken),
        });
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
        rig.broken.push(is_broken);
        id = id.next();
    }
    assert!(rig.settle().await.is_none());
    rig
}

impl Rig {
    /// The next wake-up, or `None` if nothing is ready.
    async fn settle(&mut self) -> Option<Wake<(), DialError, &'static str>> {
        tokio::select! {
            biased;
            wake = self.inbox.next(&self.hub, None, true) => Some(wake),
            // Paused time advances only if nothing else can run.
            () = tokio::time::sleep(Duration::from_millis(1)) => None,
        }
    }

    fn reads(&self) -> Vec<usize> {
        let loaded = self.reads.iter().map(|reads| reads.load(Ordering::Relaxed));
        loaded.collect()
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_link_that_is_ready_is_read() {
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
async fn a_timer_that_fires_without_a_deadline_does_not_block_later_deadlines() {
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
async fn a_busy_link_does_not_block_another() {
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
    // Two streaks: the busy link's turn can come just before the other link is ready.
    let most = 2 * STREAK as usize + 2;
    assert!(turn.is_some_and(|turn| turn <= most), "{order:?}");
}

#[tokio::test(start_paused = true)]
async fn a_frame_is_sent_although_nothing_arrives() {
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
async fn calls_changes_the_timer_and_the_stop_wake_and_calls_wait_while_not_taken() {
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
async fn a_busy_link_does_not_block_other_tasks() {
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

#[tokio::test(start_paused = true)]
async fn a_task_without_budget_reads_on_before_it_reports_a_loss() {
    let mut rig = rig(1).await;
    rig.servers[0].send("the last event".into()).await.unwrap();
    rig.broken[0].store(true, Ordering::Relaxed);
    rig.inbox.links.send(LinkId::FIRST, "a frame".into(), None);
    while has_budget_remaining() {
        consume_budget().await;
    }
    let wake = rig.inbox.next(&rig.hub, None, true).await;
    assert!(
        matches!(wake, Wake::Link(_, LinkEvent::Text(..))),
        "{wake:?}"
    );
    let wake = rig.inbox.next(&rig.hub, None, true).await;
    assert!(
        matches!(wake, Wake::Link(_, LinkEvent::Lost(_))),
        "{wake:?}"
    );
}
