//! The state that the driver of a view writes and its handles read.

use super::{Change, GroupView};
use alta_model::{GroupId, ServerId, Timestamp};
use alta_socket::{Footprint, Hub, QueueConfig};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The state of a view.
pub(super) struct Shared {
    known: RwLock<Known>,
    pub(super) changes: Hub<(), Change>,
    pub(super) queue: QueueConfig,
}

#[derive(Default)]
pub(super) struct Known {
    pub(super) groups: BTreeMap<GroupId, Arc<GroupView>>,
    pub(super) group_of: HashMap<ServerId, GroupId>,
    pub(super) read_at: Option<Timestamp>,
}

impl Shared {
    pub(super) fn new(queue: QueueConfig) -> Self {
        Self {
            known: RwLock::default(),
            changes: Hub::default(),
            queue,
        }
    }

    /// Sets a group's new state, then publishes the changes, so that a reader of a change finds it in the view.
    pub(super) fn show(&self, group: GroupId, view: Option<Arc<GroupView>>, changes: &[Change]) {
        {
            let mut known = self.write();
            let known = &mut *known;
            for change in changes {
                match *change {
                    Change::ServerAdded(_, server) => {
                        known.group_of.insert(server, group);
                    }
                    // Another group may have the server by now.
                    Change::ServerRemoved(_, server)
                        if known.group_of.get(&server) == Some(&group) =>
                    {
                        known.group_of.remove(&server);
                    }
                    _ => {}
                }
            }
            if let Some(view) = view {
                known.groups.insert(group, view);
            } else {
                known.groups.remove(&group);
                known.group_of.retain(|_, of| *of != group);
            }
        }
        for change in changes {
            self.changes.publish(&(), *change);
        }
    }

    pub(super) fn group_of(&self, server: ServerId) -> Option<GroupId> {
        self.read().group_of.get(&server).copied()
    }

    pub(super) fn read_now(&self) {
        self.write().read_at = Some(Timestamp::now());
    }

    pub(super) fn end(&self) {
        self.changes.end();
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Known> {
        // No code under the lock can panic.
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Footprint for Change {
    fn footprint(&self) -> usize {
        size_of::<Self>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::samples::{GROUP, SERVER, group, view};
    use serde_json::json;

    #[test]
    fn a_server_that_has_moved_is_found_in_its_new_group_although_the_old_one_loses_it_later() {
        let shared = Shared::new(QueueConfig::default());
        let new = GroupId::new(2_000_000_032);
        let with_it = |id| Some(Arc::new(group(id, 2, [view(id, SERVER, true, json!({}))])));
        shared.show(GROUP, with_it(GROUP), &[Change::ServerAdded(GROUP, SERVER)]);
        shared.show(new, with_it(new), &[Change::ServerAdded(new, SERVER)]);
        let without = Some(Arc::new(group(GROUP, 2, [])));
        shared.show(GROUP, without, &[Change::ServerRemoved(GROUP, SERVER)]);
        assert_eq!(shared.read().group_of.get(&SERVER), Some(&new));
        shared.show(new, None, &[Change::GroupLeft(new)]);
        assert!(shared.read().group_of.is_empty());
    }
}
