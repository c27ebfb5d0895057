//! The task of a client: it turns wake-ups into inputs of the machine, performs its outputs, and decides nothing.

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
use crate::topic::Topic;
use alta_auth::{Token, TokenSource};
use alta_socket::{
    Core, Dial, LinkEvent, LinkId, NotConnected, RawFrame, Shutdown, Signal, settle,
};
use http::HeaderMap;
use std::sync::{Arc, Weak};
use std::time::SystemTime;
use tokio::sync::mpsc;

/// A call of a handle, or the token that the machine requested.
#[derive(Debug)]
pub(crate) enum Call {
    Input(Input),
    Token(Result<Token, Error>),
}

/// The state of the connection that was logged last.
#[derive(PartialEq)]
enum Logged {
    Nothing,
    Ready,
    NotConnected(NotConnected),
    Closed,
}

pub(crate) struct Driver {
    shared: Arc<Shared>,
    core: Core<Self>,
    connector: Connector,
    tokens: Tokens,
    /// The token that was last refused when a link was opened.
    refused: Option<Token>,
    logged: Logged,
}

impl Driver {
    pub(crate) fn new(
        shared: Arc<Shared>,
        tokens: Arc<dyn TokenSource>,
        dialer: Arc<dyn Dial>,
        headers: HeaderMap,
        calls: mpsc::Receiver<Call>,
        shutdown: Shutdown,
    ) -> Self {
        tracing::debug!("connecting");
        let config = Arc::clone(&shared.config);
        let redactor = shared.redactor.clone();
        let pool = Pool::new(
            Arc::clone(&config),
            Arc::clone(&shared.counters),
            redactor.clone(),
            fastrand::u64(..),
            tokio::time::Instant::now().into_std(),
        );
        Self {
            core: Core::new(shared.hub.clone(), pool, calls, shutdown),
            shared,
            connector: Connector::new(dialer, headers, &config, redactor),
            tokens: Tokens::new(tokens),
            refused: None,
            logged: Logged::Nothing,
        }
    }

    fn deliver(&self, frame: &Frame) {
        let shared = &self.shared;
        let readers = shared.hub.publish(frame.topic.name(), frame);
        shared.counters.unclaimed.add_if(readers == 0);
    }

    fn request_token(&mut self) {
        if let Some(coming) = self.tokens.request() {
            let call = async { Call::Token(coming.await) };
            self.core.inbox.await_call(Some(Box::pin(call)));
        }
    }

    fn send(&mut self, link: LinkId, id: u32, request: &Request, owner: Option<Weak<()>>) {
        let frame = match self.tokens.current() {
            Some(token) => request.frame(id, token.expose()).map_err(|error| {
                Error::new(ErrorKind::Decode, "writing a request").caused_by(error)
            }),
            None => Err(Error::new(ErrorKind::NoToken, "writing a request")),
        };
        let links = &mut self.core.inbox.links;
        match (frame, owner) {
            (Ok(frame), Some(owner)) => links.send_for(link, frame, id.into(), owner),
            (Ok(frame), None) => links.send(link, frame, Some(id.into())),
            (Err(error), _) => {
                let event = OnLink::Unwritable(id, error);
                self.core.handle(Input::Link(link, event));
            }
        }
    }

    /// Logs the reason for which there is no connection, once for each reason, and that there is one again.
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
            State::Closed { because } if self.logged != Logged::Closed => {
                tracing::info!(%because, "closed");
                self.logged = Logged::Closed;
            }
            _ => {}
        }
    }
}

impl alta_socket::Driver for Driver {
    type Machine = Pool;
    type Key = Topic;
    type Frame = Frame;
    type Opened = ();
    type Failure = NotOpened;
    type Call = Call;

    fn core(&mut self) -> &mut Core<Self> {
        &mut self.core
    }

    fn signal(signal: Signal<Topic>) -> Input {
        match signal {
            Signal::Wanted(topic, is_wanted) => Input::Wanted(topic, is_wanted),
            Signal::Timer => Input::Timer,
            Signal::Stop => Input::Stop,
        }
    }

    fn link(&mut self, link: LinkId, event: LinkEvent<(), NotOpened>) -> Option<Input> {
        let event = match event {
            LinkEvent::Opened(()) => OnLink::Opened,
            LinkEvent::Failed(NotOpened { failure, refused }) => {
                // The requests can have a newer token by now.
                self.refused = refused.or(self.refused.take());
                OnLink::Failed(failure)
            }
            LinkEvent::Text(raw, _) => OnLink::Text(raw),
            LinkEvent::Binary(length) => OnLink::Binary(length),
            LinkEvent::Heard => OnLink::Heard,
            LinkEvent::Written(tag) => OnLink::Written(request_id(tag)),
            LinkEvent::Skipped(tag) => OnLink::Skipped(request_id(tag)),
            LinkEvent::Lost(lost) => OnLink::Lost(lost.redacted(&self.shared.redactor)),
        };
        Some(Input::Link(link, event))
    }

    fn call(&mut self, call: Call) -> Option<Input> {
        let token = match call {
            Call::Input(input) => return Some(input),
            Call::Token(token) => token,
        };
        if let Ok(token) = &token {
            self.shared.redactor.learn(token.expose());
        }
        // An output of this batch can say that the server refused this token.
        settle(self);
        let arrived = self.tokens.arrived(token);
        if arrived.is_none() {
            self.request_token();
        }
        arrived.map(Input::Token)
    }

    /// Usual events go straight to their streams.
    fn text(&mut self, link: LinkId, raw: RawFrame, _: SystemTime) {
        let Some(event) = usual_event(raw.as_str()) else {
            self.core.handle(Input::Link(link, OnLink::Text(raw)));
            return;
        };
        settle(self);
        let now = self.core.now();
        if let Some(frame) = self.core.machine.usual_event(link, &raw, event, now) {
            self.deliver(&frame);
        }
        self.shared.counted.tell();
    }

    fn perform(&mut self, output: Output) {
        let links = &mut self.core.inbox.links;
        let hub = &self.core.hub;
        match output {
            Output::Open { link, renew } => {
                let stale = self.refused.clone().filter(|_| renew);
                links.open(link, self.connector.open(self.tokens.source(), stale));
            }
            Output::GetToken => self.request_token(),
            Output::Renew { generation } => self.tokens.refused(generation),
            Output::Send {
                link,
                id,
                request,
                owner,
            } => self.send(link, id, &request, owner),
            Output::Recall(link, id) => {
                let result = if links.recall(link, id.into()) {
                    OnLink::Skipped(id)
                } else {
                    OnLink::NotRecalled(id)
                };
                self.core.handle(Input::Link(link, result));
            }
            Output::Ping(link) => links.ping(link),
            Output::Close { link, code, reason } => links.close(link, code, reason),
            Output::Deliver(frame) => self.deliver(&frame),
            Output::DeliverToAll(frame) => hub.publish_to_all(&frame),
            Output::Interrupted(topic, loss) => hub.lost(topic.name(), loss.since, loss.noticed),
            Output::Confirmed(topic, gap) => {
                let between = gap.map(|gap| (gap.since, gap.until));
                hub.confirmed(topic.name(), between);
            }
            Output::Refused(topic, _) => hub.refused(topic.name()),
            // The caller can be gone; that is no error, here and below.
            Output::Reply(reply, result) => drop(reply.send(result)),
            Output::Done(reply, result) => drop(reply.send(result)),
            Output::End => self.core.end(),
        }
    }

    fn show(&mut self) {
        let shared = &self.shared;
        if let Some(error) = self.core.machine.ended() {
            shared.end(error.clone());
        }
        let condition = self.core.machine.condition();
        let state = condition.state.clone();
        shared.condition.set(condition);
        shared.counted.tell();
        self.log(&state);
    }
}

/// When the task ends in any way, all waiting callers get its end as their result.
impl Drop for Driver {
    fn drop(&mut self) {
        self.shared.task_ended();
    }
}

/// The request with a tag.
fn request_id(tag: u64) -> u32 {
    u32::try_from(tag).unwrap_or_default()
}
