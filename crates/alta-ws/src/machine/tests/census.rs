use crate::machine::conn::{Open, Purpose};
use crate::machine::{Lane, Phase};
use std::collections::BTreeSet;

/// What a socket keeps in memory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    pub(crate) topics: usize,
    /// Topics that are to be looked at, now or later.
    pub(crate) to_do: usize,
    pub(crate) calls: usize,
    pub(crate) in_flight: usize,
    pub(crate) batches: usize,
    pub(crate) migrators: usize,
}

impl Lane {
    /// Counts what it keeps, and looks whether that is within its bounds.
    pub(crate) fn census(&self) -> Census {
        let topics = self.topics.len();
        assert!(self.due.len() <= topics && self.timers.len() <= topics);
        let mut census = Census {
            topics,
            to_do: self.due.len() + self.timers.len(),
            calls: self.calls.len(),
            migrators: self.migrators.len(),
            ..Census::default()
        };
        let Phase::Up(up) = &self.phase else {
            return census;
        };
        let open: Vec<&Open> = up.conn.requests.iter().map(|(_, open)| open).collect();
        assert!(open.len() <= self.config.max_in_flight);
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
