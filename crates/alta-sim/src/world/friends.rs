use jiff::Timestamp;

use super::World;
use crate::clock::rest_time;
use crate::json::Node;
use crate::recordings;

/// How somebody stands to another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bond {
    Accepted,
    /// The other has asked.
    Requested,
    /// The other was asked.
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

impl World {
    /// How `me` stands to `other`.
    pub(crate) fn bond(&self, me: u64, other: u64) -> Option<Bond> {
        let asked = |who, whom| self.friendships.contains_key(&(who, whom));
        match (asked(me, other), asked(other, me)) {
            (true, true) => Some(Bond::Accepted),
            (true, false) => Some(Bond::WaitingForReply),
            (false, true) => Some(Bond::Requested),
            (false, false) => None,
        }
    }

    /// Asks for a friendship, or accepts.
    pub(crate) fn befriend(&mut self, me: u64, other: u64, now: Timestamp) {
        self.friendships.entry((me, other)).or_insert(now);
    }

    /// Ends whatever there is between the two; false if there is nothing.
    pub(crate) fn part(&mut self, me: u64, other: u64) -> bool {
        let mine = self.friendships.remove(&(me, other)).is_some();
        let theirs = self.friendships.remove(&(other, me)).is_some();
        mine || theirs
    }

    /// The fixture's friend with the other's values.
    pub(crate) fn friend(&self, me: u64, other: u64) -> Option<Node> {
        let bond = self.bond(me, other)?;
        let asked = [(me, other), (other, me)];
        let since = asked
            .iter()
            .filter_map(|pair| self.friendships.get(pair))
            .max()?;
        Some(
            recordings::rest_item("friends")
                .with("id", other)
                .with("username", self.username(other))
                .with("created_at", rest_time(*since))
                .with("type", bond.name()),
        )
    }
}
