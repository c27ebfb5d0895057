use crate::config::Config;
use crate::state::State;
use crate::world::World;
use alta_cloud::net::Env;
use jiff::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;

/// Everything that the tasks of the simulator share: the state under its lock, and the parts that need no lock.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) env: Env,
    pub(crate) config: Config,
}

impl Shared {
    pub(crate) fn new(config: Config, runtime: Handle, world: World) -> Self {
        let next_port = if config.port == 0 {
            0
        } else {
            config.port.saturating_add(2)
        };
        Self {
            state: Mutex::new(State::new(world, config.timeout, next_port)),
            env: Env::new(runtime, config.journal, config.queue),
            config,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the state, then delivers the events that the work has added, and wakes all waiters for a change.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State, Timestamp) -> T) -> T {
        let now = self.env.clock.now();
        let result = {
            let mut state = self.lock();
            let result = work(&mut state, now);
            state.deliver(&self.env, now);
            result
        };
        self.env.touch();
        result
    }

    /// Reads the state.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }
}
