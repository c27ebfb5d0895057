use super::super::spread::SocketId;
use crate::pool::{Pool, WAITING_CALLS};
use crate::socket::Census;

impl Pool {
    pub(crate) fn token_of_requests(&self) -> Option<alta_auth::Token> {
        self.tokens.token().cloned()
    }

    /// The number of waiters for a confirmation.
    pub(crate) fn waiting(&self) -> usize {
        self.waiters.len()
    }

    /// Checks that its memory is within its bounds.
    pub(super) fn check_bounds(&self) {
        let mut batches = 0;
        for socket in self.sockets.values() {
            let census = socket.census();
            assert!(census.topics <= self.config.subscriptions_per_socket);
            assert!(census.calls <= WAITING_CALLS + self.config.max_in_flight);
            batches += census.batches;
        }
        assert_eq!(batches, usize::from(self.common.batch_under_way));
        assert!(self.owners.len() <= 2 * self.sockets.len() + 1);
    }

    pub(super) fn moves_nothing(&self) -> bool {
        self.moves.is_empty()
    }

    pub(super) fn has_no_spare_socket(&self) -> bool {
        self.spread.spare().is_none() && self.moves_nothing()
    }

    /// Checks that it keeps nothing of completed work.
    pub(crate) fn check_rest(&self, wanted: usize) {
        let topics: usize = self
            .sockets
            .values()
            .map(|socket| socket.census().topics)
            .sum();
        assert_eq!(topics, wanted);
        for (id, socket) in &self.sockets {
            let census = socket.census();
            let rest = Census {
                topics: census.topics,
                ..Census::default()
            };
            assert_eq!(census, rest, "{id:?}");
            assert!(census.topics > 0 || *id == SocketId::FIRST);
        }
        assert!(self.migrations.is_empty() && self.outbox.is_empty() && self.waiters.is_empty());
        assert_eq!(self.spread.spare(), None);
        assert_eq!(self.spread.places(), wanted);
    }
}
