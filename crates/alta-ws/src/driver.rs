//! The one task of a client: it waits, performs the outputs of the machine, and decides nothing itself.

#[cfg(test)]
mod tests;

use crate::connector::{Connector, NotOpened};
use crate::error::{Error, ErrorKind};
use crate::frame::{Frame, Request, usual_event};
use crate::pool::Pool;
use crate::shared::Shared;
use crate::socket::{Input, OnLink, Output};
use crate::status::State;
use crate::tokens::Tokens;
use alta_auth::{Token, TokenSource};
use alta_socket::{Dial, Inbox, LinkEvent, LinkId, NotConnected, RawFrame, ReadAt, Shutdown, Wake};
use http::HeaderMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Instant;
use tokio::sync::mpsc;

/// The calls of handles are inputs of the machine.
type SocketInbox = Inbox<(), NotOpened, Input>;

/// The state of the connection that was logged last.
#[derive(PartialEq)]
enum Logged {
    Nothing,
    Ready,
    /// Why there is none.
    NotConnected(NotConnected),
}

/// The end of a wait.
enum Woken {
    /// An event that was passed on: no decision followed from it, and no deadline came closer.
    ByEvent,
    Otherwise,
}

pub(crate) struct Driver {
    shared: Arc<Shared>,
    /// The time that the machine knows.
    latest: Instant,
    pool: Pool,
    inbox: SocketInbox,
    connector: Connector,
    tokens: Tokens,
    /// The token that was last refused when a link was opened.
    refused: Option<Token>,
    logged: Logged,
    ended: bool,
}

impl Driver {
    pub(crate) fn new(
        shared: Arc<Shared>,
        tokens: Arc<dyn TokenSource>,
        dialer: Arc<dyn Dial>,
        headers: HeaderMap,
        calls: mpsc::Receiver<Input>,
        shutdown: Shutdown,
    ) -> Self {
        let config = Arc::clone(&shared.config);
        let redactor = shared.redactor.clone();
        let now = now();
        Self {
            pool: Pool::new(
                Arc::clone(&config),
                Arc::clone(&shared.counters),
                redactor.clone(),
                fastrand::u64(..),
                now,
            ),
            inbox: Inbox::new(calls, shutdown),
            connector: Connector::new(dialer, headers, &config, redactor),
            tokens: Tokens::new(tokens),
            refused: None,
            latest: now,
            logged: Logged::Nothing,
            ended: false,
            shared,
        }
    }

    /// Boxed, since a future holds room for its arguments twice.
    pub(crate) async fn run(mut self: Box<Self>) {
        tracing::debug!("connecting");
        loop {
            self.perform_outputs();
            if self.ended {
                break;
            }
            self.show();
            let deadline = self.pool.deadline();
            while let Woken::ByEvent = self.wait(deadline).await {
                self.shared.counted.tell();
            }
        }
        if let Some(error) = self.pool.ended() {
            tracing::info!(because = %error.why_closed(), "closed");
            self.shared.end(error.clone());
        }
        self.show();
        self.shared.hub.end();
        self.inbox.links.close_all(1000, "").await;
    }

    /// Waits for one thing to happen and tells the machine.
    async fn wait(&mut self, deadline: Option<Instant>) -> Woken {
        let takes_calls = self.pool.takes_calls();
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
            Err(token) => self.token(token),
            Ok(Wake::Link(link, LinkEvent::Text(raw, read_at))) => {
                return self.text(link, raw, read_at);
            }
            Ok(wake) => self.wake(wake),
        }
        Woken::Otherwise
    }

    /// Usual events go straight to their streams.
    fn text(&mut self, link: LinkId, raw: RawFrame, read_at: ReadAt) -> Woken {
        // Another link may have been dealt with since it was read: the machine's time does not go back.
        let now = read_at.instant.max(self.latest);
        self.latest = now;
        let Some(event) = usual_event(raw.as_str()) else {
            self.pool.handle(Input::Link(link, OnLink::Text(raw)), now);
            return Woken::Otherwise;
        };
        if let Some(frame) = self.pool.usual_event(link, &raw, event, now) {
            self.deliver(&frame);
        }
        Woken::ByEvent
    }

    fn deliver(&mut self, frame: &Frame) {
        if self.shared.hub.publish(frame.topic.name(), frame) == 0 {
            self.shared.counters.unclaimed.add_one();
        }
    }

    fn token(&mut self, token: Result<Token, Error>) {
        if let Ok(token) = &token {
            self.shared.redactor.learn(token.expose());
        }
        let generation = self.tokens.generation();
        let token = token.map(|_| generation);
        self.pool.handle(Input::Token(token), now());
    }

    fn wake(&mut self, wake: Wake<(), NotOpened, Input>) {
        let now = now();
        self.latest = now;
        // After these the machine can close a link by itself: it must know first which requests were handed to the socket.
        if matches!(wake, Wake::Timer | Wake::Stop) {
            while let Some((link, event)) = self.inbox.links.next_report() {
                self.link(link, event, now);
            }
        }
        match wake {
            Wake::Link(link, event) => self.link(link, event, now),
            Wake::Changed => self.take_changes(now),
            Wake::Call(call) => {
                // A stream's wish must be known before its question whether it is granted.
                self.take_changes(now);
                self.pool.handle(call, now);
            }
            Wake::Timer => self.pool.handle(Input::Timer, now),
            Wake::Stop => self.pool.handle(Input::Stop, now),
        }
    }

    fn link(&mut self, link: LinkId, event: LinkEvent<(), NotOpened>, now: Instant) {
        let event = match event {
            LinkEvent::Opened(()) => OnLink::Opened,
            LinkEvent::Failed(NotOpened { failure, refused }) => {
                // Not the token of requests: opening takes its time, and there may be another by now.
                self.refused = refused.or(self.refused.take());
                OnLink::Failed(failure)
            }
            LinkEvent::Text(raw, read_at) => {
                self.text(link, raw, read_at);
                return;
            }
            LinkEvent::Binary(length) => OnLink::Binary(length),
            LinkEvent::Heard => OnLink::Heard,
            LinkEvent::Written(tag) => OnLink::Written(request_id(tag)),
            LinkEvent::Skipped(tag) => OnLink::Skipped(request_id(tag)),
            LinkEvent::Lost(lost) => OnLink::Lost(lost.redacted(&self.shared.redactor)),
        };
        self.pool.handle(Input::Link(link, event), now);
    }

    fn take_changes(&mut self, now: Instant) {
        for topic in self.shared.hub.take_changes() {
            let is_wanted = self.shared.hub.is_wanted(&topic);
            self.pool.handle(Input::Wanted(topic, is_wanted), now);
        }
    }

    /// Performs the outputs of the machine.
    fn perform_outputs(&mut self) {
        while let Some(output) = self.pool.poll_output() {
            match output {
                Output::Open { link, renew } => {
                    let stale = self.refused.clone().filter(|_| renew);
                    let opening = self.connector.open(self.tokens.source(), stale);
                    self.inbox.links.open(link, opening);
                }
                Output::GetToken => self.tokens.want(),
                Output::Renew { generation } => self.tokens.refused(generation),
                Output::Send {
                    link,
                    id,
                    request,
                    owner,
                } => self.send(link, id, &request, owner),
                Output::Recall(link, id) => {
                    let is_recalled = self.inbox.links.recall(link, id.into());
                    let result = if is_recalled {
                        OnLink::Skipped(id)
                    } else {
                        OnLink::NotRecalled(id)
                    };
                    self.pool.handle(Input::Link(link, result), now());
                }
                Output::Ping(link) => self.inbox.links.ping(link),
                Output::Close { link, code, reason } => self.inbox.links.close(link, code, reason),
                Output::Deliver(frame) => self.deliver(&frame),
                Output::DeliverToAll(frame) => self.shared.hub.publish_to_all(&frame),
                Output::Interrupted(topic, loss) => {
                    let hub = &self.shared.hub;
                    hub.lost(topic.name(), loss.since, loss.noticed);
                }
                Output::Confirmed(topic, gap) => {
                    let between = gap.map(|gap| (gap.since, gap.until));
                    self.shared.hub.confirmed(topic.name(), between);
                }
                Output::Refused(topic, _) => self.shared.hub.refused(topic.name()),
                // The caller may be gone; here and below that is no error.
                Output::Answer(reply, result) => drop(reply.send(result)),
                Output::Done(reply, result) => drop(reply.send(result)),
                Output::End => self.ended = true,
            }
        }
    }

    fn send(&mut self, link: LinkId, id: u32, request: &Request, owner: Option<Weak<()>>) {
        let frame = match self.tokens.current() {
            Some(token) => request.frame(id, token.expose()).map_err(|error| {
                Error::new(ErrorKind::Decode, "writing a request").caused_by(error)
            }),
            None => Err(Error::new(ErrorKind::NoToken, "writing a request")),
        };
        let links = &mut self.inbox.links;
        match (frame, owner) {
            (Ok(frame), Some(owner)) => links.send_for(link, frame, id.into(), owner),
            (Ok(frame), None) => links.send(link, frame, Some(id.into())),
            (Err(error), _) => {
                let event = OnLink::Unwritable(id, error);
                self.pool.handle(Input::Link(link, event), now());
            }
        }
    }

    /// Shows the state and the counts to handles.
    fn show(&mut self) {
        let condition = self.pool.condition();
        self.log(&condition.state);
        self.shared.condition.set(condition);
        self.shared.counted.tell();
    }

    /// Logs why there is no connection, once for each cause, and that there is one again.
    fn log(&mut self, state: &State) {
        match state {
            State::Recovering { attempt, because } => {
                let logged = Logged::NotConnected(because.clone());
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

/// However the task ends, nobody waits for it any more.
impl Drop for Driver {
    fn drop(&mut self) {
        self.shared.task_ended();
    }
}

/// The request that a tag stands for.
fn request_id(tag: u64) -> u32 {
    u32::try_from(tag).unwrap_or_default()
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
