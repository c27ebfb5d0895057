use alta_model::{GroupId, InvitedGroup, Member, Timestamp, UserId};
use std::fmt;
use std::time::Duration;

/// Two times of one entry that differ by less are equal: events and lists have different fractions of a second.
const SAME_TIME: Duration = Duration::from_secs(1);

/// An entry of a [`FollowedList`](crate::FollowedList): a [`Member`] by its user, or an [`InvitedGroup`] by its group.
pub trait ListEntry: Clone + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// The id of the entry.
    type Key: Copy + fmt::Debug + Ord + Send + Sync + 'static;

    /// The id of this entry.
    fn key(&self) -> Self::Key;

    /// Returns whether another version of the entry contains other data. A field that one of them does not have is no
    /// difference: events have fewer fields than lists.
    fn differs(&self, other: &Self) -> bool;

    /// About the number of bytes that it holds.
    fn bytes(&self) -> usize;
}

impl ListEntry for Member {
    type Key = UserId;

    fn key(&self) -> UserId {
        self.user_id
    }

    fn differs(&self, other: &Self) -> bool {
        text_differs(&self.username, &other.username)
            || value_differs(self.role_id.as_ref(), other.role_id.as_ref())
            || value_differs(self.icon.as_ref(), other.icon.as_ref())
            || time_differs(self.created_at, other.created_at)
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.username.len()
    }
}

impl ListEntry for InvitedGroup {
    type Key = GroupId;

    fn key(&self) -> GroupId {
        self.id
    }

    /// The number of members is not compared, since it changes while the invitation stays the same.
    fn differs(&self, other: &Self) -> bool {
        text_differs(&self.name, &other.name)
            || text_differs(&self.description, &other.description)
            || value_differs(self.r#type.as_ref(), other.r#type.as_ref())
            || time_differs(self.invited_at, other.invited_at)
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.name.len() + self.description.len()
    }
}

fn text_differs(one: &str, other: &str) -> bool {
    !one.is_empty() && !other.is_empty() && one != other
}

fn value_differs<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

fn time_differs(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return false;
    };
    let (earlier, later) = (one.min(other), one.max(other));
    later.saturating_duration_since(earlier) >= SAME_TIME
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::samples::read;
    use serde_json::json;

    #[test]
    fn absent_fields_and_fractions_of_a_second_are_no_difference() {
        let with = |name: &str, value: serde_json::Value| -> Member {
            read(json!({"group_id": 1, "user_id": 2, name: value}))
        };
        let listed: Member = read(json!({
            "group_id": 1, "user_id": 2, "username": "O'Neil", "role_id": 0, "created_at": "2022-05-15T19:36:30.123Z",
        }));
        assert!(!listed.differs(&with("created_at", json!("2022-05-15T19:36:30.1234567Z"))));
        assert!(listed.differs(&with("created_at", json!("2022-05-15T19:36:32Z"))));
        assert!(listed.differs(&with("username", json!("-Bee-"))));
        assert!(listed.differs(&with("role_id", json!(1))));
    }

    #[test]
    fn a_later_invitation_differs_and_another_number_of_members_does_not() {
        let with = |name: &str, value: serde_json::Value| -> InvitedGroup {
            read(json!({"id": 5, name: value}))
        };
        let first: InvitedGroup = read(json!({
            "id": 5, "name": "J.K.", "invited_at": "2022-05-15T19:36:30Z", "member_count": 3,
        }));
        assert!(!first.differs(&with("member_count", json!(4))));
        assert!(first.differs(&with("invited_at", json!("2022-05-15T19:40:00Z"))));
        assert!(first.differs(&with("name", json!("1234"))));
    }
}
