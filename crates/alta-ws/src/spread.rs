use crate::topic::Topic;
use std::collections::{BTreeMap, HashMap};

/// Names one socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LaneId(u64);

impl LaneId {
    /// The first socket, which is there with or without subscriptions.
    pub(crate) const FIRST: Self = Self(0);
}

/// Which socket holds which topic: as few sockets as needed, none above the limit.
#[derive(Debug)]
pub(crate) struct Spread {
    limit: usize,
    topics: HashMap<Topic, LaneId>,
    counts: BTreeMap<LaneId, usize>,
    next: u64,
}

impl Spread {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            topics: HashMap::new(),
            counts: BTreeMap::from([(LaneId::FIRST, 0)]),
            next: 1,
        }
    }

    /// The socket for a topic: the one that has it, else the first with room, else a new one.
    pub(crate) fn assign(&mut self, topic: &Topic) -> LaneId {
        if let Some(lane) = self.topics.get(topic) {
            return *lane;
        }
        let room = self.counts.iter().find(|(_, count)| **count < self.limit);
        let lane = room.map_or(LaneId(self.next), |(lane, _)| *lane);
        if lane == LaneId(self.next) {
            self.next += 1;
        }
        *self.counts.entry(lane).or_default() += 1;
        self.topics.insert(topic.clone(), lane);
        lane
    }

    /// The socket that has a topic.
    pub(crate) fn lane_of(&self, topic: &Topic) -> Option<LaneId> {
        self.topics.get(topic).copied()
    }

    /// A socket has forgotten a topic.
    pub(crate) fn release(&mut self, topic: &Topic, lane: LaneId) {
        if let Some(count) = self.counts.get_mut(&lane) {
            *count = count.saturating_sub(1);
        }
        if self.lane_of(topic) == Some(lane) {
            self.topics.remove(topic);
        }
    }

    /// The socket with the fewest topics, if all topics have room on the others, and some to spare: one that is closed
    /// should not have to be opened again at once.
    pub(crate) fn superfluous(&self) -> Option<LaneId> {
        let total: usize = self.counts.values().sum();
        let room = (self.counts.len() - 1).saturating_mul(self.limit);
        let others = self
            .counts
            .iter()
            .filter(|(lane, _)| **lane != LaneId::FIRST);
        let (lane, _) = others.min_by_key(|(_, count)| **count)?;
        (total <= room - room.div_ceil(10)).then_some(*lane)
    }

    /// Gives a topic to another socket with room. The one that has it keeps its place for it until it has forgotten it.
    pub(crate) fn reassign(&mut self, topic: &Topic) -> Option<LaneId> {
        let from = self.lane_of(topic)?;
        let mut others = self.counts.iter_mut();
        let (to, count) = others.find(|(lane, count)| **lane != from && **count < self.limit)?;
        *count += 1;
        self.topics.insert(topic.clone(), *to);
        Some(*to)
    }

    /// The other socket does not get it after all.
    pub(crate) fn give_back(&mut self, topic: &Topic, lane: LaneId) {
        self.topics.insert(topic.clone(), lane);
    }

    /// A socket that holds nothing is no more.
    pub(crate) fn close(&mut self, lane: LaneId) {
        self.counts.remove(&lane);
    }
}

#[cfg(test)]
impl Spread {
    /// How many places are taken.
    pub(crate) fn places(&self) -> usize {
        self.counts.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn no_socket_is_above_its_limit_and_no_topic_moves(
            limit in 1_usize..5,
            steps in proptest::collection::vec((any::<bool>(), 0_i64..20), 0..200),
        ) {
            let mut spread = Spread::new(limit);
            let mut held: HashMap<Topic, LaneId> = HashMap::new();
            for (take, id) in steps {
                let topic = Topic::known("group-update", id);
                if take {
                    let lane = spread.assign(&topic);
                    prop_assert_eq!(*held.entry(topic.clone()).or_insert(lane), lane);
                    prop_assert_eq!(spread.lane_of(&topic), Some(lane));
                } else if let Some(lane) = held.remove(&topic) {
                    spread.release(&topic, lane);
                    if lane != LaneId::FIRST && !held.values().any(|other| *other == lane) {
                        spread.close(lane);
                    }
                }
                let lanes: HashSet<_> = held.values().collect();
                for lane in lanes {
                    let count = held.values().filter(|other| *other == lane).count();
                    prop_assert!(count <= limit);
                    prop_assert_eq!(count, spread.counts[lane]);
                }
            }
        }
    }

    #[test]
    fn sockets_are_filled_before_another_is_opened() {
        let mut spread = Spread::new(2);
        let lanes: Vec<_> = (0..5)
            .map(|id| spread.assign(&Topic::known("group-update", id)))
            .collect();
        assert_eq!(
            lanes,
            [LaneId(0), LaneId(0), LaneId(1), LaneId(1), LaneId(2)]
        );
        spread.release(&Topic::known("group-update", 1), LaneId(0));
        assert_eq!(spread.assign(&Topic::known("group-update", 9)), LaneId(0));
    }
}
