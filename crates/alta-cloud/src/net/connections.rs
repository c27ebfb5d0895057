use super::journal::Service;
use super::link::{Counters, Link, Outgoing};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The number of ended connections that are remembered one by one.
const PAST_LIMIT: usize = 8_192;

/// Event frames written to one connection.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SentTo {
    /// The connection's id, as in [`Received`](super::Received).
    pub connection: u64,
    /// `true` if it is still open.
    pub open: bool,
    /// `true` if it was ended because the client was too slow.
    pub overflowed: bool,
    /// The number of frames written, by event name.
    pub events: BTreeMap<String, u64>,
}

impl SentTo {
    /// The number of frames written.
    pub fn total(&self) -> u64 {
        self.events.values().sum()
    }
}

/// Event frames written by a service. A frame counts once for each connection, when it is flushed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Sent {
    /// The number of frames written, including those to connections that are no longer listed.
    pub total: u64,
    /// The connections, oldest first.
    pub connections: Vec<SentTo>,
}

impl Sent {
    /// The number of frames written of one event.
    pub fn of(&self, event: &str) -> u64 {
        self.connections
            .iter()
            .filter_map(|sent| sent.events.get(event))
            .sum()
    }
}

/// All websocket connections of a service, open and ended.
#[derive(Debug, Default)]
pub struct Connections(Mutex<Registry>);

#[derive(Debug, Default)]
struct Registry {
    last_id: u64,
    open: BTreeMap<u64, (Service, Link)>,
    past: Vec<Past>,
    /// The number of event frames written to connections that `past` no longer holds.
    forgotten: HashMap<Service, u64>,
}

#[derive(Debug)]
struct Past {
    connection: u64,
    service: Service,
    counters: Arc<Counters>,
    open: bool,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An id that no other connection has.
    pub fn next_id(&self) -> u64 {
        let mut registry = self.lock();
        registry.last_id += 1;
        registry.last_id
    }

    /// Adds a websocket whose handshake has succeeded.
    pub(super) fn opened(&self, service: Service, link: &Link) {
        let mut registry = self.lock();
        if registry.past.len() >= PAST_LIMIT {
            registry.forget_oldest();
        }
        registry.open.insert(link.id, (service, link.clone()));
        registry.past.push(Past {
            connection: link.id,
            service,
            counters: Arc::clone(&link.counters),
            open: true,
        });
    }

    /// Marks a connection as ended. Its counters stay.
    pub fn ended(&self, connection: u64) {
        let mut registry = self.lock();
        registry.open.remove(&connection);
        let past = &mut registry.past;
        if let Some(past) = past.iter_mut().find(|past| past.connection == connection) {
            past.open = false;
        }
    }

    /// Queues the same item for every open connection of some services.
    pub fn push_all(&self, which: impl Fn(Service) -> bool, outgoing: &Outgoing) {
        for (_, link) in self.lock().open.values().filter(|open| which(open.0)) {
            link.push(outgoing.clone());
        }
    }

    /// Queues an item for an open connection. Returns `false` if there is none with this id.
    pub fn push_to(&self, connection: u64, outgoing: Outgoing) -> bool {
        let registry = self.lock();
        let open = registry.open.get(&connection);
        open.is_some_and(|(_, link)| {
            link.push(outgoing);
            true
        })
    }

    /// Returns whether the queues of all open connections have been written.
    pub fn are_drained(&self) -> bool {
        let registry = self.lock();
        registry.open.values().all(|(_, link)| link.is_drained())
    }

    /// The event frames that a service has written.
    pub fn sent(&self, service: Service) -> Sent {
        let registry = self.lock();
        let past = registry.past.iter().filter(|past| past.service == service);
        let connections: Vec<SentTo> = past
            .map(|past| SentTo {
                connection: past.connection,
                open: past.open,
                overflowed: past.counters.overflowed(),
                events: past
                    .counters
                    .events()
                    .into_iter()
                    .map(|(name, count)| (name.to_string(), count))
                    .collect(),
            })
            .collect();
        let forgotten = registry.forgotten.get(&service).copied();
        Sent {
            total: forgotten.unwrap_or_default()
                + connections.iter().map(SentTo::total).sum::<u64>(),
            connections,
        }
    }
}

impl Registry {
    /// Drops the ended connections of the older half.
    fn forget_oldest(&mut self) {
        let (gone, kept) = std::mem::take(&mut self.past)
            .into_iter()
            .enumerate()
            .partition::<Vec<_>, _>(|(at, past)| !past.open && *at < PAST_LIMIT / 2);
        for (_, past) in gone {
            *self.forgotten.entry(past.service).or_insert(0) +=
                past.counters.events().values().sum::<u64>();
        }
        self.past = kept.into_iter().map(|(_, past)| past).collect();
    }
}
