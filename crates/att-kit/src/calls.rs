use crate::counters::{Counters, Totals};
use crate::failure::{Failure, FailureKind, HandlerInfo};
use crate::handler_fn::HandlerError;
use crate::handlers::{Handlers, Work};
use crate::limits::Limits;
use crate::panics::{catch_panic, catch_panic_in};
use alta_model::chain;
use att_console::EventName;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tracing::warn;

/// The state that all calls of handlers share: the limits, the counters, and the receivers of failures. Clones are handles to
/// the same state.
#[derive(Clone)]
pub struct Calls {
    inner: Arc<Inner>,
}

struct Inner {
    handlers: Handlers,
    limits: Limits,
    permits: Semaphore,
    counters: Arc<Counters>,
}

/// A call of a handler. The function is called when the call runs, not before.
pub struct Call {
    info: HandlerInfo,
    function: Box<dyn FnOnce() -> Work + Send>,
    timeout: Option<Duration>,
}

impl Call {
    /// A call of this function; `info` describes it in a [`Failure`]. Without a timeout it may take as long as it needs.
    pub fn new(
        info: HandlerInfo,
        timeout: Option<Duration>,
        function: impl FnOnce() -> Work + Send + 'static,
    ) -> Self {
        Self {
            info,
            function: Box::new(function),
            timeout,
        }
    }

    /// Runs the call within the limit on handlers, and counts it as running.
    pub(crate) async fn run(self, calls: Calls) {
        // The semaphore is never closed.
        let _permit = calls.inner.permits.acquire().await;
        let _running = calls.inner.counters.running();
        calls.call(self).await;
    }
}

impl Calls {
    /// The shared state of these handlers under these limits.
    pub fn new(handlers: Handlers, limits: Limits) -> Self {
        Self::make(handlers, limits, Arc::new(Counters::new()))
    }

    /// The same handlers and counters under other limits.
    pub(crate) fn with_limits(&self, limits: Limits) -> Self {
        let counters = Arc::clone(&self.inner.counters);
        Self::make(self.inner.handlers.clone(), limits, counters)
    }

    fn make(handlers: Handlers, limits: Limits, counters: Arc<Counters>) -> Self {
        Self {
            inner: Arc::new(Inner {
                handlers,
                permits: Semaphore::new(limits.handlers.clamp(1, Semaphore::MAX_PERMITS)),
                limits,
                counters,
            }),
        }
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// The counters.
    pub fn totals(&self) -> Totals {
        self.inner.counters.totals()
    }

    pub(crate) fn handlers(&self) -> &Handlers {
        &self.inner.handlers
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.inner.counters
    }

    /// Calls a handler at once, and reports its failure.
    pub async fn call(&self, call: Call) {
        let Call {
            info,
            function,
            timeout,
        } = call;
        let work = catch_panic(async move { function().await });
        let ended = match timeout {
            Some(limit) => tokio::time::timeout(limit, work).await.map_err(|_| limit),
            None => Ok(work.await),
        };
        let kind = match ended {
            Ok(Ok(Ok(()))) => return,
            Ok(Ok(Err(error))) => kind_of(&error),
            Ok(Err(panic)) => FailureKind::Panicked(panic),
            Err(limit) => FailureKind::TimedOut(limit),
        };
        self.report(info, kind);
    }

    /// Logs and counts a failure, and passes it to [`Handlers::on_failure`].
    pub fn report(&self, info: HandlerInfo, kind: FailureKind) {
        let failure = info.failed(kind);
        warn!(
            handler = failure.handler,
            event = failure.event.as_ref().map(EventName::as_str),
            console = failure.console.as_deref(),
            server = failure.server.map(tracing::field::display),
            group = failure.group.map(tracing::field::display),
            error = %failure.kind,
            "a handler failed"
        );
        self.inner.counters.failed(&failure);
        self.notify(&failure);
    }

    fn notify(&self, failure: &Failure) {
        for report in &self.inner.handlers.failures {
            if let Err(panic) = catch_panic_in(|| report(failure)) {
                warn!(panic, "a handler of failures panicked");
            }
        }
    }
}

fn kind_of(error: &HandlerError) -> FailureKind {
    if let Some(Unreadable(error)) = error.downcast_ref() {
        return FailureKind::Undecodable(error.to_string());
    }
    match error.downcast_ref() {
        Some(Known { what, kind }) => match kind {
            FailureKind::Panicked(message) => FailureKind::Panicked(format!("{what}: {message}")),
            FailureKind::Failed(message) => FailureKind::Failed(format!("{what}: {message}")),
            other => other.clone(),
        },
        None => FailureKind::Failed(chain(&**error).to_string()),
    }
}

/// The error of a handler that has found out by itself how its work failed.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {kind}")]
pub(crate) struct Known {
    what: String,
    kind: FailureKind,
}

impl Known {
    pub(crate) fn new(what: String, kind: FailureKind) -> Self {
        Self { what, kind }
    }
}

/// The error of a handler that was not called, since its event could not be decoded.
#[derive(Debug, thiserror::Error)]
#[error("the event could not be read")]
pub(crate) struct Unreadable(#[source] pub(crate) Box<dyn StdError + Send + Sync>);

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls")
            .field("handlers", &self.inner.handlers)
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("info", &self.info)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
