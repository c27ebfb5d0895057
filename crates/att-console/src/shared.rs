use crate::access::ConsoleAccess;
use crate::config::Config;
use crate::error::{Closed, ErrorKind, Sent};
use crate::label::Label;
use crate::machine::PendingCommand;
use crate::status::{Counters, NotConnected, State, Status};
use crate::wire::event_name::EventName;
use crate::wire::frame::Frame;
use alta_model::Redactor;
use alta_socket::{Counted, Hub, Observed, Publisher, Timers, Waiter};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use url::Url;

/// A call of a handle to the task.
#[derive(Debug)]
pub(crate) enum Call {
    /// Boxed, since the channel reserves the size of the largest call for each.
    Command(Box<PendingCommand<Outcome>>),
    Confirm(EventName, Outcome),
    RetryNow,
}

/// Takes the result of one command or subscription: the frame of the reply, if there is one, or the error.
#[derive(Debug)]
pub(crate) struct Outcome(pub(crate) oneshot::Sender<Result<Option<Frame>, ErrorKind>>);

impl Waiter for Outcome {
    fn is_gone(&self) -> bool {
        self.0.is_closed()
    }
}

/// The state that handles and the task share.
#[derive(Debug)]
pub struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) label: Label,
    /// The normalized address of the console.
    pub(crate) url: Option<Url>,
    pub(crate) hub: Hub<EventName, Frame>,
    /// The timers of the task's runtime.
    pub(crate) timers: Timers,
    pub(crate) status: Publisher<State>,
    pub(crate) counters: Arc<Counters>,
    /// Has the tokens of all links, since the server can repeat them in messages.
    pub(crate) redactor: Redactor,
    /// The latest access. Its token is used to fetch result files.
    pub(crate) access: Mutex<Option<ConsoleAccess>>,
}

impl Shared {
    pub(crate) fn new(config: Config, label: Label, url: Option<Url>) -> Self {
        Self {
            config: Arc::new(config),
            label,
            url,
            hub: Hub::default(),
            timers: Timers::current(),
            status: Publisher::new(State::Connecting { attempt: 1 }),
            counters: Arc::default(),
            redactor: Redactor::new(),
            access: Mutex::new(None),
        }
    }

    pub(crate) fn why_closed(&self) -> Closed {
        match self.status.get() {
            State::Closed { because } => because,
            // The task publishes the closed state before it ends calls and streams.
            _ => Closed::RuntimeEnded,
        }
    }

    pub(crate) fn closed(&self) -> ErrorKind {
        ErrorKind::Closed {
            because: self.why_closed(),
        }
    }

    /// The error of a call that the task dropped.
    pub(crate) fn dropped_call(&self) -> ErrorKind {
        match self.why_closed() {
            // The task panicked: the command may have been sent.
            because @ Closed::Panicked => ErrorKind::Disconnected {
                because: NotConnected::Lost(because.to_string()),
                sent: Sent::MayHaveRun,
            },
            // The call was still in the channel.
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
        &self.counters.changed
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
