use super::failure::Failure;
use super::handlers::Handlers;
use super::limits::Limits;
use super::meter::Meter;
use crate::panics::caught_call;
use att_console::{Closed, EventName};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;
use tracing::warn;

/// What all parts of a managed bot share.
pub(crate) struct Context {
    pub(crate) handlers: Handlers,
    pub(crate) limits: Limits,
    pub(crate) permits: Semaphore,
    pub(crate) meter: Meter,
    last_refusal: Mutex<Option<Refusal>>,
}

/// A console that was refused for good.
#[derive(Clone)]
pub(crate) struct Refusal {
    pub(crate) console: Arc<str>,
    pub(crate) because: Closed,
}

impl Context {
    pub(crate) fn new(handlers: Handlers, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            handlers,
            permits: Semaphore::new(limits.handlers.clamp(1, Semaphore::MAX_PERMITS)),
            limits,
            meter: Meter::new(),
            last_refusal: Mutex::default(),
        })
    }

    /// A console was refused for good.
    pub(crate) fn refused(&self, console: &Arc<str>, because: Closed) {
        *self.refusal() = Some(Refusal {
            console: Arc::clone(console),
            because,
        });
    }

    /// Which console was refused last, and why.
    pub(crate) fn last_refusal(&self) -> Option<Refusal> {
        self.refusal().clone()
    }

    fn refusal(&self) -> MutexGuard<'_, Option<Refusal>> {
        // It is changed in one step.
        let refusal = self.last_refusal.lock();
        refusal.unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn report(&self, failure: &Failure) {
        warn!(
            handler = failure.handler,
            event = failure.event.as_ref().map(EventName::as_str),
            console = failure.console.as_deref(),
            server = failure.server.map(tracing::field::display),
            group = failure.group.map(tracing::field::display),
            error = %failure.kind,
            "a handler failed"
        );
        self.meter.failed(failure);
        for report in &self.handlers.failures {
            if let Err(panic) = caught_call(|| report(failure)) {
                warn!(panic, "the handler of failures panicked");
            }
        }
    }
}
