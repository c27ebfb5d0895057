//! The task of a client: it turns wake-ups into inputs of the machine, performs its outputs, and decides nothing.

#[cfg(test)]
mod tests;

use crate::connector::{Connector, get_token};
use crate::error::{Error, ErrorKind};
use crate::frame::{Frame, usual_event};
use crate::pool::Pool;
use crate::shared::Shared;
use crate::socket::{Input, OnLink, OpenFailure, Output};
use crate::status::State;
use crate::tokens::TokenRequest;
use crate::topic::Topic;
use alta_auth::TokenSource;
use alta_socket::{
    Core, Dial, LinkEvent, LinkId, NotConnected, RawFrame, Shutdown, Signal, settle,
};
use http::HeaderMap;
use std::sync::{Arc, Weak};
use std::time::SystemTime;
use tokio::sync::mpsc;

pub(crate) struct Driver {
    shared: Arc<Shared>,
    core: Core<Self>,
    connector: Connector,
    tokens: Arc<dyn TokenSource>,
    /// The state that was shown last.
    shown: State,
    /// The cause that was logged last, unless the client was ready since.
    logged: Option<NotConnected>,
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
        tracing::debug!("opening");
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
            shown: shared.condition.get().state,
            core: Core::new(shared.hub.clone(), pool, calls, shutdown),
            shared,
            connector: Connector::new(dialer, headers, &config, redactor),
            tokens,
            logged: None,
        }
    }

    fn deliver(&self, frame: Frame) {
        let shared = &self.shared;
        let readers = shared.hub.publish(frame.topic.clone().name(), frame);
        shared.counters.unclaimed.add_if(readers == 0);
    }

    fn get_token(&mut self, request: TokenRequest) {
        let token = get_token(Arc::clone(&self.tokens), request.refused);
        let call = async { Input::Token(token.await) };
        self.core.inbox.await_call(Some(Box::pin(call)));
    }

    fn send(&mut self, link: LinkId, id: u32, frame: String, owner: Option<Weak<()>>) {
        let links = &mut self.core.inbox.links;
        match owner {
            Some(owner) => links.send_for(link, frame, id.into(), owner),
            None => links.send(link, frame, Some(id.into())),
        }
    }

    /// Logs a change of the state. Of failed attempts, each cause is logged once, until the client is ready or the cause changes.
    fn log(&mut self, state: &State) {
        match state {
            State::Recovering { attempt, because } if self.logged.as_ref() != Some(because) => {
                tracing::info!(attempt, %because, "not connected, trying again");
                self.logged = Some(because.clone());
            }
            State::Recovering { attempt, because } => {
                tracing::debug!(attempt, %because, "not connected, trying again");
            }
            State::Closed { because } => tracing::info!(%because, "closed"),
            // The machine logs migrations.
            State::Ready | State::Migrating if self.shown.is_connected() => {}
            State::Ready | State::Migrating => {
                tracing::info!("ready");
                self.logged = None;
            }
            State::Connecting { attempt } => tracing::debug!(attempt, "connecting"),
            // The main websocket has no other state.
            _ => {}
        }
    }
}

impl alta_socket::Driver for Driver {
    type Machine = Pool;
    type Key = Topic;
    type Frame = Frame;
    type Opened = ();
    type Failure = OpenFailure;
    type Call = Input;

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

    fn link(&mut self, link: LinkId, event: LinkEvent<(), OpenFailure>) -> Option<Input> {
        let event = match event {
            LinkEvent::Opened(()) => OnLink::Opened,
            LinkEvent::Failed(failure) => OnLink::Failed(failure),
            LinkEvent::Text(raw, _) => OnLink::Text(raw),
            LinkEvent::Binary(length) => OnLink::Binary(length),
            LinkEvent::Heard => OnLink::Heard,
            LinkEvent::Written(tag) => OnLink::Written(request_id(tag)),
            LinkEvent::Skipped(tag) => OnLink::Skipped(request_id(tag)),
            LinkEvent::Lost(lost) => OnLink::Lost(lost.redacted(&self.shared.redactor)),
        };
        Some(Input::Link(link, event))
    }

    fn call(&mut self, input: Input) -> Option<Input> {
        Some(input)
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
            self.deliver(frame);
        }
        self.shared.counters.changed.tell();
    }

    fn perform(&mut self, output: Output) {
        let links = &mut self.core.inbox.links;
        let hub = &self.core.hub;
        match output {
            Output::Open { link, refused } => {
                let tokens = Arc::clone(&self.tokens);
                links.open(link, self.connector.open(tokens, refused));
            }
            Output::GetToken(request) => self.get_token(request),
            Output::Send {
                link,
                id,
                token,
                request,
                owner,
            } => match request.frame(id, token.expose()) {
                Ok(frame) => self.send(link, id, frame, owner),
                Err(error) => {
                    let error = Error::new(ErrorKind::Decode, "writing a request").caused_by(error);
                    let event = OnLink::Unwritable(id, error);
                    self.core.handle(Input::Link(link, event));
                }
            },
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
            Output::Deliver(frame) => self.deliver(frame),
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
        shared.counters.changed.tell();
        if state != self.shown {
            self.log(&state);
            self.shown = state;
        }
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
