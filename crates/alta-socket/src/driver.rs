//! The loop that connects a machine with its links and its handles. Both sockets use it.

use crate::frame::RawFrame;
use crate::hub::Hub;
use crate::inbox::{Inbox, Wake};
use crate::link_id::LinkId;
use crate::links::LinkEvent;
use crate::queue::Footprint;
use crate::task::Shutdown;
use std::fmt;
use std::hash::Hash;
use std::time::{Instant, SystemTime};
use tokio::sync::mpsc;

/// The maximum number of wake-ups that a machine handles before its outputs are performed. The commands of one batch
/// leave in one write.
const BATCH: usize = 256;

/// A protocol without I/O: inputs and the time go in, outputs come out. It makes all decisions.
pub trait Machine {
    /// An input.
    type Input;
    /// An output: an effect to perform.
    type Output;

    /// Takes an input. `now` never goes back.
    fn handle(&mut self, input: Self::Input, now: Instant);

    /// The next output, until there is none.
    fn poll_output(&mut self) -> Option<Self::Output>;

    /// The time at which the timer is due. Events only move it later.
    fn deadline(&self) -> Option<Instant>;

    /// Returns whether it takes another call. Until then, calls wait in their channel.
    fn takes_calls(&self) -> bool {
        true
    }

    /// Frees memory that is needed only under load.
    fn shrink(&mut self) {}
}

/// An input that every machine has.
#[derive(Debug)]
pub enum Signal<K> {
    /// The subscription is wanted, or no longer wanted.
    Wanted(K, bool),
    /// The machine's deadline may have passed.
    Timer,
    /// The handles request to close.
    Stop,
}

/// The input type of a driver's machine.
pub type InputOf<D> = <<D as Driver>::Machine as Machine>::Input;
/// The output type of a driver's machine.
pub type OutputOf<D> = <<D as Driver>::Machine as Machine>::Output;

/// One socket's part of the task: it turns wake-ups into inputs of the machine, and performs the outputs. [`run`] does the
/// rest.
pub trait Driver: Sized {
    /// The machine.
    type Machine: Machine;
    /// The key of a subscription.
    type Key: Clone + Eq + Hash;
    /// An event as it arrived.
    type Frame: Clone + Footprint;
    /// The value that comes with an opened link.
    type Opened;
    /// The error of opening a link.
    type Failure;
    /// A call of a handle.
    type Call: Send;

    /// The common part.
    fn core(&mut self) -> &mut Core<Self>;

    /// The input of a signal.
    fn signal(signal: Signal<Self::Key>) -> InputOf<Self>;

    /// The input of a link's event other than a text frame.
    fn link(
        &mut self,
        link: LinkId,
        event: LinkEvent<Self::Opened, Self::Failure>,
    ) -> Option<InputOf<Self>>;

    /// The input of a call.
    fn call(&mut self, call: Self::Call) -> Option<InputOf<Self>>;

    /// Handles a text frame. Events change no state, so they can go to their streams without the machine, after [`settle`].
    fn text(&mut self, link: LinkId, raw: RawFrame, received: SystemTime);

    /// Publishes the events that [`text`](Self::text) has collected. It is called before outputs are performed.
    fn publish(&mut self) {}

    /// Performs an output.
    fn perform(&mut self, output: OutputOf<Self>);

    /// Publishes the state and the counts to the handles.
    fn show(&mut self);
}

/// The common part of a driver.
pub struct Core<D: Driver> {
    /// The machine.
    pub machine: D::Machine,
    /// The links, and all other sources that wake the task.
    pub inbox: Inbox<D::Opened, D::Failure, D::Call>,
    /// The streams.
    pub hub: Hub<D::Key, D::Frame>,
    /// The machine's time. Of two links, one can report an earlier read after the other's.
    latest: Instant,
    /// True if the machine had an input since its outputs were performed. Events are no inputs.
    is_unsettled: bool,
    has_ended: bool,
}

impl<D: Driver> Core<D> {
    /// A core that takes calls from this channel until this shutdown. The first action is to perform the machine's
    /// outputs.
    pub fn new(
        hub: Hub<D::Key, D::Frame>,
        machine: D::Machine,
        calls: mpsc::Receiver<D::Call>,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            machine,
            inbox: Inbox::new(calls, shutdown),
            hub,
            latest: now(),
            is_unsettled: true,
            has_ended: false,
        }
    }

    /// The machine's time.
    pub fn now(&self) -> Instant {
        self.latest
    }

    /// Gives the machine an input.
    pub fn handle(&mut self, input: InputOf<D>) {
        self.is_unsettled = true;
        self.machine.handle(input, self.latest);
    }

    /// Ends the task after the remaining outputs.
    pub fn end(&mut self) {
        self.has_ended = true;
    }

    fn advance(&mut self, to: Instant) {
        self.latest = self.latest.max(to);
    }

    /// Passes the changes of wanted subscriptions to the machine.
    fn take_changes(&mut self) {
        if self.hub.has_changes() {
            self.take_all_changes();
        }
    }

    #[cold]
    fn take_all_changes(&mut self) {
        for key in self.hub.take_changes() {
            let is_wanted = self.hub.is_wanted(&key);
            self.handle(D::signal(Signal::Wanted(key, is_wanted)));
        }
    }
}

impl<D: Driver> fmt::Debug for Core<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("inbox", &self.inbox)
            .finish_non_exhaustive()
    }
}

/// Runs a driver until its machine ends, then closes its links.
///
/// Boxed, since a future reserves the size of its arguments twice.
pub async fn run<D: Driver>(mut driver: Box<D>) {
    let mut deadline = None;
    let mut is_busy = false;
    loop {
        if driver.core().is_unsettled {
            driver.core().take_changes();
            perform_outputs(&mut *driver);
            driver.core().is_unsettled = false;
            driver.show();
            let core = driver.core();
            if core.has_ended {
                break;
            }
            if !is_busy {
                core.machine.shrink();
            }
            deadline = core.machine.deadline();
        }
        // Events only move the deadline later, and an early timer is harmless.
        is_busy = take_batch(&mut *driver, deadline).await;
    }
    let core = driver.core();
    core.inbox.end_calls();
    core.hub.end();
    core.inbox.links.close_all(1000, "").await;
}

/// Performs the pending outputs. A driver settles before it publishes an event: a gap must not follow an event that
/// arrived after it.
pub fn settle<D: Driver>(driver: &mut D) {
    if driver.core().is_unsettled {
        driver.publish();
        perform_outputs(driver);
    }
}

fn perform_outputs<D: Driver>(driver: &mut D) {
    while let Some(output) = driver.core().machine.poll_output() {
        driver.perform(output);
    }
}

/// Waits for a wake-up, and handles it with all others that are ready. Returns whether more may be ready.
///
/// The outputs follow the timer and the stop at once: a timer whose deadline is past would fire again, and a command that fails
/// with the connection must not be written.
pub async fn take_batch<D: Driver>(driver: &mut D, deadline: Option<Instant>) -> bool {
    let is_last = |wake: &Wake<_, _, _>| matches!(wake, Wake::Timer | Wake::Stop);
    let core = driver.core();
    let takes_calls = core.machine.takes_calls();
    let wake = core.inbox.next(&core.hub, deadline, takes_calls).await;
    // A frame has the time of its read.
    if !matches!(wake, Wake::Link(_, LinkEvent::Text(..))) {
        driver.core().advance(now());
    }
    let mut count = 1;
    let mut is_over = is_last(&wake);
    take(driver, wake);
    while !is_over
        && count < BATCH
        && let Some(wake) = next_ready(driver.core(), deadline)
    {
        count += 1;
        is_over = is_last(&wake);
        take(driver, wake);
    }
    driver.publish();
    count == BATCH
}

fn next_ready<D: Driver>(
    core: &mut Core<D>,
    deadline: Option<Instant>,
) -> Option<Wake<D::Opened, D::Failure, D::Call>> {
    let takes_calls = core.machine.takes_calls();
    core.inbox.next_ready(&core.hub, deadline, takes_calls)
}

/// Handles one wake-up.
fn take<D: Driver>(driver: &mut D, wake: Wake<D::Opened, D::Failure, D::Call>) {
    if let Wake::Link(link, LinkEvent::Text(raw, read_at)) = wake {
        driver.core().advance(read_at.instant);
        return driver.text(link, raw, read_at.wall);
    }
    match wake {
        Wake::Link(link, event) => take_event(driver, link, event),
        Wake::Changed => driver.core().take_changes(),
        Wake::Call(call) => {
            // The machine must know a new subscription before the call that waits for it.
            driver.core().take_changes();
            if let Some(input) = driver.call(call) {
                driver.core().handle(input);
            }
        }
        Wake::Timer => {
            driver.core().advance(now());
            driver.core().handle(D::signal(Signal::Timer));
        }
        Wake::Stop => driver.core().handle(D::signal(Signal::Stop)),
    }
}

fn take_event<D: Driver>(driver: &mut D, link: LinkId, event: LinkEvent<D::Opened, D::Failure>) {
    let is_report = matches!(event, LinkEvent::Written(_) | LinkEvent::Skipped(_));
    if let Some(input) = driver.link(link, event) {
        driver.core().handle(input);
    }
    // One write reports many frames. The machine knows all of them before it can close the link.
    while is_report && let Some((link, event)) = driver.core().inbox.links.next_report() {
        if let Some(input) = driver.link(link, event) {
            driver.core().handle(input);
        }
    }
}

/// The machines' clock is tokio's, so that tests can pause it.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[cfg(test)]
mod tests;
