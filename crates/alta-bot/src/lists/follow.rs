//! The task of a followed list: connects the machine with the main websocket and REST. It makes no decision.

use super::entry::ListEntry;
use super::machine::{Listed, Machine};
use super::shared::Shared;
use crate::clock::{now, sleep_until};
use crate::error::Error;
use alta_model::{Redactor, escaped};
use alta_rest::{Client, Pages};
use alta_socket::Shutdown;
use alta_ws::{Event, Missed, Statuses, Subscription, Topic};
use att_kit::catch_panic;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use tokio::task::JoinSet;
use tracing::{debug, info, warn};

/// The call that lists the entries.
type ListPages<T> = dyn Fn(&Client) -> Pages<T> + Send + Sync;

/// A list of the service: its events and its pages.
#[derive(Clone)]
pub(super) struct Source<T> {
    /// The topic of the events that add an entry.
    pub(super) added: Topic,
    /// The topic of the events that remove one.
    pub(super) removed: Topic,
    /// The most entries. A longer list is an error.
    pub(super) limit: usize,
    pub(super) rest: Client,
    pub(super) pages: Arc<ListPages<T>>,
}

impl<T: ListEntry + DeserializeOwned> Source<T> {
    /// Reads the whole list.
    pub(super) async fn read(&self) -> Result<Listed<T>, Error> {
        let mut pages = (self.pages)(&self.rest);
        let mut entries = Vec::new();
        let doing = || format!("reading the list of {}", self.added);
        while let Some(entry) = pages.next().await {
            entries.push(entry.map_err(|error| Error::of_rest(error, doing()))?);
            if entries.len() > self.limit {
                let error = Error::new(crate::ErrorKind::Rest, doing());
                return Err(error.caused_by(TooLong(self.limit)));
            }
        }
        Ok(Listed {
            entries,
            is_partial: !pages.skipped().is_empty(),
            is_absent: pages.is_absent(),
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the list has more than {0} entries")]
struct TooLong(usize);

pub(super) struct Follow<T: ListEntry> {
    pub(super) source: Source<T>,
    pub(super) events: Subscription<Value>,
    pub(super) statuses: Statuses,
    pub(super) redactor: Redactor,
    pub(super) shared: Arc<Shared<T>>,
}

impl<T: ListEntry + DeserializeOwned> Follow<T> {
    pub(super) async fn run(mut self, shutdown: Shutdown) {
        let _end = End(Arc::clone(&self.shared));
        let mut readings = JoinSet::new();
        let mut is_failing = false;
        let mut migrations = self.migrations();
        loop {
            let deadline = self.shared.read(Machine::deadline);
            tokio::select! {
                () = shutdown.requested() => break,
                event = self.events.next() => match event {
                    Some(event) => self.event(event),
                    None => break,
                },
                // Readings catch their panics, so each returns a result.
                Some(Ok(listed)) = readings.join_next() => self.read(listed, &mut is_failing),
                Some(_) = self.statuses.next() => {
                    let now_migrated = self.migrations();
                    if std::mem::replace(&mut migrations, now_migrated) != now_migrated {
                        self.shared.apply(|machine| machine.doubt(now()));
                    }
                }
                () = self.shared.own_ended() => {}
                () = sleep_until(deadline) => {}
            }
            let is_interrupted = self.events.interrupted_since().is_some();
            let begins = self.shared.apply(|machine| {
                machine.interrupted(is_interrupted);
                machine.begin(now())
            });
            if begins {
                let source = self.source.clone();
                readings.spawn(async move {
                    let read = catch_panic(source.read()).await;
                    match read {
                        Ok(read) => read.map_err(|error| format!("{error:?}")),
                        Err(panic) => Err(format!("the reading panicked: {panic}")),
                    }
                });
            }
        }
        readings.shutdown().await;
    }

    fn migrations(&self) -> (u64, u64) {
        let totals = self.statuses.current().totals;
        (totals.migrations, totals.failed_migrations)
    }

    fn event(&self, event: Result<Event<Value>, Missed>) {
        let decoded = match event {
            Ok(event) => {
                let is_present = event.topic == self.source.added;
                let entry = serde_json::from_value::<T>(event.data);
                let entry = entry.map_err(|error| {
                    let error = self.redactor.redact(&error.to_string()).into_owned();
                    warn!(topic = %event.topic, error = %escaped(error), "an event could not be decoded");
                });
                entry.map(|entry| (entry, is_present))
            }
            Err(_) => Err(()),
        };
        self.shared.apply(|machine| match decoded {
            Ok((entry, is_present)) => machine.event(entry, is_present, now()),
            Err(()) => machine.missed(now()),
        });
    }

    fn read(&self, listed: Result<Listed<T>, String>, is_failing: &mut bool) {
        let because = match listed {
            Ok(listed) => {
                let is_used = self.shared.apply(|machine| machine.listed(listed, now()));
                (!is_used).then(|| "the service sent no list".to_owned())
            }
            Err(because) => {
                self.shared.apply(|machine| machine.failed(now()));
                Some(because)
            }
        };
        let list = &self.source.added;
        match because {
            // Repeated failures are logged at debug only.
            Some(because) if !std::mem::replace(is_failing, true) => {
                warn!(%list, because, "a list could not be read, trying again");
            }
            Some(because) => debug!(%list, because, "a list could not be read, trying again"),
            None if std::mem::replace(is_failing, false) => info!(%list, "a list was read again"),
            None => {}
        }
    }
}

/// Ends the streams when the task ends in any way.
struct End<T: ListEntry>(Arc<Shared<T>>);

impl<T: ListEntry> Drop for End<T> {
    fn drop(&mut self) {
        self.0.end();
    }
}
