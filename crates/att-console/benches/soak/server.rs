//! A game server with faults: its connections are cut or fall silent, it restarts, and it renews its token. It records the time
//! of each event and the commands that it has read.

use alta_model::Timestamp;
use futures_util::{SinkExt, StreamExt};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

pub(crate) const EVENT: &str = "Numbered";

const WELCOME: &str = r#"{"type":"SystemMessage","timeStamp":"2026-11-28T10:00:00Z","eventType":"InfoLog","data":"Connection Succeeded, Authenticated as: 0 - Server"}"#;

/// The number of recorded times: one minute, longer than the check of a missing number needs.
const RECORDED: usize = 6_000;

/// The time for which a silent connection stays open.
const SILENCE: Duration = Duration::from_secs(3);

/// The time of each event.
#[derive(Debug)]
pub(crate) struct Times {
    /// The number of the first recorded event.
    first: u64,
    times: VecDeque<Timestamp>,
}

impl Times {
    /// Allocates all memory at once, because the soak measures the heap.
    fn new() -> Self {
        Self {
            first: 0,
            times: VecDeque::with_capacity(RECORDED),
        }
    }

    /// Records the next numbers, sent now.
    fn next(&mut self, count: u64) -> Range<u64> {
        for _ in 0..count {
            if self.times.len() == RECORDED {
                self.times.pop_front();
                self.first += 1;
            }
            self.times.push_back(Timestamp::now());
        }
        let end = self.first + self.times.len() as u64;
        end - count..end
    }

    pub(crate) fn sent(&self, number: u64) -> Option<Timestamp> {
        let at = number.checked_sub(self.first)?;
        self.times.get(usize::try_from(at).ok()?).copied()
    }
}

/// A command, as the caller and the server saw it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CommandRecord {
    /// The number of times that the server read it.
    pub(crate) read: u8,
    pub(crate) end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Replied,
    NotSent,
    MayHaveRun,
}

enum ToSession {
    /// Events for one message.
    Events(Range<u64>),
    Reply {
        text: String,
        /// `true` if it confirms the subscription.
        confirms: bool,
    },
    Silence,
    Cut,
}

#[derive(Default)]
struct State {
    token: String,
    sessions: Vec<mpsc::UnboundedSender<ToSession>>,
    next_session: u64,
    listening: Option<tokio::task::JoinHandle<()>>,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) token_file: PathBuf,
    pub(crate) times: Mutex<Times>,
    pub(crate) commands: Mutex<Vec<CommandRecord>>,
    state: Mutex<State>,
}

impl Server {
    pub(crate) async fn start(token_file: PathBuf, commands: usize) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Arc::new(Self {
            address: listener.local_addr().unwrap(),
            token_file,
            times: Mutex::new(Times::new()),
            commands: Mutex::new(Vec::with_capacity(commands)),
            state: Mutex::default(),
        });
        server.write_token();
        server.listen(listener);
        server
    }

    fn listen(self: &Arc<Self>, listener: TcpListener) {
        let server = Arc::clone(self);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&server).session(stream));
            }
        });
        self.state.lock().unwrap().listening = Some(listening);
    }

    /// Writes a new token. Replaces the file in one step, as a server does.
    fn write_token(&self) {
        let token = format!("token-{:016x}", fastrand::u64(..));
        let draft = self.token_file.with_extension("draft");
        std::fs::write(&draft, &token).unwrap();
        std::fs::rename(&draft, &self.token_file).unwrap();
        self.state.lock().unwrap().token = token;
    }

    /// Sends the next event; sometimes two events in one message.
    pub(crate) fn emit(&self) {
        let count = if fastrand::u8(..10) == 0 { 2 } else { 1 };
        let numbers = self.times.lock().unwrap().next(count);
        self.send_all(|| ToSession::Events(numbers.clone()));
    }

    /// Sends to all sessions, and removes those that have ended.
    fn send_all(&self, message: impl Fn() -> ToSession) {
        let sessions = &mut self.state.lock().unwrap().sessions;
        sessions.retain(|session| session.send(message()).is_ok());
    }

    /// Cuts the connections.
    pub(crate) fn cut(&self) {
        self.send_all(|| ToSession::Cut);
    }

    /// Stops reading and writing; the connections stay open for a while.
    pub(crate) fn fall_silent(&self) {
        self.send_all(|| ToSession::Silence);
        self.state.lock().unwrap().sessions.clear();
    }

    /// Restarts the server. Its port is closed meanwhile.
    pub(crate) async fn restart(self: &Arc<Self>, down: Duration) {
        let listening = self.state.lock().unwrap().listening.take();
        // Without a task, the server is already restarting.
        let Some(listening) = listening else { return };
        listening.abort();
        let _ = listening.await;
        self.cut();
        tokio::time::sleep(down).await;
        self.listen(TcpListener::bind(self.address).await.unwrap());
    }

    /// Renews the token, so that the old one is rejected.
    pub(crate) fn renew_token(&self) {
        self.write_token();
        self.cut();
    }

    /// The number of the next command.
    pub(crate) fn next_command(&self) -> usize {
        let mut commands = self.commands.lock().unwrap();
        commands.push(CommandRecord::default());
        commands.len() - 1
    }

    async fn session(self: Arc<Self>, stream: TcpStream) -> Option<()> {
        let mut socket = accept_async(stream).await.ok()?;
        let token = socket.next().await?.ok()?;
        if token.to_text().ok()? != self.state.lock().unwrap().token {
            // A self-hosted server does not reply to a wrong token.
            tokio::time::sleep(SILENCE).await;
            return None;
        }
        socket.send(Message::text(WELCOME)).await.ok()?;
        let (sender, messages) = mpsc::unbounded_channel();
        let number = {
            let mut state = self.state.lock().unwrap();
            state.sessions.push(sender.clone());
            state.next_session += 1;
            state.next_session
        };
        self.serve(socket, number, sender, messages).await
    }

    async fn serve(
        &self,
        mut socket: WebSocketStream<TcpStream>,
        session: u64,
        sender: mpsc::UnboundedSender<ToSession>,
        mut messages: mpsc::UnboundedReceiver<ToSession>,
    ) -> Option<()> {
        let (mut is_subscribed, mut is_confirmed) = (false, false);
        loop {
            let message = tokio::select! {
                message = socket.next() => message?.ok()?,
                message = messages.recv() => {
                    match message? {
                        ToSession::Events(_) if !is_subscribed => {}
                        ToSession::Events(numbers) => {
                            let text: String = numbers
                                .map(|number| event(number, session, is_confirmed))
                                .collect();
                            socket.send(Message::text(text)).await.ok()?;
                        }
                        ToSession::Reply { text, confirms } => {
                            is_confirmed |= confirms;
                            socket.send(Message::text(text)).await.ok()?;
                        }
                        ToSession::Silence => {
                            tokio::time::sleep(SILENCE).await;
                            return None;
                        }
                        ToSession::Cut => return None,
                    }
                    continue;
                }
            };
            let Message::Text(text) = message else {
                continue;
            };
            let request: serde_json::Value = serde_json::from_str(&text).unwrap();
            let line = request["content"].as_str().unwrap();
            let result = match line.split_once(' ').unwrap() {
                ("websocket", rest) => {
                    let before =
                        std::mem::replace(&mut is_subscribed, rest.starts_with("subscribe"));
                    let is_new = before != is_subscribed;
                    format!("\"{}\"", if is_new { "Success" } else { "Unchanged" })
                }
                (_, number) => {
                    self.commands.lock().unwrap()[number.parse::<usize>().unwrap()].read += 1;
                    number.to_owned()
                }
            };
            let reply = format!(
                r#"{{"type":"CommandResult","timeStamp":"2026-11-28T10:00:01Z","data":{{"Result":{result},"ResultString":"Success"}},"commandId":{}}}"#,
                request["id"]
            );
            // The reply to a repeated request comes at once: a late one causes a gap, which would hide wrong gaps of outages.
            let is_repeated = result == r#""Unchanged""#;
            send_reply(
                reply,
                line.starts_with("websocket subscribe"),
                is_repeated,
                &sender,
            );
        }
    }
}

/// Sends most replies at once, some late, and some never.
fn send_reply(
    text: String,
    subscribes: bool,
    at_once: bool,
    sender: &mpsc::UnboundedSender<ToSession>,
) {
    let reply = |confirms| ToSession::Reply { text, confirms };
    let dice = if at_once {
        u32::MAX
    } else {
        fastrand::u32(..40)
    };
    let after = match dice {
        0 => return,
        1 => Duration::from_millis(1_500),
        2..10 => Duration::from_millis(fastrand::u64(1..20)),
        _ => {
            let _ = sender.send(reply(subscribes));
            return;
        }
    };
    // The request can have timed out by then.
    let (sender, reply) = (sender.clone(), reply(false));
    tokio::spawn(async move {
        tokio::time::sleep(after).await;
        let _ = sender.send(reply);
    });
}

fn event(number: u64, session: u64, is_confirmed: bool) -> String {
    format!(
        r#"{{"type":"Subscription","timeStamp":"2026-11-28T10:00:01Z","eventType":"{EVENT}","data":{{"number":{number},"session":{session},"is_confirmed":{is_confirmed}}}}}"#
    )
}
