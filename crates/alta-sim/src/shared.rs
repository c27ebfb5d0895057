use crate::config::Config;
use crate::state::State;
use crate::tls::Certificate;
use crate::world::World;
use alta_cloud::net::{Env, Limits};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

/// Everything that the tasks of the simulator share: the state under its lock, and the parts that need no lock.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) env: Env,
    pub(crate) config: Config,
    /// The time at which the clock makes something happen.
    due: watch::Sender<Option<Timestamp>>,
    /// Wakes the task of the timeline.
    actions: Notify,
    /// Changes after each action.
    performed: watch::Sender<()>,
}

impl Shared {
    pub(crate) fn new(config: Config, runtime: Handle, world: World) -> Self {
        let next_port = config.first_console_port();
        Self {
            state: Mutex::new(State::new(world, config.timeout, next_port)),
            env: Env::new(runtime, config.journal, config.queue)
                .with_limits(Limits::generous())
                .with_tls(!matches!(config.certificate, Certificate::None)),
            config,
            due: watch::Sender::new(None),
            actions: Notify::new(),
            performed: watch::Sender::new(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the state, after everything that was due before. Delivers the events that the work has added, and wakes all
    /// waiters for a change.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State, Timestamp) -> T) -> T {
        let now = self.env.clock.now();
        let result = {
            let mut state = self.lock();
            state.catch_up(&self.env, now);
            let result = work(&mut state, now);
            state.deliver(&self.env, now);
            if state.agenda.has_actions() {
                self.actions.notify_one();
            }
            let due = state.due();
            self.due
                .send_if_modified(|old| std::mem::replace(old, due) != due);
            result
        };
        self.env.touch();
        result
    }

    /// Reads the state. Players on paths are at their places of the moment.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        let mut state = self.lock();
        state.catch_up(&self.env, self.env.clock.now());
        look(&state)
    }

    /// Waits until an action of the timeline can be due.
    pub(crate) async fn wait_for_actions(&self) {
        self.actions.notified().await;
    }

    /// Notes that an action of the timeline was performed.
    pub(crate) fn action_performed(&self) {
        self.performed.send_replace(());
    }

    /// Changes after each action of the timeline.
    #[cfg(feature = "program")]
    pub(crate) fn timeline_changes(&self) -> watch::Receiver<()> {
        self.performed.subscribe()
    }

    /// Lets everything happen that is due, always.
    pub(crate) async fn keep_time(self: Arc<Self>) {
        let mut changes = self.due.subscribe();
        loop {
            let due = *changes.borrow_and_update();
            let Some(due) = due else {
                let _ = changes.changed().await;
                continue;
            };
            tokio::select! {
                () = self.env.clock.sleep_until(due) => self.with(|_, _| ()),
                _ = changes.changed() => {}
            }
        }
    }
}
