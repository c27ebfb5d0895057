use crate::config::Config;
use crate::error::Error;
use crate::frame::{Frame, Request, Response};
use crate::status::{Condition, State, Status, Totals};
use crate::topic::Topic;
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

/// What handles and the task share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) hub: Hub<Topic, Frame>,
    totals: Mutex<Totals>,
    ended: OnceLock<Error>,
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
            totals: Mutex::default(),
            ended: OnceLock::new(),
        };
        (shared, publisher)
    }

    /// Shows new totals.
    pub(crate) fn set_totals(&self, totals: Totals) {
        *self.totals.lock().unwrap_or_else(PoisonError::into_inner) = totals;
    }

    /// It is over, because of this.
    pub(crate) fn end(&self, error: Error) {
        // It ends once.
        let _ = self.ended.set(error);
    }

    pub(crate) fn status_of(&self, condition: Condition) -> Status {
        condition.with(*self.totals.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why nothing can be done any more.
    pub(crate) fn why_closed(&self, doing: impl Into<Cow<'static, str>>) -> Error {
        match self.ended.get() {
            Some(error) => error.clone().while_doing(doing),
            // The task ended with its runtime.
            None => Error::closed(doing),
        }
    }
}
