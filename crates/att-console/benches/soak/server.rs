//! A game server's console that is cut, falls silent, restarts, and makes its token anew; and that knows the truth: when each
//! event was sent, and which commands it has read.

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

/// How many numbers are remembered with their times: of a minute, longer than any of them may be missing without a reason.
const REMEMBERED: usize = 6_000;

/// How long a silent connection is held open.
const SILENCE: Duration = Duration::from_secs(3);

/// When each event was sent, whether anybody heard it or not.
#[derive(Debug)]
pub(crate) struct Times {
    /// The number of the first one.
    first: u64,
    times: VecDeque<Timestamp>,
}

impl Times {
    /// With room for all that it will hold, since memory is to stay flat.
    fn new() -> Self {
        Self {
            first: 0,
            times: VecDeque::with_capacity(REMEMBERED),
        }
    }

    /// The next numbers, sent now.
    fn next(&mut self, count: u64) -> Range<u64> {
        for _ in 0..count {
            if self.times.len() == REMEMBERED {
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

/// What becomes of a command, by the caller and by the server.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fate {
    /// How often the server read it.
    pub(crate) read: u8,
    pub(crate) end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Answered,
    NotSent,
    MayHaveRun,
}

enum ToSession {
    /// In one frame.
    Events(Range<u64>),
    Answer {
        text: String,
        /// It confirms the subscription.
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
    pub(crate) fates: Mutex<Vec<Fate>>,
    state: Mutex<State>,
}

impl Server {
    pub(crate) async fn start(token_file: PathBuf, commands: usize) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Arc::new(Self {
            address: listener.local_addr().unwrap(),
            token_file,
            times: Mutex::new(Times::new()),
            fates: Mutex::new(Vec::with_capacity(commands)),
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

    /// Another token, in the file as a whole, as a server writes it.
    fn write_token(&self) {
        let token = format!("token-{:016x}", fastrand::u64(..));
        let draft = self.token_file.with_extension("draft");
        std::fs::write(&draft, &token).unwrap();
        std::fs::rename(&draft, &self.token_file).unwrap();
        self.state.lock().unwrap().token = token;
    }

    /// Something happens on the server; now and then two things do that are told in one frame.
    pub(crate) fn emit(&self) {
        let count = if fastrand::u8(..10) == 0 { 2 } else { 1 };
        let numbers = self.times.lock().unwrap().next(count);
        self.tell(|| ToSession::Events(numbers.clone()));
    }

    /// What there is no session for is not heard; ended sessions are forgotten.
    fn tell(&self, what: impl Fn() -> ToSession) {
        let sessions = &mut self.state.lock().unwrap().sessions;
        sessions.retain(|session| session.send(what()).is_ok());
    }

    /// The connections break.
    pub(crate) fn cut(&self) {
        self.tell(|| ToSession::Cut);
    }

    /// The connections stay open, and nothing is read or written any more.
    pub(crate) fn fall_silent(&self) {
        self.tell(|| ToSession::Silence);
        self.state.lock().unwrap().sessions.clear();
    }

    /// Down for a while, the port included.
    pub(crate) async fn restart(self: &Arc<Self>, down: Duration) {
        let listening = self.state.lock().unwrap().listening.take();
        // Else it is down already.
        let Some(listening) = listening else { return };
        listening.abort();
        let _ = listening.await;
        self.cut();
        tokio::time::sleep(down).await;
        self.listen(TcpListener::bind(self.address).await.unwrap());
    }

    /// The old token is of no use any more.
    pub(crate) fn renew_token(&self) {
        self.write_token();
        self.cut();
    }

    /// A number for the next command.
    pub(crate) fn next_command(&self) -> usize {
        let mut fates = self.fates.lock().unwrap();
        fates.push(Fate::default());
        fates.len() - 1
    }

    async fn session(self: Arc<Self>, stream: TcpStream) -> Option<()> {
        let mut socket = accept_async(stream).await.ok()?;
        let token = socket.next().await?.ok()?;
        if token.to_text().ok()? != self.state.lock().unwrap().token {
            // As self-hosted servers do: not a word.
            tokio::time::sleep(SILENCE).await;
            return None;
        }
        socket.send(Message::text(WELCOME)).await.ok()?;
        let (sender, told) = mpsc::unbounded_channel();
        let number = {
            let mut state = self.state.lock().unwrap();
            state.sessions.push(sender.clone());
            state.next_session += 1;
            state.next_session
        };
        self.serve(socket, number, sender, told).await
    }

    async fn serve(
        &self,
        mut socket: WebSocketStream<TcpStream>,
        session: u64,
        sender: mpsc::UnboundedSender<ToSession>,
        mut told: mpsc::UnboundedReceiver<ToSession>,
    ) -> Option<()> {
        let (mut is_subscribed, mut is_confirmed) = (false, false);
        loop {
            let message = tokio::select! {
                message = socket.next() => message?.ok()?,
                what = told.recv() => {
                    match what? {
                        ToSession::Events(_) if !is_subscribed => {}
                        ToSession::Events(numbers) => {
                            let text: String = numbers
                                .map(|number| event(number, session, is_confirmed))
                                .collect();
                            socket.send(Message::text(text)).await.ok()?;
                        }
                        ToSession::Answer { text, confirms } => {
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
                    self.fates.lock().unwrap()[number.parse::<usize>().unwrap()].read += 1;
                    number.to_owned()
                }
            };
            let answer = format!(
                r#"{{"type":"CommandResult","timeStamp":"2026-11-28T10:00:01Z","data":{{"Result":{result},"ResultString":"Success"}},"commandId":{}}}"#,
                request["id"]
            );
            // What is asked again while it is held is answered at once: in doubt a stream is told of a gap, which would hide
            // whether those of outages are right.
            let is_repeated = result == r#""Unchanged""#;
            answer_somehow(
                answer,
                line.starts_with("websocket subscribe"),
                is_repeated,
                &sender,
            );
        }
    }
}

/// At once as a rule; some answers come late, some never.
fn answer_somehow(
    text: String,
    subscribes: bool,
    at_once: bool,
    sender: &mpsc::UnboundedSender<ToSession>,
) {
    let answer = |confirms| ToSession::Answer { text, confirms };
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
            let _ = sender.send(answer(subscribes));
            return;
        }
    };
    // By then the console may have given the request up.
    let (sender, answer) = (sender.clone(), answer(false));
    tokio::spawn(async move {
        tokio::time::sleep(after).await;
        let _ = sender.send(answer);
    });
}

fn event(number: u64, session: u64, is_confirmed: bool) -> String {
    format!(
        r#"{{"type":"Subscription","timeStamp":"2026-11-28T10:00:01Z","eventType":"{EVENT}","data":{{"number":{number},"session":{session},"is_confirmed":{is_confirmed}}}}}"#
    )
}
