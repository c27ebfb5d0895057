//! The hosts of all open consoles.

use super::context::Context;
use super::deadline::{Deadline, Order, stop};
use super::host::{Host, Key, Report};
use super::plan::End;
use alta_model::{GroupId, Timestamp};
use att_console::Console;
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;
use tracing::{Instrument as _, Span, warn};

/// Reports are small and read at once; more than these make hosts wait.
const REPORTS: usize = 256;

pub(crate) struct Crew {
    context: Arc<Context>,
    consoles: Consoles,
    tasks: JoinSet<Ended>,
    keys: HashMap<Id, Key>,
    /// Since when the handlers of a console that has ended miss its events.
    missing: HashMap<Key, Timestamp>,
    orders: HashMap<Key, watch::Sender<Order>>,
    to_us: mpsc::Sender<(Key, Report)>,
    reports: mpsc::Receiver<(Key, Report)>,
    /// Calls of handlers that were given up when their consoles closed.
    given_up: usize,
}

/// The consoles that are open, for everybody to see.
#[derive(Clone, Default)]
pub(crate) struct Consoles(Arc<Mutex<Table>>);

/// Each with the group that it belongs to.
type Table = BTreeMap<Key, (Option<GroupId>, Console)>;

/// What happened to a console.
pub(crate) enum News {
    Report(Report),
    Ended(End),
}

/// How looking after a console has ended.
pub(crate) struct Ended {
    pub(crate) end: End,
    /// Calls of handlers that were given up.
    pub(crate) given_up: usize,
    /// Since when handlers miss the console's events; none if they never got any.
    pub(crate) missing: Option<Timestamp>,
}

impl Ended {
    fn before_it_began(end: End) -> Self {
        Self {
            end,
            given_up: 0,
            missing: None,
        }
    }
}

/// A console that was opened, and how to close it.
pub(crate) struct Opened<F> {
    pub(crate) console: Console,
    pub(crate) close: F,
}

impl Crew {
    pub(crate) fn new(context: Arc<Context>, consoles: Consoles) -> Self {
        let (to_us, reports) = mpsc::channel(REPORTS);
        Self {
            context,
            consoles,
            tasks: JoinSet::new(),
            keys: HashMap::new(),
            missing: HashMap::new(),
            orders: HashMap::new(),
            to_us,
            reports,
            given_up: 0,
        }
    }

    /// Opens a console and looks after it until told to stop.
    pub(crate) fn start<F: Future<Output = ()> + Send>(
        &mut self,
        key: Key,
        group: Option<GroupId>,
        span: Span,
        open: impl Future<Output = Result<Opened<F>, End>> + Send + 'static,
    ) {
        let (order, mut orders) = watch::channel(Order::GoOn);
        let context = Arc::clone(&self.context);
        let consoles = self.consoles.clone();
        let reports = self.to_us.clone();
        let missing = self.missing.get(&key).copied();
        let work = async move {
            let opened = tokio::select! {
                opened = open => opened,
                _ = stop(&mut orders) => return Ended::before_it_began(End::AsTold),
            };
            let Opened { console, close } = match opened {
                Ok(opened) => opened,
                Err(end) => return Ended::before_it_began(end),
            };
            let _shown = consoles.show(key, group, console.clone());
            let host = Host::new(key, group, console.clone(), context, reports, missing);
            let mut ended = host.run(&mut orders).await;
            close.await;
            if console.status().state.is_closed() {
                // On a dead connection nothing was heard for a while already.
                let heard_until = console.heard_until();
                ended.missing = ended.missing.map(|at| at.min(heard_until.unwrap_or(at)));
            }
            ended
        };
        let task = self.tasks.spawn(work.instrument(span));
        self.keys.insert(task.id(), key);
        self.orders.insert(key, order);
    }

    /// Tells a host to stop; it says when it has ended.
    pub(crate) fn stop(&self, key: Key, by: Instant) {
        if let Some(order) = self.orders.get(&key) {
            order.send_if_modified(|order| order.stop_by(by));
        }
    }

    /// What happens next to any console. Never ends while nothing happens. Cancel safe.
    pub(crate) async fn next(&mut self) -> (Key, News) {
        loop {
            tokio::select! {
                // What a host said comes before its end.
                biased;
                Some((key, report)) = self.reports.recv() => return (key, News::Report(report)),
                Some(ended) = self.tasks.join_next_with_id() => {
                    let (id, ended) = match ended {
                        Ok((id, ended)) => {
                            self.given_up += ended.given_up;
                            (id, ended)
                        }
                        Err(error) => {
                            warn!(%error, "the task of a console has failed");
                            (error.id(), Ended::before_it_began(End::Failed))
                        }
                    };
                    if let Some(key) = self.keys.remove(&id) {
                        self.orders.remove(&key);
                        self.missing.extend(ended.missing.map(|since| (key, since)));
                        return (key, News::Ended(ended.end));
                    }
                }
            }
        }
    }

    /// Stops all, and waits until the last has ended. Tells how many calls of handlers were given up in all.
    pub(crate) async fn finish(mut self, mut deadline: Deadline) -> usize {
        // Hosts that report wait for nobody any more.
        self.reports.close();
        self.stop_all(deadline.by());
        loop {
            tokio::select! {
                ended = self.tasks.join_next() => match ended {
                    Some(Ok(ended)) => self.given_up += ended.given_up,
                    Some(Err(_)) => {}
                    None => return self.given_up,
                },
                () = deadline.shortened() => self.stop_all(deadline.by()),
            }
        }
    }

    fn stop_all(&self, by: Instant) {
        for order in self.orders.values() {
            order.send_if_modified(|order| order.stop_by(by));
        }
    }
}

impl Consoles {
    pub(crate) fn all(&self) -> Vec<(Key, Option<GroupId>, Console)> {
        let all = self.lock();
        all.iter()
            .map(|(key, (group, console))| (*key, *group, console.clone()))
            .collect()
    }

    fn show(&self, key: Key, group: Option<GroupId>, console: Console) -> Shown {
        self.lock().insert(key, (group, console));
        Shown {
            consoles: self.clone(),
            key,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // A map that is changed in one step is whole whatever panicked beside it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A console is shown until this is dropped, however its task ends.
struct Shown {
    consoles: Consoles,
    key: Key,
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.consoles.lock().remove(&self.key);
    }
}
