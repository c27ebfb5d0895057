use crate::fleet::{Fleet, WAITING_CALLS};
use crate::machine::Census;
use crate::spread::LaneId;

impl Fleet {
    /// Looks whether it keeps no more than it may.
    pub(super) fn check_bounds(&self) {
        let mut batches = 0;
        for lane in self.lanes.values() {
            let census = lane.census();
            assert!(census.topics <= self.config.subscriptions_per_socket);
            assert!(census.calls <= WAITING_CALLS + self.config.max_in_flight);
            batches += census.batches;
        }
        assert_eq!(batches, usize::from(self.shared.batch_under_way));
        assert!(self.owners.len() <= 2 * self.lanes.len() + 1);
        assert!(self.shared.released.is_empty() && self.shared.migrated.is_empty());
    }

    pub(super) fn moves_nothing(&self) -> bool {
        self.moves.is_empty()
    }

    pub(super) fn has_no_socket_to_spare(&self) -> bool {
        self.spread.superfluous().is_none() && self.moves_nothing()
    }

    /// Looks whether nothing is left of what is over.
    pub(super) fn check_rest(&self, wanted: usize) {
        let topics: usize = self.lanes.values().map(|lane| lane.census().topics).sum();
        assert_eq!(topics, wanted);
        for (id, lane) in &self.lanes {
            let census = lane.census();
            let rest = Census {
                topics: census.topics,
                ..Census::default()
            };
            assert_eq!(census, rest, "{id:?}");
            assert!(census.topics > 0 || *id == LaneId::FIRST);
        }
        assert!(self.migrators.is_empty() && self.shared.out.is_empty());
        assert_eq!(self.spread.superfluous(), None);
        assert_eq!(self.spread.places(), wanted);
    }
}
