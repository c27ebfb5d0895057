//! The task that requests snapshots when the machine says so.

use super::poller::{Input, Poller};
use super::polls::Polls;
use super::snapshot::{Reading, SentAt, Snapshot};
use att_console::{Closed, Console, Error, ErrorKind, State, Statuses, WeakConsole};
use futures_core::future::BoxFuture;
use std::future::pending;
use std::sync::Arc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::debug;

/// A kind of snapshot.
pub(super) trait Polled: PartialEq + Send + Sync + Sized + 'static {
    /// Waits for what the request needs to know.
    fn prepare(_console: &Console) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    /// Requests the state of all players.
    fn request(console: &Console) -> BoxFuture<'_, Result<Reading<Self>, Error>>;
}

/// The shared state of this kind on a console. The first call starts the task.
pub(super) fn polls<T: Polled>(console: &Console) -> Arc<Polls<T>> {
    let extension = console.extension(|| {
        let polls = Arc::new(Polls::<T>::new());
        let (weak, statuses) = (console.downgrade(), console.statuses());
        let task = tokio::spawn(poll(weak, statuses, Arc::clone(&polls))).abort_handle();
        Extension { polls, task }
    });
    Arc::clone(&extension.polls)
}

/// The value that all handles of a console share.
struct Extension<T> {
    polls: Arc<Polls<T>>,
    task: AbortHandle,
}

impl<T> Drop for Extension<T> {
    fn drop(&mut self) {
        self.task.abort();
        self.polls.end(Closed::ByUs);
    }
}

/// Runs until the console is closed.
async fn poll<T: Polled>(console: WeakConsole, mut statuses: Statuses, polls: Arc<Polls<T>>) {
    let mut poller = Poller::new(Instant::now());
    let mut request: Option<BoxFuture<'static, Ended<T>>> = None;
    let mut connects = statuses.current().totals.connects;
    loop {
        poller.handle(Input::Wanted(polls.wanted()), Instant::now());
        if poller.poll_request(Instant::now()) {
            request = Some(Box::pin(run(console.clone(), statuses.clone())));
        }
        let deadline = poller.deadline();
        tokio::select! {
            status = statuses.next() => match status {
                Some(status) if status.totals.connects > connects => {
                    connects = status.totals.connects;
                    poller.handle(Input::Connected, Instant::now());
                }
                Some(_) => {}
                None => break,
            },
            ended = reply(&mut request) => {
                request = None;
                let (sent, is_ok) = (ended.sent.map(|sent| sent.0), ended.result.is_ok());
                poller.handle(Input::Ended { sent, is_ok }, Instant::now());
                publish(&polls, ended);
            }
            () = polls.changed() => {}
            () = due(deadline) => {}
        }
    }
    polls.end(match statuses.current().state {
        State::Closed { because } => because,
        _ => Closed::ByUs,
    });
}

/// The end of a request.
struct Ended<T> {
    sent: Option<SentAt>,
    result: Result<Reading<T>, Error>,
}

/// Sends a request when the console is connected.
async fn run<T: Polled>(console: WeakConsole, mut statuses: Statuses) -> Ended<T> {
    let Some(limit) = console.upgrade().map(|it| it.config().request_timeout) else {
        return pending().await;
    };
    let unsent = |error| Ended {
        sent: None,
        result: Err(error),
    };
    let connected = statuses.wait_for(|status| status.state.is_connected());
    let is_connected = timeout(limit, connected).await;
    let Ok(Some(_)) = is_connected else {
        let (after, because) = (limit, None);
        let kind = ErrorKind::NotReadyWithin { after, because };
        return unsent(Error::new(kind, "requesting the players"));
    };
    let Some(console) = console.upgrade() else {
        return pending().await;
    };
    if let Err(error) = T::prepare(&console).await {
        return unsent(error);
    }
    let sent = Some(SentAt::now());
    let result = T::request(&console).await;
    Ended { sent, result }
}

fn publish<T: Polled>(polls: &Polls<T>, ended: Ended<T>) {
    match (ended.result, ended.sent) {
        (Ok(reading), Some(sent)) => {
            let before = polls.latest();
            polls.publish(Snapshot::new(reading, sent, before.as_deref()));
        }
        (Err(error), sent) => {
            debug!(%error, "the players could not be requested");
            polls.fail(error, sent);
        }
        (Ok(_), None) => {}
    }
}

async fn reply<T>(request: &mut Option<BoxFuture<'static, Ended<T>>>) -> Ended<T> {
    match request {
        Some(request) => request.await,
        None => pending().await,
    }
}

async fn due(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}
