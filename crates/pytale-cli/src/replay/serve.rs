//! One connection of a client to a replay.

use super::frames::{Request, accepted, not_found, reply_with_id, subscription_result};
use super::script::{SUBSCRIBE, Script, Timed, UNSUBSCRIBE};
use futures_util::{SinkExt as _, StreamExt as _};
use pytale::console::EventName;
use std::collections::{HashMap, HashSet};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_async};

/// The longest time for the handshake and the token.
const LOGIN: Duration = Duration::from_secs(30);

/// The parts that all connections share.
#[derive(Debug)]
pub(super) struct Serve {
    pub(super) script: Script,
    pub(super) token: String,
    pub(super) speed: f64,
}

type Socket = WebSocketStream<TcpStream>;

impl Serve {
    /// Serves a client until it leaves.
    pub(super) async fn connection(self: Arc<Self>, stream: TcpStream) {
        let Ok(Ok(mut socket)) = timeout(LOGIN, accept_async(stream)).await else {
            return;
        };
        let Ok(Ok(token)) = timeout(LOGIN, next_text(&mut socket)).await else {
            return;
        };
        // A lost connection ends it; the client connects again.
        let _ = if token.trim() == self.token {
            self.session(&mut socket).await
        } else {
            // A self-hosted server does not reply to a wrong token.
            silence(&mut socket).await
        };
    }

    async fn session(&self, socket: &mut Socket) -> Result<(), Error> {
        let login = self.script.login.clone();
        send(socket, login.unwrap_or_else(accepted)).await?;
        let mut session = Session::new(self);
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
            }
        }
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

/// The place in the script of one connection.
struct Session<'s> {
    script: &'s Script,
    speed: f64,
    /// The number of replies that were sent for each line.
    replied: HashMap<String, usize>,
    /// The names of events in lower case: true while subscribed, false after the subscription.
    subscriptions: HashMap<String, bool>,
    /// The time of the first subscription.
    started: Option<Instant>,
    next: usize,
    /// Events whose time came before their subscription.
    held: Vec<&'s Timed>,
}

impl<'s> Session<'s> {
    fn new(serve: &'s Serve) -> Self {
        Self {
            script: &serve.script,
            speed: serve.speed,
            replied: HashMap::new(),
            subscriptions: HashMap::new(),
            started: None,
            next: 0,
            held: Vec::new(),
        }
    }

    /// The time of the next event.
    fn due(&self) -> Option<Instant> {
        let event = self.script.events.get(self.next)?;
        let after = event.after.as_secs_f64() / self.speed;
        let after = Duration::try_from_secs_f64(after).ok()?;
        self.started?.checked_add(after)
    }

    /// Takes the next event. `None` if the client has not subscribed to it.
    fn next_event(&mut self) -> Option<String> {
        let event = self.script.events.get(self.next)?;
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
                None => not_found(id),
            });
        }
        frames
    }

    /// The next recorded reply to a line, or else the last one.
    fn recorded(&mut self, line: &str) -> Option<&'s str> {
        let replies = self.script.replies.get(line)?;
        let count = self.replied.entry(line.to_owned()).or_default();
        let reply = replies.get(*count).or(replies.last())?;
        *count += 1;
        Some(reply)
    }

    fn subscribe(&mut self, name: &str) -> Vec<String> {
        self.started.get_or_insert_with(Instant::now);
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
        let known: HashSet<&str> = self
            .script
            .events
            .iter()
            .filter_map(|event| event.name.as_deref())
            .collect();
        let is_known = known.contains(folded.as_str()) || EventName::from(name.trim()).is_known();
        subscription_result(id, if is_known { "Success" } else { "NotFound" })
    }
}
