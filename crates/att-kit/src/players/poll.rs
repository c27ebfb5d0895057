//! The task that requests snapshots when they are due. The machine decides.

use super::poller::{Input, Poller};
use super::polls::Polls;
use super::snapshot::{Reading, SentAt, Snapshot};
use crate::clock::due;
use crate::console_state::console_state;
use att_console::{Closed, Console, Error, ErrorKind, State, Statuses, WeakConsole};
use futures_core::future::BoxFuture;
use futures_util::future::OptionFuture;
use std::future::pending;
use std::sync::Arc;
use tokio::time::{Instant, timeout};
use tracing::debug;

/// A kind of snapshot. A request does not keep the console open.
pub(super) trait Polled: PartialEq + Send + Sync + Sized + 'static {
    /// Waits for the data that the request needs.
    fn prepare(_console: &WeakConsole) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    /// Requests the state of all players.
    fn request(console: &WeakConsole) -> BoxFuture<'_, Result<Reading<Self>, Error>>;
}

/// The shared state of this kind on a console. The first call starts the task.
pub(super) fn polls<T: Polled>(console: &Console) -> Arc<Polls<T>> {
    console_state(console, Polls::new, |polls| {
        poll(console.downgrade(), console.statuses(), EndOnDrop(polls))
    })
}

/// Ends the streams when the task is aborted, with the last handle of the console.
struct EndOnDrop<T>(Arc<Polls<T>>);

impl<T> Drop for EndOnDrop<T> {
    fn drop(&mut self) {
        self.0.end(Closed::ByUs);
    }
}

/// Runs until the console is closed.
async fn poll<T: Polled>(console: WeakConsole, mut statuses: Statuses, polls: EndOnDrop<T>) {
    let polls = &polls.0;
    let mut poller = Poller::new(Instant::now());
    let mut request: Option<BoxFuture<'static, Ended<T>>> = None;
    let mut connects = statuses.current().totals.connects;
    loop {
        poller.handle(Input::Demand(polls.demand()), Instant::now());
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
            Some(ended) = OptionFuture::from(request.as_mut()) => {
                request = None;
                let (sent, is_ok) = (ended.sent.map(|sent| sent.0), ended.result.is_ok());
                poller.handle(Input::Ended { sent, is_ok }, Instant::now());
                publish(polls, ended);
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
