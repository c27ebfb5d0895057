//! The task of a console: it turns wake-ups into inputs of the machine, performs its outputs, and decides nothing.

#[cfg(test)]
mod tests;

use crate::access::{Access, ConsoleAccess};
use crate::connector::open;
use crate::error::Closed;
use crate::machine::{Failure, Input, Machine, MayChange, Output};
use crate::shared::{Call, Outcome, Shared};
use crate::status::{NotConnected, State};
use crate::wire::event_name::EventName;
use crate::wire::frame::{Frame, Kind, Malformed};
use alta_socket::{
    Core, LinkEvent, LinkId, Machine as _, Protocol as _, RawFrame, Shutdown, Signal, settle,
};
use serde::Serialize;
use std::sync::{Arc, PoisonError};
use std::time::SystemTime;
use tokio::sync::mpsc;

#[derive(Serialize)]
struct Request<'a> {
    id: u32,
    content: &'a str,
}

pub(crate) struct Driver {
    shared: Arc<Shared>,
    /// An open websocket has the access that it was opened with. Boxed, since every wake-up has the size of the
    /// largest.
    core: Core<Self>,
    access: Arc<dyn Access>,
    /// The access of the open link; its token is the first frame.
    granted: Option<(LinkId, Box<ConsoleAccess>)>,
    /// The events of this batch that are not published yet.
    events: Vec<Frame>,
    /// The state that was published last.
    shown: State,
    /// The cause that was logged last, unless the console was ready since.
    logged: Option<NotConnected>,
}

impl Driver {
    pub(crate) fn new(
        shared: Arc<Shared>,
        access: Arc<dyn Access>,
        calls: mpsc::Receiver<Call>,
        shutdown: Shutdown,
    ) -> Self {
        tracing::debug!("opening");
        let machine = Machine::new(
            Arc::clone(&shared.config),
            Arc::clone(&shared.counters),
            shared.redactor.clone(),
            fastrand::u64(..),
        );
        Self {
            shown: shared.status.get(),
            core: Core::new(shared.hub.clone(), machine, calls, shutdown),
            shared,
            access,
            granted: None,
            events: Vec::new(),
            logged: None,
        }
    }

    fn frame(&mut self, link: LinkId, frame: Result<Frame, Malformed>) {
        match frame {
            Ok(frame) if matches!(frame.kind, Kind::Event(_)) => self.event(link, frame),
            Ok(frame) => self.core.handle(Input::Frame(link, frame)),
            Err(error) => {
                tracing::debug!(%error, "skipping a frame");
                self.core.handle(Input::Malformed(link));
            }
        }
    }

    /// Most frames are events. They change no state, so they go straight to their streams, those of a batch together.
    fn event(&mut self, link: LinkId, mut frame: Frame) {
        settle(self);
        let now = self.core.now();
        if self.core.machine.event(link, &mut frame, now) {
            self.events.push(frame);
        }
    }

    /// Logs a change of the state. Of failed attempts, each cause is logged once, until the console is ready or the cause changes.
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
            State::Ready if self.shown == State::Stalled => {
                tracing::debug!("the server replies again");
            }
            State::Ready => {
                tracing::info!("ready");
                self.logged = None;
            }
            // A single slow command is usual: the machine warns when two wait.
            State::Stalled => tracing::debug!("no reply for a while"),
            State::Connecting { attempt } => tracing::debug!(attempt, "connecting"),
            // A console has no other state.
            _ => {}
        }
    }

    fn open(&mut self, link: LinkId) {
        let core = &mut self.core;
        core.inbox.await_call(None);
        let shared = &self.shared;
        let redactor = shared.redactor.clone();
        let (access, config) = (Arc::clone(&self.access), Arc::clone(&shared.config));
        core.inbox.links.open(link, open(access, config, redactor));
    }

    fn await_change(&mut self) {
        let access = Arc::clone(&self.access);
        let changed = async move {
            access.changed().await;
            Call::RetryNow
        };
        self.core.inbox.await_call(Some(Box::pin(changed)));
    }

    fn authenticate(&mut self, link: LinkId) {
        if let Some((granted, access)) = self.granted.take()
            && granted == link
        {
            let token = access.token.expose().to_owned();
            self.core.inbox.links.send(link, token, None);
        }
    }

    fn latest_access(&self) -> std::sync::MutexGuard<'_, Option<ConsoleAccess>> {
        self.shared
            .access
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl alta_socket::Driver for Driver {
    type Machine = Machine<Outcome>;
    type Key = EventName;
    type Frame = Frame;
    type Opened = Box<ConsoleAccess>;
    type Failure = Failure;
    type Call = Call;

    fn core(&mut self) -> &mut Core<Self> {
        &mut self.core
    }

    fn signal(signal: Signal<EventName>) -> Input<Outcome> {
        match signal {
            Signal::Wanted(name, is_wanted) => Input::Wanted(name, is_wanted),
            Signal::Timer => Input::Timer,
            Signal::Stop => Input::Stop,
        }
    }

    fn link(
        &mut self,
        link: LinkId,
        event: LinkEvent<Box<ConsoleAccess>, Failure>,
    ) -> Option<Input<Outcome>> {
        Some(match event {
            LinkEvent::Opened(access) => {
                let may_change = MayChange(access.may_change);
                *self.latest_access() = Some(access.as_ref().clone());
                self.granted = Some((link, access));
                Input::Opened(link, may_change)
            }
            LinkEvent::Failed(failure) => Input::Failed(link, failure),
            LinkEvent::Binary(length) => {
                tracing::debug!(length, "skipping a binary frame");
                Input::Malformed(link)
            }
            LinkEvent::Heard | LinkEvent::Text(..) => Input::Heard(link),
            // The tag is the id of a request. The token has none.
            LinkEvent::Written(tag) => Input::Written(link, u32::try_from(tag).ok()?),
            LinkEvent::Skipped(tag) => Input::Skipped(link, u32::try_from(tag).ok()?),
            LinkEvent::Lost(lost) => Input::Lost(link, lost.redacted(&self.shared.redactor)),
        })
    }

    fn call(&mut self, call: Call) -> Option<Input<Outcome>> {
        Some(match call {
            Call::Command(command) => Input::Command(command),
            Call::Confirm(name, outcome) => Input::Confirm(name, outcome),
            Call::RetryNow => Input::RetryNow,
        })
    }

    fn text(&mut self, link: LinkId, raw: RawFrame, received: SystemTime) {
        Frame::read_each(raw, received, |frame| self.frame(link, frame));
    }

    fn publish(&mut self) {
        if self.events.is_empty() {
            return;
        }
        let Shared { counters, hub, .. } = &*self.shared;
        counters.events.add(self.events.len());
        let unclaimed = hub.publish_all(self.events.drain(..), Shared::key);
        if unclaimed > 0 {
            counters.unclaimed.add(unclaimed);
        }
        counters.changed.tell();
    }

    fn perform(&mut self, output: Output<Outcome>) {
        let links = &mut self.core.inbox.links;
        let hub = &self.core.hub;
        match output {
            Output::Open(link) => self.open(link),
            Output::AwaitChange => self.await_change(),
            Output::Authenticate(link) => self.authenticate(link),
            Output::Send {
                link,
                id,
                line,
                owner,
            } => {
                let request = Request { id, content: &line };
                // Serializing two plain fields cannot fail.
                let text = serde_json::to_string(&request).unwrap_or_default();
                match owner {
                    Some(owner) => links.send_for(link, text, id.into(), owner),
                    None => links.send(link, text, Some(id.into())),
                }
            }
            Output::Recall(link, id) => {
                let input = if links.recall(link, id.into()) {
                    Input::Skipped(link, id)
                } else {
                    Input::NotRecalled(link, id)
                };
                self.core.handle(input);
            }
            Output::Ping(link) => links.ping(link),
            Output::Close(link) => links.close(link, 1000, ""),
            // The caller can be gone.
            Output::Resolve(outcome, result) => drop(outcome.0.send(result)),
            Output::Interrupted(name, since) => hub.lost(&name, since, self.core.now()),
            Output::DeliverToAll(frame) => hub.publish_to_all(&frame),
            Output::Doubted(name) => hub.asked(&name),
            Output::Confirmed(name, gap) => hub.confirmed(&name, gap),
            Output::Refused(name) => hub.refused(&name),
            Output::End => self.core.end(),
        }
    }

    fn show(&mut self) {
        // The next flood allocates it again.
        self.events.shrink_to(0);
        self.core.machine.count_commands();
        let state = self.core.machine.state();
        if state != self.shown {
            self.log(&state);
            self.shown.clone_from(&state);
            self.shared.status.set(state);
        }
        self.shared.counters.changed.tell();
    }
}

/// When the task ends in any way, all waiting callers get an error and all streams end.
impl Drop for Driver {
    fn drop(&mut self) {
        let because = if std::thread::panicking() {
            // A dialer or an access panicked: the state of the machine may be wrong.
            Closed::Panicked
        } else {
            Closed::RuntimeEnded
        };
        let shared = &self.shared;
        let Core { machine, inbox, .. } = &mut self.core;
        if !shared.status.get().is_closed() {
            shared.status.set(State::Closed {
                because: because.clone(),
            });
            if because == Closed::RuntimeEnded {
                machine.handle(Input::RuntimeEnded, tokio::time::Instant::now().into_std());
                while let Some(output) = machine.poll_output() {
                    if let Output::Resolve(outcome, result) = output {
                        let _ = outcome.0.send(result);
                    }
                }
            }
        }
        inbox.end_calls();
        shared.hub.end();
    }
}
