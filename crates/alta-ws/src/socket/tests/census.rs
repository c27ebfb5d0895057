use crate::socket::up::conn::{Open, Purpose};
use crate::socket::{Socket, State};
use std::collections::BTreeSet;

/// The contents of a socket's memory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    pub(crate) topics: usize,
    /// Topics with a timer.
    pub(crate) to_do: usize,
    pub(crate) calls: usize,
    pub(crate) in_flight: usize,
    pub(crate) batches: usize,
    pub(crate) migrators: usize,
}

impl Socket {
    /// Counts the contents, and checks that they are within their bounds.
    pub(crate) fn census(&self) -> Census {
        let topics = self.core.ledger.len();
        assert!(self.core.ledger.to_do() <= 2 * topics);
        let mut census = Census {
            topics,
            to_do: self.core.ledger.to_do(),
            calls: self.core.calls.len(),
            ..Census::default()
        };
        let State::Up(up) = &self.state else {
            return census;
        };
        census.migrators = up.migrators.len();
        census.to_do += up.renewed.len();
        assert!(up.renewed.len() <= topics && up.conn.kept() <= self.core.config.max_in_flight);
        let open: Vec<&Open> = up.conn.requests.iter().map(|(_, open)| open).collect();
        assert!(open.len() <= self.core.config.max_in_flight);
        let of_topics = open.iter().flat_map(|open| match &open.purpose {
            Purpose::Subscribe(topic) | Purpose::Unsubscribe(topic) => std::slice::from_ref(topic),
            Purpose::Batch(topics) => topics,
            _ => &[],
        });
        let distinct: BTreeSet<_> = of_topics.clone().collect();
        let count = of_topics.count();
        assert_eq!(count, distinct.len(), "one request for a topic at a time");
        let batches = open.iter();
        let batches = batches.filter(|open| matches!(open.purpose, Purpose::Batch(_)));
        census.batches = batches.count();
        census.in_flight = open.len();
        census
    }
}
