use super::{Store, StoreError, StoreErrorKind};
use crate::net::Env;
use crate::state::{Cloud, Config, DamagedRow, HashError, SigningKey, key_of, key_row};
use jiff::Timestamp;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The state and its store, for the tasks of a service.
#[derive(Debug)]
pub struct SharedCloud(Mutex<Kept>);

struct Kept {
    cloud: Cloud,
    store: Box<dyn Store>,
    /// Another process has written, and the state is older.
    is_stale: bool,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

impl SharedCloud {
    /// Loads the state. An empty store gets a random key that signs tokens.
    ///
    /// # Errors
    ///
    /// The store cannot be read or written, or contains something that is no state.
    pub fn open(
        config: Config,
        mut store: Box<dyn Store>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let rows = store.load()?;
        let key = match key_of(&rows).map_err(|row| damaged(&*store, &row))? {
            Some(key) => key,
            None => new_key(&mut *store)?,
        };
        let seed = SigningKey::random().map_err(|error| no_random(&*store, error))?;
        let mut cloud = Cloud::with_key(config, key, seed.to_seed());
        cloud
            .restore(&rows, now)
            .map_err(|row| damaged(&*store, &row))?;
        cloud.drop_events();
        Ok(Self(Mutex::new(Kept {
            cloud,
            store,
            is_stale: false,
        })))
    }

    /// Works on the state under its lock, and stores the changes. After that, delivers the events and wakes all waiters for a change.
    /// Writing blocks the thread for some milliseconds; work that changes nothing stored does not write.
    ///
    /// # Errors
    ///
    /// The changes could not be stored. They are undone, and no event was sent.
    pub fn with<T>(
        &self,
        env: &Env,
        work: impl FnOnce(&mut Cloud, Timestamp) -> T,
    ) -> Result<T, StoreError> {
        let (result, stored) = self.run(env, work);
        stored.map(|()| result)
    }

    /// The same, with the result of the work also if its changes could not be stored: for work that changes what is not stored, such
    /// as connections, players and online states.
    pub fn run<T>(
        &self,
        env: &Env,
        work: impl FnOnce(&mut Cloud, Timestamp) -> T,
    ) -> (T, Result<(), StoreError>) {
        let now = env.clock.now();
        let result = {
            let mut kept = self.lock();
            let result = kept.change(now, work);
            kept.cloud.deliver(env);
            result
        };
        env.touch();
        result
    }

    /// Works on the state before the service runs: stores the changes, and sends no events.
    ///
    /// # Errors
    ///
    /// The changes could not be stored. They are undone.
    pub fn prepare<T>(
        &self,
        now: Timestamp,
        work: impl FnOnce(&mut Cloud, Timestamp) -> T,
    ) -> Result<T, StoreError> {
        let mut kept = self.lock();
        let (result, stored) = kept.change(now, work);
        kept.cloud.drop_events();
        stored.map(|()| result)
    }

    /// Reads the state.
    pub fn look<T>(&self, look: impl FnOnce(&Cloud) -> T) -> T {
        look(&self.lock().cloud)
    }

    /// Takes over the changes of another process, if there are any, and delivers their events. Returns whether there were any.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or contains something that is no state. The state stays as it is.
    pub fn reload(&self, env: &Env) -> Result<bool, StoreError> {
        let now = env.clock.now();
        {
            let mut kept = self.lock();
            if !kept.is_stale && !kept.store.is_changed_elsewhere()? {
                return Ok(false);
            }
            kept.reload(now)?;
            kept.cloud.deliver(env);
        }
        env.touch();
        Ok(true)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn change<T>(
        &mut self,
        now: Timestamp,
        work: impl FnOnce(&mut Cloud, Timestamp) -> T,
    ) -> (T, Result<(), StoreError>) {
        let result = work(&mut self.cloud, now);
        let stored = self.save();
        match &stored {
            Ok(()) => self.cloud.settle(),
            Err(error) => {
                self.cloud.undo();
                if error.kind() == StoreErrorKind::ChangedElsewhere {
                    // If this fails, the next `reload` tries again.
                    let _ = self.reload(now);
                }
            }
        }
        (result, stored)
    }

    fn save(&mut self) -> Result<(), StoreError> {
        let rows = self.cloud.changes();
        if rows.is_empty() {
            return Ok(());
        }
        self.store.save(&rows)
    }

    fn reload(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.is_stale = true;
        let rows = self.store.load()?;
        let restored = self.cloud.restore(&rows, now);
        restored.map_err(|row| damaged(&*self.store, &row))?;
        self.is_stale = false;
        Ok(())
    }
}

fn new_key(store: &mut dyn Store) -> Result<SigningKey, StoreError> {
    let key = SigningKey::random().map_err(|error| no_random(store, error))?;
    store.save(&[key_row(&key)])?;
    Ok(key)
}

fn no_random(store: &dyn Store, error: HashError) -> StoreError {
    StoreError::new(StoreErrorKind::Io, format_args!("{store:?}")).because(error)
}

fn damaged(store: &dyn Store, row: &DamagedRow) -> StoreError {
    StoreError::new(StoreErrorKind::Damaged, format_args!("{store:?}")).because(row.to_string())
}
