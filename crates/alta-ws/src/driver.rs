//! The one task of a client: it waits, performs what the machines decide, and decides nothing itself.

#[cfg(test)]
mod tests;

use crate::error::{Error, ErrorKind, Sent};
use crate::fleet::Fleet;
use crate::frame::{Frame, Request, Response, usual_event};
use crate::machine::{CallId, Output, PendingCall};
use crate::open::{Gate, NotOpened};
use crate::shared::{Call, Reply, Shared, Shown};
use crate::status::{Condition, State};
use crate::tokens::Tokens;
use crate::topic::Topic;
use alta_auth::{Token, TokenSource};
use alta_socket::{Dial, Inbox, LinkEvent, LinkId, Publisher, RawFrame, ReadAt, Shutdown, Wake};
use http::HeaderMap;
use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Instant;
use tokio::sync::mpsc;

type SocketInbox = Inbox<(), NotOpened, Call>;

/// A raw request somebody waits for.
#[derive(Debug)]
struct Waiting {
    owner: Weak<()>,
    reply: Reply<Response>,
}

/// A request that waits for its token.
#[derive(Debug)]
struct Unsent {
    link: LinkId,
    id: u32,
    request: Request,
    call: Option<CallId>,
}

/// What was last logged of the connection.
#[derive(PartialEq)]
enum Logged {
    Nothing,
    Ready,
    /// Why there is none.
    Trouble(Arc<str>),
}

/// What ended a wait.
enum Woken {
    /// An event that was passed on: no decision followed from it, and no deadline came closer.
    ByEvent,
    Otherwise,
}

pub(crate) struct Driver {
    shared: Arc<Shared>,
    shown: Shown,
    /// The time that the machines know.
    latest: Instant,
    fleet: Fleet,
    inbox: SocketInbox,
    gate: Gate,
    tokens: Tokens,
    /// The token that was last refused when a link was opened.
    refused: Option<Token>,
    /// At most as many as are in flight on all sockets.
    unsent: Vec<Unsent>,
    next_call: u64,
    requests: HashMap<CallId, Waiting>,
    migrations: HashMap<CallId, Reply<()>>,
    /// Who waits for the server to hold a topic.
    confirmations: HashMap<Topic, Vec<Reply<()>>>,
    logged: Logged,
}

impl Driver {
    pub(crate) fn new(
        shared: Arc<Shared>,
        publisher: Publisher<Condition>,
        tokens: Arc<dyn TokenSource>,
        dialer: Arc<dyn Dial>,
        headers: HeaderMap,
        calls: mpsc::Receiver<Call>,
        shutdown: Shutdown,
    ) -> Self {
        let config = Arc::clone(&shared.config);
        let redactor = shared.redactor.clone();
        Self {
            fleet: Fleet::new(
                Arc::clone(&config),
                redactor.clone(),
                fastrand::u64(..),
                now(),
            ),
            inbox: Inbox::new(calls, shutdown),
            gate: Gate::new(dialer, headers, &config, redactor),
            tokens: Tokens::new(tokens),
            refused: None,
            latest: now(),
            shown: Shown {
                shared: Arc::clone(&shared),
                publisher,
            },
            unsent: Vec::new(),
            next_call: 0,
            requests: HashMap::new(),
            migrations: HashMap::new(),
            confirmations: HashMap::new(),
            logged: Logged::Nothing,
            shared,
        }
    }

    /// Boxed, since a future holds room for its arguments twice.
    pub(crate) async fn run(mut self: Box<Self>) {
        tracing::debug!("connecting");
        loop {
            self.perform_outputs();
            self.show();
            if self.fleet.ended().is_some() {
                break;
            }
            let deadline = self.fleet.deadline();
            while let Woken::ByEvent = self.wait(deadline).await {
                self.shared.set_totals(self.fleet.totals());
            }
        }
        let error = self.fleet.ended().cloned();
        let error = error.unwrap_or_else(|| Error::closed("using the client"));
        tracing::info!(because = error.chain(), "closed");
        self.shared.end(error.clone());
        self.show();
        for reply in self.confirmations.into_values().flatten() {
            // Whoever waited may have gone; here and below nobody minds.
            let _ = reply.send(Err(error.clone()));
        }
        for reply in self.migrations.into_values() {
            let _ = reply.send(Err(error.clone()));
        }
        self.shared.hub.end();
        self.inbox.links.close_all(1000, "").await;
    }

    /// Waits for one thing to happen and tells the machines.
    async fn wait(&mut self, deadline: Option<Instant>) -> Woken {
        let takes_calls = self.fleet.takes_calls();
        let woken = {
            let tokens = &mut self.tokens;
            let mut next = pin!(self.inbox.next(&self.shared.hub, deadline, takes_calls));
            poll_fn(|cx| {
                if let Poll::Ready(token) = tokens.poll(cx) {
                    return Poll::Ready(Err(token));
                }
                next.as_mut().poll(cx).map(Ok)
            })
            .await
        };
        match woken {
            Err(token) => self.send_unsent(&token),
            Ok(Wake::Link(link, LinkEvent::Text(raw, read_at))) => {
                return self.text(link, &raw, read_at);
            }
            Ok(wake) => self.wake(wake),
        }
        Woken::Otherwise
    }

    /// Usual events go straight to who wants them.
    fn text(&mut self, link: LinkId, raw: &RawFrame, read_at: ReadAt) -> Woken {
        // Another link may have been dealt with since it was read: the machines' time does not go back.
        let now = read_at.instant.max(self.latest);
        self.latest = now;
        let Some(event) = usual_event(raw.as_str()) else {
            self.fleet.text(link, raw, now);
            return Woken::Otherwise;
        };
        if let Some(frame) = self.fleet.usual_event(link, raw, event, now) {
            self.deliver(&frame);
        }
        Woken::ByEvent
    }

    fn deliver(&mut self, frame: &Frame) {
        if self.shared.hub.publish(frame.topic.name(), frame) == 0 {
            self.fleet.unrouted();
        }
    }

    fn wake(&mut self, wake: Wake<(), NotOpened, Call>) {
        let now = now();
        self.latest = now;
        // Only these make a machine give a link up by itself: it must know then what was handed to the socket.
        if matches!(wake, Wake::Timer | Wake::Stop) {
            while let Some((link, event)) = self.inbox.links.next_report() {
                self.link(link, event, now);
            }
        }
        match wake {
            Wake::Link(link, event) => self.link(link, event, now),
            Wake::Changed => self.take_changes(now),
            Wake::Call(call) => {
                // A subscriber's wish must be known before its question whether it is granted.
                self.take_changes(now);
                self.call(call, now);
            }
            Wake::Timer => self.fleet.tick(now),
            Wake::Stop => self.fleet.close(Error::closed("using the client"), now),
        }
    }

    fn link(&mut self, link: LinkId, event: LinkEvent<(), NotOpened>, now: Instant) {
        match event {
            LinkEvent::Opened(()) => self.fleet.opened(link, now),
            LinkEvent::Failed(NotOpened { failure, refused }) => {
                // Not what requests are sent with: opening takes its time, and there may be another by now.
                self.refused = refused.or(self.refused.take());
                self.fleet.open_failed(link, failure, now);
            }
            LinkEvent::Text(raw, read_at) => {
                self.text(link, &raw, read_at);
            }
            LinkEvent::Binary(length) => self.fleet.binary(link, length, now),
            LinkEvent::Heard => self.fleet.heard(link, now),
            LinkEvent::Written(tag) => self.fleet.written(link, request_id(tag), now),
            LinkEvent::Skipped(tag) => self.fleet.skipped(link, request_id(tag), now),
            LinkEvent::Lost(lost) => {
                self.unsent.retain(|unsent| unsent.link != link);
                self.fleet
                    .lost(link, &lost.redacted(&self.shared.redactor), now);
            }
        }
    }

    fn take_changes(&mut self, now: Instant) {
        for topic in self.shared.hub.take_changes() {
            if self.shared.hub.is_wanted(&topic) {
                self.fleet.want(&topic, now);
            } else {
                self.fleet.unwant(&topic, now);
                self.confirmations.remove(&topic);
            }
        }
    }

    fn call(&mut self, call: Call, now: Instant) {
        let id = CallId(self.next_call);
        self.next_call += 1;
        match call {
            Call::Request {
                request,
                deadline,
                owner,
                reply,
            } => {
                self.requests.insert(id, Waiting { owner, reply });
                let call = PendingCall {
                    id,
                    request,
                    deadline,
                    renewed: false,
                };
                self.fleet.call(call, now);
            }
            Call::Confirm { topic, reply } => {
                // Whoever asks has a stream; if it is gone, so is the question.
                if self.shared.hub.is_wanted(&topic) {
                    let waiting = self.confirmations.entry(topic.clone()).or_default();
                    waiting.retain(|reply| !reply.is_closed());
                    waiting.push(reply);
                    self.fleet.want(&topic, now);
                }
            }
            Call::Migrate { reply } => {
                self.migrations.insert(id, reply);
                self.fleet.migrate_now(id, now);
            }
        }
    }

    /// Does what the machines ask for.
    fn perform_outputs(&mut self) {
        while let Some(output) = self.fleet.poll_output() {
            match output {
                Output::Open { link, renew } => {
                    let stale = self.refused.clone().filter(|_| renew);
                    let opening = self.gate.open(self.tokens.source(), stale);
                    self.inbox.links.open(link, opening);
                }
                Output::Send {
                    link,
                    id,
                    request,
                    call,
                } => self.unsent.push(Unsent {
                    link,
                    id,
                    request,
                    call,
                }),
                Output::Recall { link, id } => {
                    self.recall(link, id);
                }
                Output::Renew { generation } => self.tokens.refused(generation),
                Output::Ping(link) => self.inbox.links.ping(link),
                Output::Close { link, code, reason } => {
                    self.unsent.retain(|unsent| unsent.link != link);
                    self.inbox.links.close(link, code, reason);
                }
                Output::Deliver(frame) => self.deliver(&frame),
                Output::Interrupted { topic, loss } => {
                    let name = topic.name();
                    self.shared.hub.lost(name, loss.since, loss.noticed);
                }
                Output::DeliverToAll(frame) => self.shared.hub.publish_to_all(&frame),
                Output::Confirmed { topic, gap } => {
                    let between = gap.map(|gap| (gap.since, gap.until));
                    self.shared.hub.confirmed(topic.name(), between);
                    self.confirm(&topic, &Ok(()));
                }
                Output::Refused { topic, error } => {
                    self.shared.hub.refused(topic.name());
                    self.confirm(&topic, &Err(error));
                }
                Output::Answer { call, result } => self.answer(call, result),
                Output::Expired {
                    call,
                    link,
                    id,
                    error,
                } => {
                    let recalled = self.recall(link, id);
                    let error = if recalled {
                        error.of_request(Sent::NotSent)
                    } else {
                        error
                    };
                    self.answer(call, Err(error));
                }
                Output::Migrated { call, result } => {
                    if let Some(reply) = self.migrations.remove(&call) {
                        let _ = reply.send(result);
                    }
                }
            }
        }
        if !self.unsent.is_empty() {
            self.tokens.want();
        }
    }

    /// Takes a request back; false if it was handed to the socket.
    fn recall(&mut self, link: LinkId, id: u32) -> bool {
        let before = self.unsent.len();
        self.unsent
            .retain(|unsent| (unsent.link, unsent.id) != (link, id));
        self.unsent.len() < before || self.inbox.links.recall(link, id.into())
    }

    fn answer(&mut self, call: CallId, result: Result<Response, Error>) {
        if let Some(waiting) = self.requests.remove(&call) {
            let _ = waiting.reply.send(result);
        }
    }

    fn confirm(&mut self, topic: &Topic, result: &Result<(), Error>) {
        for reply in self.confirmations.remove(topic).into_iter().flatten() {
            let _ = reply.send(result.clone());
        }
    }

    /// Hands requests to their links, now that there is a token, or gives them back if there is none.
    fn send_unsent(&mut self, token: &Result<Token, Error>) {
        let now = now();
        let generation = self.tokens.generation();
        if let Ok(token) = token {
            self.shared.redactor.learn(token.expose());
        }
        for unsent in std::mem::take(&mut self.unsent) {
            let Unsent {
                link,
                id,
                request,
                call,
            } = unsent;
            let owner = match call {
                None => None,
                Some(call) => match self.requests.get(&call) {
                    Some(waiting) if waiting.owner.strong_count() > 0 => {
                        Some(Weak::clone(&waiting.owner))
                    }
                    _ => {
                        self.fleet.skipped(link, id, now);
                        continue;
                    }
                },
            };
            let frame = match token {
                Ok(token) => request.frame(id, token.expose()).map_err(|error| {
                    Error::new(ErrorKind::Decode, "writing a request").caused_by(error)
                }),
                Err(error) => Err(error.clone()),
            };
            match (frame, owner) {
                (Ok(frame), owner) => {
                    self.fleet.handed(link, id, generation, now);
                    let links = &mut self.inbox.links;
                    match owner {
                        Some(owner) => links.send_for(link, frame, id.into(), owner),
                        None => links.send(link, frame, Some(id.into())),
                    }
                }
                (Err(error), _) => self.fleet.unsent(link, id, &error, now),
            }
        }
    }

    /// Shows handles how things are.
    fn show(&mut self) {
        self.shared.set_totals(self.fleet.totals());
        let condition = self.fleet.condition();
        self.log(&condition.state);
        self.shown.publisher.set(condition);
    }

    /// Logs why there is no connection, once for each cause, and that there is one again.
    fn log(&mut self, state: &State) {
        match state {
            State::Recovering { attempt, because } => {
                let logged = Logged::Trouble(Arc::clone(because));
                if self.logged != logged {
                    tracing::info!(attempt, %because, "not connected, trying again");
                    self.logged = logged;
                }
            }
            State::Ready | State::Migrating if self.logged != Logged::Ready => {
                tracing::info!("ready");
                self.logged = Logged::Ready;
            }
            _ => {}
        }
    }
}

/// The request that a tag stands for.
fn request_id(tag: u64) -> u32 {
    u32::try_from(tag).unwrap_or_default()
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
