use super::{Row, Store, StoreError, StoreErrorKind};
use crate::net::Env;
use crate::state::{Cloud, Config, DamagedRow, Events, HashError, SigningKey, key_of, key_row};
use jiff::Timestamp;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::spawn_blocking;

/// The state and its store, for the tasks of a service.
pub struct SharedCloud {
    kept: Mutex<Kept>,
    /// Locked after `kept`, or alone.
    store: Mutex<Box<dyn Store>>,
    /// The name of the store in errors.
    name: String,
    /// Held by the change that is stored outside the lock of the state.
    turn: Arc<tokio::sync::Mutex<()>>,
}

struct Kept {
    cloud: Cloud,
    /// Another process has written, and the state is older.
    is_stale: bool,
    /// The rows that are being stored outside the lock. The state is still without them.
    storing: Arc<Vec<Row>>,
}

/// A change that is undone until it is stored.
struct Pending {
    rows: Arc<Vec<Row>>,
    events: Events,
}

impl fmt::Debug for SharedCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
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
        Ok(Self {
            kept: Mutex::new(Kept {
                cloud,
                is_stale: false,
                storing: Arc::default(),
            }),
            name: format!("{store:?}"),
            store: Mutex::new(store),
            turn: Arc::default(),
        })
    }

    /// Works on the state under its lock, stores the changes outside it, and then delivers the events and wakes all waiters for a
    /// change. Until the changes are stored, the state is without them, and others work on it. One change is stored at a time.
    ///
    /// Cancel safe: a change that is being stored is completed.
    ///
    /// # Errors
    ///
    /// The changes could not be stored. They are undone, and no event was sent.
    pub async fn change<T>(
        self: &Arc<Self>,
        env: &Arc<Env>,
        work: impl FnOnce(&mut Cloud, Timestamp) -> T,
    ) -> Result<T, StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let (result, pending) = self.begin(env, work);
        if let Some(pending) = pending {
            let (shared, env) = (Arc::clone(self), Arc::clone(env));
            let storing = spawn_blocking(move || {
                let stored = shared.finish(&env, pending);
                drop(turn);
                stored
            });
            let stored = storing.await.unwrap_or_else(|error| {
                let failed = StoreError::new(StoreErrorKind::Io, &self.name);
                Err(failed.because(error))
            });
            stored?;
        }
        Ok(result)
    }

    /// The first half of a change: the work. Its changes are undone until they are stored.
    fn begin<T>(
        &self,
        env: &Env,
        work: impl FnOnce(&mut Cloud, Timestamp) -> T,
    ) -> (T, Option<Pending>) {
        let now = env.clock.now();
        let mut kept = self.lock();
        let result = work(&mut kept.cloud, now);
        let rows = Arc::new(kept.cloud.changes());
        if rows.is_empty() {
            kept.cloud.deliver(env);
            drop(kept);
            env.touch();
            return (result, None);
        }
        let events = kept.cloud.take_events();
        kept.cloud.undo();
        kept.storing = Arc::clone(&rows);
        (result, Some(Pending { rows, events }))
    }

    /// The second half of a change: stores it, and applies it again.
    fn finish(&self, env: &Env, pending: Pending) -> Result<(), StoreError> {
        let Pending { rows, events } = pending;
        let stored = self.store().save(&rows);
        let now = env.clock.now();
        let mut kept = self.lock();
        kept.storing = Arc::default();
        match &stored {
            Ok(()) => match kept.cloud.apply(&rows) {
                Ok(()) => kept.cloud.put_events(events),
                // The store has what the state lacks.
                Err(_) => kept.is_stale = true,
            },
            Err(error) if error.kind() == StoreErrorKind::ChangedElsewhere => {
                // If this fails, the next `reload` tries again.
                let _ = self.load(&mut kept, now);
            }
            Err(_) => {}
        }
        kept.cloud.deliver(env);
        drop(kept);
        env.touch();
        stored
    }

    /// Works on the state under its lock, and stores the changes. After that, delivers the events and wakes all waiters for a change.
    /// Writing blocks the thread for some milliseconds, and others wait for the state meanwhile; work that changes nothing stored
    /// does not write. A service uses [`change`](Self::change) for the requests of clients.
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
            let result = self.work(&mut kept, now, work);
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
        let (result, stored) = self.work(&mut kept, now, work);
        kept.cloud.drop_events();
        stored.map(|()| result)
    }

    /// Reads the state.
    pub fn look<T>(&self, look: impl FnOnce(&Cloud) -> T) -> T {
        look(&self.lock().cloud)
    }

    /// Takes over the changes of another process, if there are any, and delivers their events. Returns whether there were any; `false`
    /// also while a change is being stored.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or contains something that is no state. The state stays as it is.
    pub fn reload(&self, env: &Env) -> Result<bool, StoreError> {
        let Ok(_turn) = self.turn.try_lock() else {
            return Ok(false);
        };
        let now = env.clock.now();
        {
            let mut kept = self.lock();
            if !kept.is_stale && !self.store().is_changed_elsewhere()? {
                return Ok(false);
            }
            self.load(&mut kept, now)?;
            kept.cloud.deliver(env);
        }
        env.touch();
        Ok(true)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self) -> MutexGuard<'_, Box<dyn Store>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work<T>(
        &self,
        kept: &mut Kept,
        now: Timestamp,
        work: impl FnOnce(&mut Cloud, Timestamp) -> T,
    ) -> (T, Result<(), StoreError>) {
        let result = work(&mut kept.cloud, now);
        let stored = self.save(kept);
        match &stored {
            Ok(()) => kept.cloud.settle(),
            Err(error) => {
                kept.cloud.undo();
                if error.kind() == StoreErrorKind::ChangedElsewhere {
                    // If this fails, the next `reload` tries again.
                    let _ = self.load(kept, now);
                }
            }
        }
        (result, stored)
    }

    fn save(&self, kept: &Kept) -> Result<(), StoreError> {
        let rows = kept.cloud.changes();
        if rows.is_empty() {
            return Ok(());
        }
        let is_same = |row: &Row, other: &Row| row.kind == other.kind && row.key == other.key;
        let mut storing = kept.storing.iter();
        if storing.any(|row| rows.iter().any(|other| is_same(row, other))) {
            // It would undo that change in the store.
            let locked = StoreError::new(StoreErrorKind::Locked, &self.name);
            return Err(locked.because("another change of the same row is being stored"));
        }
        self.store().save(&rows)
    }

    fn load(&self, kept: &mut Kept, now: Timestamp) -> Result<(), StoreError> {
        kept.is_stale = true;
        let mut store = self.store();
        let rows = store.load()?;
        let restored = kept.cloud.restore(&rows, now);
        restored.map_err(|row| damaged(&**store, &row))?;
        kept.is_stale = false;
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

#[cfg(test)]
mod tests;
