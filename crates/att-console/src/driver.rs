//! The one task of a console: it waits, performs what the machine decides, and decides nothing itself.

use crate::access::{Access, ConsoleAccess};
use crate::config::Config;
use crate::connector::open;
use crate::error::{Closed, ErrorKind, Sent};
use crate::label::Label;
use crate::machine::{Failure, Input, Machine, MayChange, Order, Output};
use crate::status::{Counters, NotConnected, State, Status};
use crate::wire::event_name::EventName;
use crate::wire::frame::{Frame, Kind, Malformed};
use alta_model::Redactor;
use alta_model::console::event::{CommandExecuted, ConsoleEvent as _};
use alta_socket::{
    Counted, Hub, Inbox, LinkEvent, LinkId, Observed, Publisher, RawFrame, ReadAt, Shutdown,
    Timers, Waiter, Wake,
};
use futures_core::future::BoxFuture;
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};
use url::Url;

/// What a handle asks for.
#[derive(Debug)]
pub(crate) enum Call {
    /// Boxed: it passes through many hands, and the room for the largest call is kept for each that may wait.
    Order(Box<Order<Outcome>>),
    Confirm(EventName, Outcome),
    RetryNow,
}

/// Takes the end of one command or subscription: the answer's frame, or why there is none.
#[derive(Debug)]
pub(crate) struct Outcome(pub(crate) oneshot::Sender<Result<Option<Frame>, ErrorKind>>);

impl Waiter for Outcome {
    fn is_gone(&self) -> bool {
        self.0.is_closed()
    }
}

/// What handles and the task share.
#[derive(Debug)]
pub struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) label: Label,
    /// The address, normalized.
    pub(crate) url: Option<Url>,
    pub(crate) hub: Hub<EventName, Frame>,
    /// Of the runtime that the task runs on.
    pub(crate) timers: Timers,
    pub(crate) status: Publisher<State>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) counted: Counted,
    /// Knows the tokens of all links: the server may repeat them.
    pub(crate) redactor: Redactor,
    /// Where result files are fetched, and with which token: of the latest access.
    pub(crate) access: Mutex<Option<ConsoleAccess>>,
}

impl Shared {
    pub(crate) fn why_closed(&self) -> Closed {
        match self.status.get() {
            State::Closed { because } => because,
            // It is shown before anything of the task ends.
            _ => Closed::RuntimeEnded,
        }
    }

    pub(crate) fn closed(&self) -> ErrorKind {
        ErrorKind::Closed {
            because: self.why_closed(),
        }
    }

    /// Why a command that the task had taken got no answer of it.
    pub(crate) fn never_answered(&self) -> ErrorKind {
        match self.why_closed() {
            // Nobody knows what became of it.
            because @ Closed::Broken => ErrorKind::Disconnected {
                because: NotConnected::Lost(because.to_string()),
                sent: Sent::MayHaveRun,
            },
            // It still lay in the channel.
            because => ErrorKind::Closed { because },
        }
    }

    pub(crate) fn status(&self) -> Status {
        alta_socket::status(self)
    }
}

impl Observed for Shared {
    type State = State;
    type Status = Status;

    fn state(&self) -> &Publisher<State> {
        &self.status
    }

    fn counted(&self) -> &Counted {
        &self.counted
    }

    fn status_of(&self, state: State) -> Status {
        Status {
            state,
            waiting: self.counters.waiting.get(),
            in_flight: self.counters.in_flight.get(),
            totals: self.counters.totals(),
        }
    }

    fn is_closed(state: &State) -> bool {
        state.is_closed()
    }
}

#[derive(Serialize)]
struct Request<'a> {
    id: u32,
    content: &'a str,
}

/// An open websocket comes with the access it was opened by.
///
/// Boxed, since every event passes through the room for the largest wake-up.
type ConsoleInbox = Inbox<Box<ConsoleAccess>, Failure, Call>;

/// How many wake-ups the machine is told of before its outputs are performed. Commands of one batch leave in one write.
const BATCH: usize = 256;

pub(crate) struct Driver {
    shared: Arc<Shared>,
    access: Arc<dyn Access>,
    machine: Machine<Outcome>,
    inbox: ConsoleInbox,
    /// The access of the open link, whose token is the first thing sent on it.
    granted: Option<(LinkId, Box<ConsoleAccess>)>,
    /// The time that the machine knows.
    latest: Instant,
    /// Whether the machine was told anything since its outputs were performed. Events change nothing.
    is_unsettled: bool,
    /// The state that was shown last.
    shown: State,
    /// Whether nothing more is to be done.
    ended: bool,
    /// Resolves when asking for access again is worth it; only waited for between attempts.
    access_changed: Option<BoxFuture<'static, ()>>,
}

impl Driver {
    pub(crate) fn new(
        shared: Arc<Shared>,
        access: Arc<dyn Access>,
        calls: mpsc::Receiver<Call>,
        shutdown: Shutdown,
    ) -> Self {
        let machine = Machine::new(
            Arc::clone(&shared.config),
            Arc::clone(&shared.counters),
            shared.redactor.clone(),
            fastrand::u64(..),
        );
        Self {
            latest: now(),
            is_unsettled: true,
            shown: shared.status.get(),
            ended: false,
            shared,
            access,
            machine,
            inbox: Inbox::new(calls, shutdown),
            granted: None,
            access_changed: None,
        }
    }

    /// Boxed, since a future holds room for its arguments twice.
    pub(crate) async fn run(mut self: Box<Self>) {
        tracing::debug!("opening");
        let mut deadline = None;
        let mut is_busy = false;
        loop {
            if std::mem::take(&mut self.is_unsettled) {
                self.take_changes(self.latest);
                self.perform_outputs();
                if self.ended {
                    break;
                }
                if !is_busy {
                    self.machine.shrink();
                }
                self.show_state();
                self.machine.count_commands();
                self.shared.counted.tell();
                deadline = self.machine.deadline();
            }
            // Events move the deadline back, if at all: it may be early, which costs nothing.
            is_busy = self.take_batch(deadline).await;
        }
        self.show_state();
        self.inbox.end_calls();
        self.shared.hub.end();
        self.inbox.links.close_all(1000, "").await;
        tracing::debug!("closed");
    }

    /// Waits until something happens, and tells the machine all that has happened by then. Returns whether there may be more.
    async fn take_batch(&mut self, deadline: Option<Instant>) -> bool {
        let wake = tokio::select! {
            biased;
            wake = self.inbox.next(&self.shared.hub, deadline, true) => wake,
            () = changed(&mut self.access_changed) => {
                self.access_changed = None;
                self.handle(Input::RetryNow, now());
                return false;
            }
        };
        self.latest = now().max(self.latest);
        let mut count = 1;
        // The outputs come first: a deadline that has passed would wake the task again at once, and a command that has ended with
        // the console must not be written.
        let is_last = |wake: &Wake<_, _, _>| matches!(wake, Wake::Timer | Wake::Stop);
        let mut is_over = is_last(&wake);
        self.wake(wake);
        while !is_over
            && count < BATCH
            && let Some(wake) = self.inbox.next_ready(&self.shared.hub, deadline, true)
        {
            count += 1;
            is_over = is_last(&wake);
            self.wake(wake);
        }
        count == BATCH
    }

    fn handle(&mut self, input: Input<Outcome>, now: Instant) {
        self.is_unsettled = true;
        self.machine.handle(input, now);
    }

    fn wake(&mut self, wake: Wake<Box<ConsoleAccess>, Failure, Call>) {
        if matches!(wake, Wake::Timer) {
            self.latest = now().max(self.latest);
        }
        let now = self.latest;
        // Only these make the machine give a link up by itself.
        if matches!(wake, Wake::Timer | Wake::Stop) {
            self.take_reports(now);
        }
        match wake {
            Wake::Link(link, event) => self.link(link, event, now),
            Wake::Changed => self.take_changes(now),
            Wake::Call(Call::Order(order)) => self.handle(Input::Order(order), now),
            Wake::Call(Call::Confirm(name, outcome)) => {
                // A subscriber's wish must be known before its question whether it is granted.
                self.take_changes(now);
                self.handle(Input::Confirm(name, outcome), now);
            }
            Wake::Call(Call::RetryNow) => self.handle(Input::RetryNow, now),
            Wake::Timer => self.handle(Input::Timer, now),
            Wake::Stop => self.handle(Input::Stop, now),
        }
    }

    /// Tells the machine what was handed to the socket. It must know that before it gives a link up.
    fn take_reports(&mut self, now: Instant) {
        while let Some((link, event)) = self.inbox.links.next_report() {
            match event {
                LinkEvent::Written(tag) => self.tagged(link, tag, now, Input::Written),
                LinkEvent::Skipped(tag) => self.tagged(link, tag, now, Input::Skipped),
                _ => {}
            }
        }
    }

    fn link(&mut self, link: LinkId, event: LinkEvent<Box<ConsoleAccess>, Failure>, now: Instant) {
        let input = match event {
            LinkEvent::Opened(access) => {
                let may_change = MayChange(access.may_change);
                *self.latest_access() = Some(access.as_ref().clone());
                self.granted = Some((link, access));
                Input::Opened(link, may_change)
            }
            LinkEvent::Failed(failure) => Input::Failed(link, failure),
            LinkEvent::Text(raw, read_at) => {
                self.text(link, raw, read_at);
                return;
            }
            LinkEvent::Binary(length) => {
                tracing::debug!(length, "skipping a binary frame");
                Input::Malformed(link)
            }
            LinkEvent::Heard => Input::Heard(link),
            LinkEvent::Written(tag) => {
                self.tagged(link, tag, now, Input::Written);
                // Those written with it.
                return self.take_reports(now);
            }
            LinkEvent::Skipped(tag) => return self.tagged(link, tag, now, Input::Skipped),
            LinkEvent::Lost(lost) => Input::Lost(link, lost.redacted(&self.shared.redactor)),
        };
        self.handle(input, now);
    }

    fn text(&mut self, link: LinkId, raw: RawFrame, read_at: ReadAt) {
        // Something that woke the task may have been dealt with since it was read: the machine's time does not go back.
        let now = read_at.instant.max(self.latest);
        self.latest = now;
        Frame::read_each(raw, read_at.wall, |frame| self.frame(link, frame, now));
    }

    fn frame(&mut self, link: LinkId, frame: Result<Frame, Malformed>, now: Instant) {
        let input = match frame {
            Ok(mut frame) => match &frame.kind {
                Kind::Event(name) => {
                    if name.as_str() == CommandExecuted::NAME {
                        frame.is_own = self.is_own(&frame, now);
                    }
                    return self.event(link, &frame, now);
                }
                Kind::Broken => {
                    tracing::debug!(
                        length = frame.raw.as_str().len(),
                        "skipping what is no whole JSON object"
                    );
                    // It may have been an event, of whatever name.
                    if self.machine.is_ready_on(link) {
                        self.settle_streams();
                        self.shared.hub.publish_to_all(&frame);
                    }
                    Input::Malformed(link)
                }
                _ => Input::Frame(link, frame),
            },
            Err(error) => {
                tracing::debug!(%error, "skipping a frame");
                Input::Malformed(link)
            }
        };
        self.handle(input, now);
    }

    /// Before anything is delivered: a gap must not be told after an event that follows it.
    fn settle_streams(&mut self) {
        if self.is_unsettled {
            self.perform_outputs();
        }
    }

    /// Events are most of the traffic and change nothing: they go straight to who wants them.
    fn event(&mut self, link: LinkId, frame: &Frame, now: Instant) {
        self.settle_streams();
        if let Kind::Event(name) = &frame.kind
            && self.machine.hears_event(link, now)
            && self.shared.hub.publish(name, frame) == 0
        {
            self.shared.counters.unclaimed.add_one();
        }
        self.shared.counted.tell();
    }

    fn is_own(&mut self, executed: &Frame, now: Instant) -> bool {
        let executed = executed.decode::<CommandExecuted>();
        executed.is_ok_and(|executed| self.machine.is_own(&executed.command, now))
    }

    fn tagged(
        &mut self,
        link: LinkId,
        tag: u64,
        now: Instant,
        input: fn(LinkId, u32) -> Input<Outcome>,
    ) {
        // Tags are request ids, but for that of the token, which nobody waits for.
        if let Ok(id) = u32::try_from(tag) {
            self.handle(input(link, id), now);
        }
    }

    fn take_changes(&mut self, now: Instant) {
        for name in self.shared.hub.take_changes() {
            let wanted = self.shared.hub.is_wanted(&name);
            self.handle(Input::Wanted(name, wanted), now);
        }
    }

    /// Does what the machine asks for.
    fn perform_outputs(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Open(link) => self.open(link),
                Output::Authenticate(link) => self.authenticate(link),
                Output::Send {
                    link,
                    id,
                    line,
                    owner,
                } => {
                    let request = Request { id, content: &line };
                    // Two plain fields: this cannot fail.
                    let text = serde_json::to_string(&request).unwrap_or_default();
                    let links = &mut self.inbox.links;
                    match owner {
                        Some(owner) => links.send_for(link, text, id.into(), owner),
                        None => links.send(link, text, Some(id.into())),
                    }
                }
                Output::Recall(link, id) => {
                    let recalled = self.inbox.links.recall(link, id.into());
                    let input = if recalled {
                        Input::Skipped
                    } else {
                        Input::NotRecalled
                    };
                    self.machine.handle(input(link, id), now());
                }
                Output::Ping(link) => self.inbox.links.ping(link),
                Output::Close(link) => self.inbox.links.close(link, 1000, ""),
                Output::Resolve(outcome, result) => {
                    // The caller may have gone; then nobody minds.
                    let _ = outcome.0.send(result);
                }
                Output::Interrupted(name, since) => self.shared.hub.lost(&name, since, now()),
                Output::Doubted(name) => self.shared.hub.asked(&name),
                Output::Confirmed(name, gap) => self.shared.hub.confirmed(&name, gap),
                Output::Refused(name) => self.shared.hub.refused(&name),
                Output::End => self.ended = true,
            }
        }
    }

    fn open(&mut self, link: LinkId) {
        self.access_changed = None;
        let redactor = self.shared.redactor.clone();
        let (access, config) = (Arc::clone(&self.access), Arc::clone(&self.shared.config));
        self.inbox.links.open(link, open(access, config, redactor));
    }

    fn authenticate(&mut self, link: LinkId) {
        if let Some((granted, access)) = self.granted.take()
            && granted == link
        {
            let token = access.token.expose().to_owned();
            self.inbox.links.send(link, token, None);
        }
    }

    /// Shows the machine's state, and listens for changed access while the console waits.
    fn show_state(&mut self) {
        let state = self.machine.state();
        if state == self.shown {
            return;
        }
        let before = std::mem::replace(&mut self.shown, state.clone());
        match &state {
            State::Recovering { attempt, because } => {
                tracing::info!(attempt, %because, "not connected, trying again");
                let access = Arc::clone(&self.access);
                self.access_changed = Some(Box::pin(async move { access.changed().await }));
            }
            State::Closed { because } => {
                tracing::info!(%because, "closed");
            }
            State::Ready if before == State::Stalled => tracing::debug!("answered"),
            State::Ready => tracing::info!("ready"),
            // One slow command is no alarm: the machine warns when there are two.
            State::Stalled => tracing::debug!("no answer for a while"),
            State::Connecting { attempt } => {
                tracing::debug!(attempt, "connecting");
            }
            // A console has no other state.
            _ => {}
        }
        self.shared.status.set(state);
    }

    fn latest_access(&self) -> std::sync::MutexGuard<'_, Option<ConsoleAccess>> {
        self.shared
            .access
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The machines' clock is tokio's, so that paused time holds them, too.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

async fn changed(waiting: &mut Option<BoxFuture<'static, ()>>) {
    match waiting {
        Some(changed) => changed.await,
        None => std::future::pending().await,
    }
}

/// However the task ends, nobody waits for it any more.
impl Drop for Driver {
    fn drop(&mut self) {
        let because = if std::thread::panicking() {
            // Of somebody's dialer or access: what the machine knows may not hold.
            Closed::Broken
        } else {
            Closed::RuntimeEnded
        };
        if !self.shared.status.get().is_closed() {
            self.shared.status.set(State::Closed {
                because: because.clone(),
            });
            if because == Closed::RuntimeEnded {
                self.take_reports(now());
                self.machine.handle(Input::RuntimeEnded, now());
                while let Some(output) = self.machine.poll_output() {
                    if let Output::Resolve(outcome, result) = output {
                        let _ = outcome.0.send(result);
                    }
                }
            }
        }
        self.inbox.end_calls();
        self.shared.hub.end();
    }
}
