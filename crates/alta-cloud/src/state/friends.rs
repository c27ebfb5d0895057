use super::cloud::Cloud;
use crate::wire::json::Node;
use crate::wire::rest_item;
use crate::wire::time::rest_time;
use jiff::Timestamp;

/// The relation of a user to another user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bond {
    /// The two are friends.
    Accepted,
    /// The other has requested a friendship.
    Requested,
    /// The user has requested a friendship.
    WaitingForReply,
}

impl Bond {
    /// The name on the wire.
    fn name(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Requested => "Requested",
            Self::WaitingForReply => "WaitingForReply",
        }
    }
}

impl Cloud {
    /// The relation of `me` to `other`.
    pub(crate) fn bond(&self, me: u64, other: u64) -> Option<Bond> {
        let requested = |from, to| self.friendships.contains_key(&(from, to));
        match (requested(me, other), requested(other, me)) {
            (true, true) => Some(Bond::Accepted),
            (true, false) => Some(Bond::WaitingForReply),
            (false, true) => Some(Bond::Requested),
            (false, false) => None,
        }
    }

    /// Requests a friendship, or accepts the other's request.
    pub(crate) fn befriend(&mut self, me: u64, other: u64, now: Timestamp) {
        if !self.friendships.contains_key(&(me, other)) {
            self.friendships.insert((me, other), now);
        }
    }

    /// Ends a friendship or the requests for one. Returns whether there was anything to end.
    pub(crate) fn unfriend(&mut self, me: u64, other: u64) -> bool {
        let mine = self.friendships.remove(&(me, other)).is_some();
        let theirs = self.friendships.remove(&(other, me)).is_some();
        mine || theirs
    }

    /// The sample's friend with the values of `other`.
    pub(crate) fn friend(&self, me: u64, other: u64) -> Option<Node> {
        let bond = self.bond(me, other)?;
        let requests = [(me, other), (other, me)];
        let since = requests
            .iter()
            .filter_map(|pair| self.friendships.get(pair))
            .max()?;
        Some(
            rest_item("friends")
                .with("id", other)
                .with("username", self.username(other))
                .with("created_at", rest_time(*since))
                .with("type", bond.name()),
        )
    }
}
