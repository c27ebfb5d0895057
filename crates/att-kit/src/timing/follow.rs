//! The task that runs delayed work on one console. The agenda decides.

use super::agenda::{Agenda, Input, Output, Session};
use super::scope::DelayEnd;
use crate::clock::due;
use crate::console_state::TaskGuard;
use crate::handler_fn::HandlerError;
use crate::panics::catch_panic;
use crate::players::{PlayerChanges, Players};
use alta_model::{chain, escaped};
use att_console::{Console, Statuses, WeakConsole};
use futures_core::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tracing::warn;

/// The largest number of delays of one console.
const CAPACITY: usize = 4_096;

pub(super) type Work =
    Box<dyn FnOnce(Console) -> BoxFuture<'static, Result<(), HandlerError>> + Send>;

/// The state that the handles and the task of one console share.
#[derive(Default)]
pub(super) struct Shared {
    inner: Mutex<Inner>,
    wake: Notify,
}

#[derive(Default)]
struct Inner {
    /// Bounded by the number of jobs.
    inputs: Vec<Input>,
    jobs: HashMap<u64, Job>,
    last_id: u64,
    is_closed: bool,
}

struct Job {
    /// `None` when it has begun.
    work: Option<Work>,
    task: Option<TaskGuard>,
    end: watch::Sender<Option<DelayEnd>>,
}

impl Shared {
    /// Adds a job, unless the console is closed or has too many.
    pub(super) fn add(
        &self,
        work: Work,
        input: impl FnOnce(u64) -> Input,
    ) -> (u64, watch::Receiver<Option<DelayEnd>>) {
        let (end, ended) = watch::channel(None);
        let mut inner = self.lock();
        inner.last_id += 1;
        let id = inner.last_id;
        if inner.is_closed {
            end.send_replace(Some(DelayEnd::Closed));
        } else if inner.jobs.len() >= CAPACITY {
            warn!("{CAPACITY} delays wait; another one is not added");
            end.send_replace(Some(DelayEnd::Refused));
        } else {
            let job = Job {
                work: Some(work),
                task: None,
                end,
            };
            inner.jobs.insert(id, job);
            inner.inputs.push(input(id));
            self.wake.notify_one();
        }
        (id, ended)
    }

    /// Sends an input about a job that has not ended.
    pub(super) fn push(&self, input: Input) {
        let mut inner = self.lock();
        let (Input::Cancel(id) | Input::Finished(id, _)) = input else {
            return;
        };
        if inner.jobs.contains_key(&id) {
            inner.inputs.push(input);
            self.wake.notify_one();
        }
    }

    fn start(self: &Arc<Self>, id: u64, console: Console) {
        let mut inner = self.lock();
        let Some(job) = inner.jobs.get_mut(&id) else {
            return;
        };
        if let Some(work) = job.work.take() {
            let shared = Arc::clone(self);
            job.task = Some(TaskGuard::spawn(async move {
                let end = run(work, console).await;
                shared.push(Input::Finished(id, end));
            }));
        }
    }

    fn end(&self, id: u64, end: DelayEnd) {
        let job = self.lock().jobs.remove(&id);
        // The work is dropped without the lock: it belongs to the program, which may use the delays.
        if let Some(job) = job {
            job.end(end);
        }
    }

    fn close(&self) {
        let mut inner = self.lock();
        inner.is_closed = true;
        inner.inputs.clear();
        let jobs = std::mem::take(&mut inner.jobs);
        drop(inner);
        for job in jobs.into_values() {
            job.end(DelayEnd::Closed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    fn end(self, end: DelayEnd) {
        drop(self.task);
        self.end.send_replace(Some(end));
    }
}

async fn run(work: Work, console: Console) -> DelayEnd {
    let label = console.label();
    let failure = match catch_panic(work(console)).await {
        Ok(Ok(())) => return DelayEnd::Ran,
        Ok(Err(error)) => chain(&*error).to_string(),
        Err(panic) => format!("it panicked: {panic}"),
    };
    warn!(console = &*label, error = %escaped(failure), "delayed work has failed");
    DelayEnd::Failed
}

/// Runs until the console is closed.
pub(super) async fn follow(
    console: WeakConsole,
    mut statuses: Statuses,
    mut changes: PlayerChanges,
    shared: Arc<Shared>,
) {
    let mut agenda = Agenda::default();
    let mut input = Some(Input::Tick);
    while step(&mut agenda, input, &console, &shared) {
        let deadline = agenda.deadline();
        input = tokio::select! {
            change = changes.next() => match change {
                Some(Ok(change)) => Some(Input::Players(Some(change.player.id()))),
                Some(Err(_)) => Some(Input::Players(None)),
                None => break,
            },
            status = statuses.next() => match status {
                Some(_) => None,
                None => break,
            },
            () = shared.wake.notified() => None,
            () = due(deadline) => Some(Input::Tick),
        };
    }
    shared.close();
}

/// Returns false if the console is closed, or its last handle was dropped.
fn step(
    agenda: &mut Agenda,
    input: Option<Input>,
    console: &WeakConsole,
    shared: &Arc<Shared>,
) -> bool {
    let Some(console) = console.upgrade() else {
        return false;
    };
    let online = Players::of(&console).online();
    let now = Instant::now();
    let inputs = std::mem::take(&mut shared.lock().inputs);
    // Read after the inputs, so that it is not older than the session of a delay among them.
    let status = console.status();
    if status.state.is_closed() {
        return false;
    }
    let session = Session::of(&status);
    for input in inputs
        .into_iter()
        .chain([Input::Session(session)])
        .chain(input)
    {
        agenda.handle(input, &online, now);
    }
    while let Some(output) = agenda.poll_output() {
        match output {
            Output::Start(id) => shared.start(id, console.clone()),
            Output::Ended(id, end) => shared.end(id, end),
        }
    }
    true
}
