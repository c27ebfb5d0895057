//! A websocket server that plays the server's side of a fixture.

use super::play::within;
use super::problems::Problems;
use super::script::{Script, Step};
use super::side::Side;
use crate::Error;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

type Socket = WebSocketStream<TcpStream>;

/// The replies of the server before and after the fixture, which may contain only the middle of a conversation; `None` for a
/// request that it does not know.
pub(super) type Around = fn(&str) -> Option<String>;

/// The field of the id in the client's frames, and in the server's.
#[derive(Clone, Copy)]
pub(super) struct IdFields {
    pub(super) client: &'static str,
    pub(super) server: &'static str,
}

/// A scripted server on a loopback port. It ends when dropped.
pub(super) struct Server {
    /// Its address.
    pub(super) url: String,
    begin: watch::Sender<bool>,
    played: watch::Receiver<usize>,
    granted: Arc<Mutex<Vec<String>>>,
    _task: JoinSet<()>,
}

impl Server {
    /// Starts a server. It plays the fixture after [`begin`](Self::begin).
    pub(super) async fn start(
        script: &Script,
        ids: IdFields,
        around: Around,
        problems: &Problems,
    ) -> Result<Self, Error> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("ws://{}/", listener.local_addr()?);
        let (begin, begun) = watch::channel(false);
        let (progress, played) = watch::channel(0);
        let granted = Arc::default();
        // A small queue is enough: nothing is measured here.
        let (sender, messages) = mpsc::channel(16);
        let stage = Stage {
            steps: script.steps.clone(),
            at: 0,
            ids,
            around,
            problems: problems.clone(),
            begun,
            progress,
            received: sender,
            sockets: HashMap::new(),
            accepted: 0,
            current: 1,
            granted: Arc::clone(&granted),
            theirs: HashMap::new(),
            barrier: None,
            readers: JoinSet::new(),
        };
        let mut task = JoinSet::new();
        task.spawn(stage.run(listener, messages));
        Ok(Self {
            url,
            begin,
            played,
            granted,
            _task: task,
        })
    }

    /// Begins to play the fixture.
    pub(super) fn begin(&self) {
        self.begin.send_replace(true);
    }

    /// The requests outside the fixture, in order.
    pub(super) fn granted(&self) -> Vec<String> {
        let granted = self.granted.lock();
        granted.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until this many steps have been played.
    pub(super) async fn played(&self, steps: usize) -> Result<(), Error> {
        let mut played = self.played.clone();
        let what = format!("step {steps} of the fixture");
        within(&what, played.wait_for(|played| *played >= steps)).await??;
        Ok(())
    }
}

enum Received {
    Text(usize, String),
    Pong(usize),
    Closed(usize),
}

/// The server's task.
struct Stage {
    steps: Vec<Step>,
    /// The next step.
    at: usize,
    ids: IdFields,
    around: Around,
    problems: Problems,
    begun: watch::Receiver<bool>,
    progress: watch::Sender<usize>,
    received: mpsc::Sender<Received>,
    sockets: HashMap<usize, SplitSink<Socket, Message>>,
    accepted: usize,
    /// The connection of the client's last frame.
    current: usize,
    /// The requests outside the fixture that were replied to.
    granted: Arc<Mutex<Vec<String>>>,
    /// Ids of the fixture, each with the client's own id.
    theirs: HashMap<u64, u64>,
    /// A ping is sent before a frame of the server, so that frames which the client sends without waiting for that frame arrive
    /// first: the step of the ping, and whether its pong has arrived.
    barrier: Option<(usize, bool)>,
    readers: JoinSet<()>,
}

impl Stage {
    async fn run(mut self, listener: TcpListener, mut messages: mpsc::Receiver<Received>) {
        let mut begun = self.begun.clone();
        loop {
            self.play_on().await;
            tokio::select! {
                accepted = listener.accept() => {
                    if let Ok((tcp, _)) = accepted {
                        self.accept(tcp).await;
                    }
                }
                received = messages.recv() => match received {
                    Some(Received::Text(socket, text)) => self.receive(socket, &text).await,
                    Some(Received::Pong(socket)) => self.replied(socket),
                    // The client waits for the reply to its close frame.
                    Some(Received::Closed(socket)) => {
                        if let Some(mut sink) = self.sockets.remove(&socket) {
                            let _ = sink.close().await;
                        }
                    }
                    None => return,
                },
                changed = begun.changed(), if !self.is_playing() => {
                    if changed.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn accept(&mut self, tcp: TcpStream) {
        // Without it, small frames are delayed. A client that gives up while it connects is not part of a fixture.
        let _ = tcp.set_nodelay(true);
        let Ok(socket) = tokio_tungstenite::accept_async(tcp).await else {
            return;
        };
        let (sink, stream) = socket.split();
        self.accepted += 1;
        let number = self.accepted;
        self.sockets.insert(number, sink);
        self.readers
            .spawn(read(number, stream, self.received.clone()));
    }

    fn is_playing(&self) -> bool {
        *self.begun.borrow()
    }

    fn next(&self) -> Option<&Step> {
        self.steps.get(self.at).filter(|_| self.is_playing())
    }

    fn advance(&mut self) {
        self.at += 1;
        self.barrier = None;
        self.progress.send_replace(self.at);
    }

    /// Sends the server's frames, up to the next frame of the client.
    async fn play_on(&mut self) {
        while let Some(step) = self.next().cloned() {
            if step.from == Side::Client {
                if step.expected().is_some() {
                    return;
                }
            } else {
                let follows_client = self.at > 0 && self.steps[self.at - 1].from == Side::Client;
                match self.barrier {
                    None if follows_client => {
                        self.barrier = Some((self.current, false));
                        self.send(Message::Ping(Vec::new().into())).await;
                        return;
                    }
                    Some((_, false)) => return,
                    _ => {
                        let text = self.with_their_ids(&step);
                        self.send(Message::text(text)).await;
                    }
                }
            }
            self.advance();
        }
    }

    async fn send(&mut self, message: Message) {
        let socket = self.sockets.get_mut(&self.current);
        let sent = match socket {
            Some(socket) => socket
                .send(message)
                .await
                .map_err(|error| error.to_string()),
            None => Err("there is no connection".to_owned()),
        };
        if let Err(error) = sent {
            self.problems
                .add(format!("the server could not send: {error}"));
        }
    }

    fn replied(&mut self, socket: usize) {
        if let Some((pinged, replied)) = &mut self.barrier
            && *pinged == socket
        {
            *replied = true;
        }
    }

    async fn receive(&mut self, socket: usize, text: &str) {
        self.current = socket;
        let Some(step) = self.next().cloned() else {
            match (self.around)(text) {
                Some(reply) => {
                    self.note_granted(text);
                    self.send(Message::text(reply)).await;
                }
                None => self
                    .problems
                    .add(format!("ours sent {text}, which is not in the fixture")),
            }
            return;
        };
        match step.expected().filter(|_| step.from == Side::Client) {
            Some(expected) => {
                self.compare(&step, expected, text);
                self.advance();
            }
            None => self.problems.add(format!(
                "ours sent {text} without waiting for {}",
                step.label()
            )),
        }
    }

    fn note_granted(&self, text: &str) {
        let mut granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        granted.push(text.to_owned());
    }

    /// Compares a frame of our client with the expected frame, except its id.
    fn compare(&mut self, step: &Step, mut expected: Value, text: &str) {
        let mut sent: Value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        let id = self.ids.client;
        if let (Some(recorded), Some(theirs)) = (expected[id].as_u64(), sent[id].as_u64()) {
            self.theirs.insert(recorded, theirs);
            sent[id] = recorded.into();
        }
        sort_keys(&mut expected);
        sort_keys(&mut sent);
        let label = step.label();
        self.problems
            .same(&format!("{label}, as ours sends it"), &sent, &expected);
    }

    /// A server frame of the fixture, with the client's own id.
    fn with_their_ids(&self, step: &Step) -> String {
        let field = self.ids.server;
        let mapped = step.json()[field]
            .as_u64()
            .and_then(|recorded| Some((recorded, *self.theirs.get(&recorded)?)));
        let Some((recorded, theirs)) = mapped else {
            return step.text.clone();
        };
        // Only the digits change; every other character is the fixture's.
        let written = format!("\"{field}\":{recorded}");
        step.text
            .replacen(&written, &format!("\"{field}\":{theirs}"), 1)
    }
}

/// The keys of a batch are a set: their order has no meaning.
fn sort_keys(request: &mut Value) {
    for of in request
        .get_mut("content")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Some(keys) = of.get_mut("keys").and_then(Value::as_array_mut) {
            keys.sort_unstable_by_key(Value::to_string);
        }
    }
}

async fn read(number: usize, mut stream: SplitStream<Socket>, received: mpsc::Sender<Received>) {
    while let Some(Ok(message)) = stream.next().await {
        let message = match message {
            Message::Text(text) => Received::Text(number, text.to_string()),
            Message::Pong(_) => Received::Pong(number),
            _ => continue,
        };
        if received.send(message).await.is_err() {
            return;
        }
    }
    // The receiver is gone when the server ends.
    let _ = received.send(Received::Closed(number)).await;
}
