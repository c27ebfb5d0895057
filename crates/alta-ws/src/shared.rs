use crate::config::Config;
use crate::error::{Error, Sent};
use crate::frame::Frame;
use crate::status::{Condition, Counters, State, Status};
use crate::topic::Topic;
use alta_model::Redactor;
use alta_socket::{Closed, Counted, Hub, Observed, Publisher, Timers};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use tokio::sync::oneshot;

/// The sender for the result of a call.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// The end of the task.
#[derive(Debug)]
struct Ended {
    because: Error,
    /// The progress of the calls that the task took and did not finish.
    unfinished: Sent,
}

/// The state that handles and the task share.
#[derive(Debug)]
pub struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) hub: Hub<Topic, Frame>,
    /// Has the tokens of all links, since the server can repeat them in messages.
    pub(crate) redactor: Redactor,
    pub(crate) condition: Publisher<Condition>,
    pub(crate) counters: Arc<Counters>,
    /// The timers of the task's runtime.
    pub(crate) timers: Timers,
    ended: OnceLock<Ended>,
}

impl Observed for Shared {
    type State = Condition;
    type Status = Status;

    fn state(&self) -> &Publisher<Condition> {
        &self.condition
    }

    fn counted(&self) -> &Counted {
        &self.counters.changed
    }

    fn status_of(&self, condition: Condition) -> Status {
        Status {
            state: condition.state,
            sockets: condition.sockets,
            last_refusal: condition.last_refusal,
            last_failure: condition.last_failure,
            totals: self.counters.totals(),
        }
    }

    fn is_closed(condition: &Condition) -> bool {
        condition.state.is_closed()
    }
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config: Arc::new(config),
            hub: Hub::default(),
            redactor: Redactor::new(),
            condition: Publisher::new(Condition {
                state: State::Connecting { attempt: 1 },
                sockets: 1,
                last_refusal: None,
                last_failure: None,
                migrations: 0,
            }),
            counters: Arc::default(),
            timers: Timers::current(),
            ended: OnceLock::new(),
        }
    }

    /// Records that the task has ended with this error; every call that it took has its result.
    pub(crate) fn end(&self, because: Error) {
        let unfinished = Sent::NotSent;
        // Only the first end counts.
        let _ = self.ended.set(Ended {
            because,
            unfinished,
        });
    }

    /// Records the end of a task that did not end by itself, but by a panic or with its runtime.
    pub(crate) fn task_ended(&self) {
        let why = if std::thread::panicking() {
            Closed::Panicked
        } else {
            Closed::RuntimeEnded
        };
        let because = Error::closed(why.clone(), "using the client");
        let state = State::Closed { because: why };
        let unfinished = Sent::MayHaveRun;
        let ended = Ended {
            because,
            unfinished,
        };
        if self.ended.set(ended).is_ok() {
            let condition = self.condition.get();
            self.condition.set(Condition { state, ..condition });
        }
        self.hub.end();
    }

    /// The error of an operation after the end.
    pub(crate) fn why_closed(&self, doing: impl Into<Cow<'static, str>>) -> Error {
        match self.ended.get() {
            Some(ended) => ended.because.clone().while_doing(doing),
            None => Error::closed(Closed::ByUs, doing),
        }
    }

    /// The progress of the calls that the task took and did not finish.
    pub(crate) fn unfinished(&self) -> Sent {
        let ended = self.ended.get();
        ended.map_or(Sent::MayHaveRun, |ended| ended.unfinished)
    }
}
