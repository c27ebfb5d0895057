use crate::config::Config;
use crate::error::{Error, Sent};
use crate::frame::{Frame, Request, Response};
use crate::status::{Condition, State, Status, Totals};
use crate::topic::Topic;
use alta_model::Redactor;
use alta_socket::{Hub, Publisher};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Instant;
use tokio::sync::oneshot;

/// Takes the end of what a handle asked for.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// What a handle asks for.
#[derive(Debug)]
pub(crate) enum Call {
    Request {
        request: Request,
        deadline: Instant,
        /// Gone when nobody waits any more.
        owner: Weak<()>,
        reply: Reply<Response>,
    },
    /// To be told when the server holds a topic.
    Confirm {
        topic: Topic,
        reply: Reply<()>,
    },
    Migrate {
        reply: Reply<()>,
    },
}

/// How the task ended.
#[derive(Debug)]
struct Ended {
    because: Error,
    /// Whether a call that the task took and did not answer can have been sent.
    unanswered: Sent,
}

/// What handles and the task share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) hub: Hub<Topic, Frame>,
    /// Knows the tokens of all links: the server may repeat them.
    pub(crate) redactor: Redactor,
    totals: Mutex<Totals>,
    ended: OnceLock<Ended>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> (Self, Publisher<Condition>) {
        let publisher = Publisher::new(Condition {
            state: State::Connecting,
            sockets: 1,
            last_refusal: None,
            last_failure: None,
            rare: Totals::default(),
        });
        let shared = Self {
            config: Arc::new(config),
            hub: Hub::default(),
            redactor: Redactor::new(),
            totals: Mutex::default(),
            ended: OnceLock::new(),
        };
        (shared, publisher)
    }

    /// Shows new totals.
    pub(crate) fn set_totals(&self, totals: Totals) {
        *self.totals.lock().unwrap_or_else(PoisonError::into_inner) = totals;
    }

    /// It is over, because of this; every call that was taken has its answer.
    pub(crate) fn end(&self, because: Error) {
        let unanswered = Sent::NotSent;
        // It ends once.
        let _ = self.ended.set(Ended {
            because,
            unanswered,
        });
    }

    pub(crate) fn status_of(&self, condition: Condition) -> Status {
        condition.with(*self.totals.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why nothing can be done any more.
    pub(crate) fn why_closed(&self, doing: impl Into<Cow<'static, str>>) -> Error {
        match self.ended.get() {
            Some(ended) => ended.because.clone().while_doing(doing),
            None => Error::closed(doing),
        }
    }

    /// Whether a call that the task took and did not answer can have been sent.
    pub(crate) fn unanswered(&self) -> Sent {
        let ended = self.ended.get();
        ended.map_or(Sent::MayHaveRun, |ended| ended.unanswered)
    }
}

/// What the task shows to handles. Dropping it tells them that the task has ended, also by a panic or with its runtime.
pub(crate) struct Shown {
    pub(crate) shared: Arc<Shared>,
    pub(crate) publisher: Publisher<Condition>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        let because = Error::closed("using the client").caused_by(BrokenOff {
            panicked: std::thread::panicking(),
        });
        let state = State::Closed {
            because: because.chain().into(),
        };
        let unanswered = Sent::MayHaveRun;
        let ended = Ended {
            because,
            unanswered,
        };
        if self.shared.ended.set(ended).is_ok() {
            let condition = self.publisher.get();
            self.publisher.set(Condition { state, ..condition });
        }
        self.shared.hub.end();
    }
}

/// Why the task did not end by itself.
#[derive(Debug, thiserror::Error)]
#[error("{}", if *.panicked { "its task panicked" } else { "the runtime that it ran on has ended" })]
struct BrokenOff {
    panicked: bool,
}
