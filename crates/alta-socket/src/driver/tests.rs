//! A machine that records its inputs, and a driver over one link in memory.

use super::*;
use crate::dial::DialError;
use crate::queue::QueueConfig;
use crate::task::TaskGuard;
use crate::test_util::{self, Once};
use crate::websocket::{LinkConfig, WebSocket};
use futures_core::future::BoxFuture;
use futures_util::{SinkExt as _, StreamExt as _};
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::task::coop::unconstrained;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};
use url::Url;

#[derive(Clone, Debug, PartialEq)]
enum Input {
    Opened,
    Written(u64),
    Lost,
    Binary,
    Call(u32),
    Wanted(u32, bool),
    Timer,
    Stop,
}

#[derive(Debug)]
enum Output {
    Note,
    Close,
    End,
}

/// Closes the link at the stop and at the timer, and notes binary frames.
#[derive(Default)]
struct TestMachine {
    inputs: Vec<Input>,
    outputs: Vec<Output>,
}

impl Machine for TestMachine {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, input: Input, _: Instant) {
        match input {
            Input::Binary => self.outputs.push(Output::Note),
            Input::Timer => self.outputs.push(Output::Close),
            Input::Stop => self.outputs.extend([Output::End, Output::Close]),
            _ => {}
        }
        self.inputs.push(input);
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop()
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }
}

struct TestDriver {
    core: Core<Self>,
    texts: usize,
    /// The texts that are not published yet.
    collected: usize,
    /// The published numbers of texts, and none for each note.
    log: Vec<Option<usize>>,
}

impl Driver for TestDriver {
    type Machine = TestMachine;
    type Key = u32;
    type Frame = u32;
    type Opened = ();
    type Failure = DialError;
    type Call = u32;

    fn core(&mut self) -> &mut Core<Self> {
        &mut self.core
    }

    fn signal(signal: Signal<u32>) -> Input {
        match signal {
            Signal::Wanted(key, is_wanted) => Input::Wanted(key, is_wanted),
            Signal::Timer => Input::Timer,
            Signal::Stop => Input::Stop,
        }
    }

    fn link(&mut self, _: LinkId, event: LinkEvent<(), DialError>) -> Option<Input> {
        match event {
            LinkEvent::Opened(()) => Some(Input::Opened),
            LinkEvent::Written(tag) => Some(Input::Written(tag)),
            LinkEvent::Lost(_) => Some(Input::Lost),
            LinkEvent::Binary(_) => Some(Input::Binary),
            _ => None,
        }
    }

    fn call(&mut self, call: u32) -> Option<Input> {
        Some(Input::Call(call))
    }

    fn text(&mut self, _: LinkId, _: RawFrame, _: SystemTime) {
        settle(self);
        self.texts += 1;
        self.collected += 1;
    }

    fn publish(&mut self) {
        if self.collected > 0 {
            self.log.push(Some(std::mem::take(&mut self.collected)));
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Note => self.log.push(None),
            Output::Close => self.core.inbox.links.close(LinkId::FIRST, 1000, ""),
            Output::End => self.core.end(),
        }
    }

    fn show(&mut self) {}
}

struct Rig {
    driver: TestDriver,
    calls: mpsc::Sender<u32>,
    server: WebSocketStream<DuplexStream>,
    guard: TaskGuard,
}

/// A driver whose link is open.
async fn rig() -> Rig {
    let (calls, receiver) = mpsc::channel(1_000);
    let (guard, shutdown) = test_util::guard().await;
    let machine = TestMachine::default();
    let mut driver = TestDriver {
        core: Core::new(Hub::default(), machine, receiver, shutdown),
        texts: 0,
        collected: 0,
        log: Vec::new(),
    };
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    driver.core.inbox.links.open(LinkId::FIRST, async move {
        let dialer = Once::new(ours);
        let address = Url::parse("ws://example.invalid/").unwrap();
        let config = LinkConfig::new(1024);
        WebSocket::connect(&dialer, &address, http::HeaderMap::new(), config)
            .await
            .map(|socket| (socket, ()))
    });
    let (server, _) = tokio::join!(accept_async(theirs), take_batch(&mut driver, None));
    assert_eq!(driver.core.machine.inputs, [Input::Opened]);
    driver.core.machine.inputs.clear();
    Rig {
        driver,
        calls,
        server: server.unwrap(),
        guard,
    }
}

/// The texts that the server received before the close.
async fn received(mut server: WebSocketStream<DuplexStream>) -> usize {
    let mut texts = 0;
    while let Some(Ok(message)) = server.next().await {
        texts += usize::from(message.is_text());
    }
    texts
}

#[tokio::test(start_paused = true)]
async fn the_stop_ends_a_batch_so_that_nothing_is_written_before_its_outputs() {
    let Rig {
        mut driver,
        calls,
        server,
        guard,
    } = rig().await;
    driver
        .core
        .inbox
        .links
        .send(LinkId::FIRST, "too late".to_owned(), Some(1));
    calls.try_send(1).unwrap();
    guard.stop();
    // The links had the last wake-up, so the stop comes first only if they have had their turn.
    driver.core.inbox.end_streak();
    assert!(!take_batch(&mut driver, None).await);
    assert_eq!(driver.core.machine.inputs, [Input::Stop]);
    let server = tokio::spawn(received(server));
    run(Box::new(driver)).await;
    assert_eq!(server.await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_timer_ends_a_batch() {
    let mut rig = rig().await;
    rig.calls.try_send(1).unwrap();
    rig.driver.core.inbox.end_streak();
    assert!(!take_batch(&mut rig.driver, Some(now())).await);
    assert_eq!(rig.driver.core.machine.inputs, [Input::Timer]);
}

#[tokio::test(start_paused = true)]
async fn the_machine_knows_every_written_frame_before_the_timer() {
    const FRAMES: u64 = 100;
    let mut rig = rig().await;
    for tag in 0..FRAMES {
        let links = &mut rig.driver.core.inbox.links;
        links.send(LinkId::FIRST, "frame".to_owned(), Some(tag));
    }
    take_batch(&mut rig.driver, Some(now())).await;
    let inputs: Vec<_> = (0..FRAMES).map(Input::Written).collect();
    assert_eq!(
        rig.driver.core.machine.inputs,
        [inputs, vec![Input::Timer]].concat()
    );
}

#[tokio::test(start_paused = true)]
async fn a_new_subscription_is_known_before_the_call_that_waits_for_it() {
    let mut rig = rig().await;
    let _stream = rig
        .driver
        .core
        .hub
        .subscribe(vec![7], QueueConfig::default());
    rig.calls.try_send(1).unwrap();
    rig.driver.core.inbox.begin_streak_of_calls();
    take_batch(&mut rig.driver, None).await;
    let inputs = [Input::Wanted(7, true), Input::Call(1)];
    assert_eq!(rig.driver.core.machine.inputs, inputs);
}

#[tokio::test(start_paused = true)]
async fn an_awaited_call_is_taken_and_a_replaced_one_is_not() {
    let mut rig = rig().await;
    let inbox = &mut rig.driver.core.inbox;
    let later = |ms, call| -> BoxFuture<'static, u32> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            call
        })
    };
    inbox.await_call(Some(later(1, 1)));
    inbox.await_call(Some(later(2, 2)));
    take_batch(&mut rig.driver, None).await;
    assert_eq!(rig.driver.core.machine.inputs, [Input::Call(2)]);
}

#[tokio::test(start_paused = true)]
async fn collected_events_are_published_before_the_outputs_of_a_later_frame() {
    let mut rig = rig().await;
    settle(&mut rig.driver);
    rig.driver.core.is_unsettled = false;
    for message in ["a".into(), "b".into(), Message::binary("c"), "d".into()] {
        rig.server.send(message).await.unwrap();
    }
    take_batch(&mut rig.driver, None).await;
    assert_eq!(rig.driver.log, [Some(2), None, Some(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_bounded() {
    let mut rig = rig().await;
    for call in 0..BATCH + 10 {
        rig.calls.try_send(u32::try_from(call).unwrap()).unwrap();
    }
    // Tokio's budget would end the batch before.
    assert!(unconstrained(take_batch(&mut rig.driver, None)).await);
    assert_eq!(rig.driver.core.machine.inputs.len(), BATCH);
    assert!(!take_batch(&mut rig.driver, None).await);
}
