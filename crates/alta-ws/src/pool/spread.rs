use crate::topic::Topic;
use foldhash::fast::RandomState;
use std::collections::{BTreeMap, HashMap};

/// The id of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SocketId(u64);

impl SocketId {
    /// The first socket, which exists even without subscriptions.
    pub(crate) const FIRST: Self = Self(0);
}

/// The assignment of topics to sockets: as few sockets as necessary, none above the limit.
#[derive(Debug)]
pub(crate) struct Spread {
    limit: usize,
    topics: HashMap<Topic, SocketId, RandomState>,
    counts: BTreeMap<SocketId, usize>,
    next: u64,
}

impl Spread {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            topics: HashMap::default(),
            counts: BTreeMap::from([(SocketId::FIRST, 0)]),
            next: 1,
        }
    }

    /// The socket for a topic: the one that has it, otherwise the first with room, otherwise a new one.
    pub(crate) fn assign(&mut self, topic: &Topic) -> SocketId {
        if let Some(socket) = self.topics.get(topic) {
            return *socket;
        }
        let room = self.counts.iter().find(|(_, count)| **count < self.limit);
        let socket = room.map_or(SocketId(self.next), |(socket, _)| *socket);
        if socket == SocketId(self.next) {
            self.next += 1;
        }
        *self.counts.entry(socket).or_default() += 1;
        self.topics.insert(topic.clone(), socket);
        socket
    }

    /// The socket that has a topic.
    pub(crate) fn socket_of(&self, topic: &Topic) -> Option<SocketId> {
        self.topics.get(topic).copied()
    }

    /// A socket has dropped a topic.
    pub(crate) fn release(&mut self, topic: &Topic, socket: SocketId) {
        if let Some(count) = self.counts.get_mut(&socket) {
            *count = count.saturating_sub(1);
        }
        if self.socket_of(topic) == Some(socket) {
            self.topics.remove(topic);
        }
    }

    /// The socket with the fewest topics, if the other sockets have room for all topics and a reserve, so that the next
    /// subscription does not open a socket again.
    pub(crate) fn spare(&self) -> Option<SocketId> {
        let total: usize = self.counts.values().sum();
        let room = (self.counts.len() - 1).saturating_mul(self.limit);
        let others = self
            .counts
            .iter()
            .filter(|(socket, _)| **socket != SocketId::FIRST);
        let (socket, _) = others.min_by_key(|(_, count)| **count)?;
        (total <= room - room.div_ceil(10)).then_some(*socket)
    }

    /// Assigns a topic to another socket with room. The old socket keeps the topic's place until it drops the topic.
    pub(crate) fn reassign(&mut self, topic: &Topic) -> Option<SocketId> {
        let from = self.socket_of(topic)?;
        let mut others = self.counts.iter_mut();
        let (to, count) =
            others.find(|(socket, count)| **socket != from && **count < self.limit)?;
        *count += 1;
        self.topics.insert(topic.clone(), *to);
        Some(*to)
    }

    /// Cancels such an assignment.
    pub(crate) fn give_back(&mut self, topic: &Topic, socket: SocketId) {
        self.topics.insert(topic.clone(), socket);
    }

    /// Removes a socket without topics.
    pub(crate) fn close(&mut self, socket: SocketId) {
        self.counts.remove(&socket);
    }
}

#[cfg(test)]
impl Spread {
    /// The number of places that are taken.
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
            let mut held: HashMap<Topic, SocketId> = HashMap::new();
            for (take, id) in steps {
                let topic = Topic::known("group-update", id);
                if take {
                    let socket = spread.assign(&topic);
                    prop_assert_eq!(*held.entry(topic.clone()).or_insert(socket), socket);
                    prop_assert_eq!(spread.socket_of(&topic), Some(socket));
                } else if let Some(socket) = held.remove(&topic) {
                    spread.release(&topic, socket);
                    if socket != SocketId::FIRST && !held.values().any(|other| *other == socket) {
                        spread.close(socket);
                    }
                }
                let sockets: HashSet<_> = held.values().collect();
                for socket in sockets {
                    let count = held.values().filter(|other| *other == socket).count();
                    prop_assert!(count <= limit);
                    prop_assert_eq!(count, spread.counts[socket]);
                }
            }
        }
    }

    #[test]
    fn sockets_are_filled_before_another_is_opened() {
        let mut spread = Spread::new(2);
        let sockets: Vec<_> = (0..5)
            .map(|id| spread.assign(&Topic::known("group-update", id)))
            .collect();
        assert_eq!(
            sockets,
            [
                SocketId(0),
                SocketId(0),
                SocketId(1),
                SocketId(1),
                SocketId(2)
            ]
        );
        spread.release(&Topic::known("group-update", 1), SocketId(0));
        assert_eq!(spread.assign(&Topic::known("group-update", 9)), SocketId(0));
    }
}
