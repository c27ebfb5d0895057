//! One connection of a client to a replay.

use super::frames::{Request, accepted, not_recorded, reply_with_id, subscription_result};
use super::script::{SUBSCRIBE, Script, Timed, UNSUBSCRIBE};
use super::stage::{Seat, Stage};
use crate::output::error_line;
use crate::settings::nearest;
use futures_util::{SinkExt as _, StreamExt as _};
use pytale::console::EventName;
use pytale::model::escaped;
use std::collections::{HashMap, HashSet};
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_async};

/// The longest time for the handshake and the token, and for the end of a connection.
const LOGIN: Duration = Duration::from_secs(30);

/// The most different commands without a reply that are shown.
const MOST_UNKNOWN: usize = 100;

/// A longer command is not compared with others.
const MOST_COMPARED: usize = 200;

/// The parts that all connections share.
#[derive(Debug)]
pub(super) struct Serve {
    pub(super) script: Script,
    pub(super) token: String,
    pub(super) stage: Stage,
    /// The commands without a reply that were shown.
    pub(super) unknown: Mutex<HashSet<String>>,
}

type Socket = WebSocketStream<TcpStream>;

impl Serve {
    /// Serves a client until it leaves, or until the recorded disconnection.
    pub(super) async fn connection(self: Arc<Self>, stream: TcpStream) {
        if !self.stage.is_open(&self.script) {
            return;
        }
        let Ok(Ok(mut socket)) = timeout(LOGIN, accept_async(stream)).await else {
            return;
        };
        let Ok(Ok(token)) = timeout(LOGIN, next_text(&mut socket)).await else {
            return;
        };
        if token.trim() != self.token {
            // A self-hosted server does not reply to a wrong token.
            let _ = silence(&mut socket).await;
            return;
        }
        let Some(seat) = self.stage.enter(&self.script) else {
            return;
        };
        // A lost connection ends it; the client connects again.
        if self.session(&mut socket, seat).await.is_ok() {
            // Without the handshake of a close, as a server that stops.
            let _ = timeout(LOGIN, socket.get_mut().shutdown()).await;
        }
    }

    /// Returns at the recorded disconnection.
    async fn session(&self, socket: &mut Socket, seat: Seat<'_>) -> Result<(), Error> {
        let login = self.script.login(seat.part);
        send(socket, login.map_or_else(accepted, str::to_owned)).await?;
        let mut ended = seat.end();
        let mut session = Session::new(self, &seat);
        loop {
            let due = session.due();
            let time = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                text = next_text(socket) => {
                    for frame in session.take(&text?) {
                        send(socket, frame).await?;
                    }
                }
                () = time => {
                    if let Some(frame) = session.next_event() {
                        send(socket, frame).await?;
                    }
                }
                () = ended.wait() => {
                    // The events of the last moment come before the end.
                    while session.is_unfinished() {
                        if let Some(frame) = session.next_event() {
                            send(socket, frame).await?;
                        }
                    }
                    return Ok(());
                }
            }
        }
    }

    /// The reply to a command that is not in the transcript. The user is told, too.
    fn unknown(&self, id: u32, line: &str) -> String {
        let shown = escaped(line).at_most(MOST_COMPARED).to_string();
        let mut known = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST_UNKNOWN && !known.contains(&shown) {
            error_line(format_args!("no recorded reply: {shown}"));
            known.insert(shown);
        }
        let lines = self
            .script
            .parts
            .iter()
            .flat_map(|part| part.replies.keys());
        let lines = lines.map(String::as_str);
        let lines = lines
            .filter(|known| known.len() <= MOST_COMPARED)
            .take(1_000);
        let near = (line.len() <= MOST_COMPARED).then(|| nearest(line, lines));
        not_recorded(id, line, near.flatten())
    }
}

async fn send(socket: &mut Socket, frame: String) -> Result<(), Error> {
    socket.send(Message::text(frame)).await
}

/// The next text of the client. Fails at the end of the connection.
async fn next_text(socket: &mut Socket) -> Result<String, Error> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            None => return Err(Error::ConnectionClosed),
        }
    }
}

async fn silence(socket: &mut Socket) -> Result<(), Error> {
    loop {
        next_text(socket).await?;
    }
}

/// The place in a part of the script of one connection.
struct Session<'s> {
    serve: &'s Serve,
    seat: &'s Seat<'s>,
    events: &'s [Timed],
    /// The number of replies that were sent for each line.
    replied: HashMap<String, usize>,
    /// The names of events in lower case: true while subscribed, false after the subscription.
    subscriptions: HashMap<String, bool>,
    /// The time of the first subscription of all clients, if this one has subscribed.
    started: Option<Instant>,
    next: usize,
    /// Events whose time came before their subscription.
    held: Vec<&'s Timed>,
}

impl<'s> Session<'s> {
    fn new(serve: &'s Serve, seat: &'s Seat<'s>) -> Self {
        let part = serve.script.parts.get(seat.part);
        Self {
            serve,
            seat,
            events: part.map_or(&[], |part| &part.events),
            replied: HashMap::new(),
            subscriptions: HashMap::new(),
            started: None,
            next: 0,
            held: Vec::new(),
        }
    }

    /// The time of the next event.
    fn due(&self) -> Option<Instant> {
        let event = self.events.get(self.next)?;
        self.serve.stage.instant(self.started, event.at)
    }

    /// Returns whether events are left that a client with subscriptions gets.
    fn is_unfinished(&self) -> bool {
        self.started.is_some() && self.next < self.events.len()
    }

    /// Takes the next event. `None` if the client has not subscribed to it.
    fn next_event(&mut self) -> Option<String> {
        let event = self.events.get(self.next)?;
        self.next += 1;
        let Some(name) = &event.name else {
            return Some(event.frame.clone());
        };
        match self.subscriptions.get(name) {
            Some(true) => Some(event.frame.clone()),
            Some(false) => None,
            None => {
                self.held.push(event);
                None
            }
        }
    }

    /// Takes a text of the client. Returns the reply, and the events that waited for it.
    fn take(&mut self, text: &str) -> Vec<String> {
        // Servers ignore frames that are no commands.
        let Ok(Request { id, content }) = serde_json::from_str(text) else {
            return Vec::new();
        };
        let line = content.trim();
        let mut frames = Vec::new();
        let recorded = self.recorded(line);
        if let Some(name) = line.strip_prefix(SUBSCRIBE) {
            let reply = recorded.map(|frame| reply_with_id(frame, id));
            frames.push(reply.unwrap_or_else(|| self.subscription_reply(id, name)));
            frames.extend(self.subscribe(&name.trim().to_ascii_lowercase()));
        } else if let Some(name) = line.strip_prefix(UNSUBSCRIBE) {
            let reply = recorded.map(|frame| reply_with_id(frame, id));
            frames.push(reply.unwrap_or_else(|| subscription_result(id, "Success")));
            self.subscriptions
                .insert(name.trim().to_ascii_lowercase(), false);
        } else {
            frames.push(match recorded {
                Some(frame) => reply_with_id(frame, id),
                None => self.serve.unknown(id, line),
            });
        }
        frames
    }

    /// The next recorded reply to a line, or else the last one.
    fn recorded(&mut self, line: &str) -> Option<&'s str> {
        let replies = self.serve.script.replies(self.seat.part, line)?;
        let count = self.replied.entry(line.to_owned()).or_default();
        let reply = replies.get(*count).or(replies.last())?;
        *count += 1;
        Some(reply)
    }

    fn subscribe(&mut self, name: &str) -> Vec<String> {
        self.started.get_or_insert_with(|| self.seat.start());
        self.subscriptions.insert(name.to_owned(), true);
        let mut held = Vec::new();
        self.held.retain(|event| {
            let is_it = event.name.as_deref() == Some(name);
            if is_it {
                held.push(event.frame.clone());
            }
            !is_it
        });
        held
    }

    /// The reply to a subscription that was not recorded: the event is in the transcript, or servers know it.
    fn subscription_reply(&self, id: u32, name: &str) -> String {
        let folded = name.trim().to_ascii_lowercase();
        let parts = self.serve.script.parts.iter();
        let mut names = parts.flat_map(|part| &part.events);
        let is_known = EventName::from(name.trim()).is_known()
            || names.any(|event| event.name.as_deref() == Some(&*folded));
        subscription_result(id, if is_known { "Success" } else { "NotFound" })
    }
}
