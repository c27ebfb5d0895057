use crate::view::Known;
use std::sync::Arc;

/// A change of a [`FollowedList`](crate::FollowedList).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ListChange<T> {
    /// The entry after the change; for [`ListChangeKind::Removed`], as last known.
    pub entry: Arc<T>,
    /// The change.
    pub kind: ListChangeKind<T>,
    /// True if a function of this list has made the change, such as [`Bans::ban`](crate::Bans::ban); false for a change by
    /// another program or by a person. If both change an entry in the same way at the same time, the first change counts as
    /// the list's own.
    pub is_own: bool,
    /// The source: [`AtStart`](Known::AtStart) with [`ListChangeKind::Found`], [`Now`](Known::Now) for an event, and
    /// [`AfterGap`](Known::AfterGap) if the list was read again, so that the change happened some time before.
    pub known: Known,
}

/// The kind of a [`ListChange`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ListChangeKind<T> {
    /// The entry was in the list when the stream began.
    Found,
    /// The entry is new.
    Added,
    /// The entry has another name, time or other field.
    Changed {
        /// The previous entry.
        from: Arc<T>,
    },
    /// The entry is no longer in the list.
    Removed,
}

impl<T> ListChange<T> {
    /// Returns whether the entry is new since the stream began.
    pub fn is_added(&self) -> bool {
        matches!(self.kind, ListChangeKind::Added)
    }

    /// Returns whether the entry is no longer in the list.
    pub fn is_removed(&self) -> bool {
        matches!(self.kind, ListChangeKind::Removed)
    }
}
