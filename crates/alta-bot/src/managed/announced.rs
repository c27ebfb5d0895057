//! The state of a group that its handlers know, and the calls that a new view requires.

use crate::view::{GroupView, Known, ServerUpdate, ServerView};
use alta_model::ServerId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The state of a group that its handlers know.
#[derive(Debug)]
pub(crate) struct Announced {
    /// The group at the last call.
    pub(crate) group: Arc<GroupView>,
    /// Its servers at the last call, except those whose state was unknown.
    servers: BTreeMap<ServerId, Arc<ServerView>>,
    /// True if no handler was called for its servers so far.
    begins: bool,
}

impl Announced {
    /// A group whose servers were not announced so far.
    pub(crate) fn without_servers(group: &Arc<GroupView>) -> Self {
        Self {
            group: Arc::clone(group),
            servers: BTreeMap::new(),
            begins: true,
        }
    }

    /// Compares the group with a new view. Returns the servers that went online or offline.
    pub(crate) fn update(&mut self, group: &Arc<GroupView>) -> Vec<ServerUpdate> {
        let mut updates = Vec::new();
        let begins = std::mem::take(&mut self.begins);
        for (id, server) in &group.servers {
            // The state of this server is unknown.
            let Some(known) = server.known else { continue };
            let before = self.servers.insert(*id, Arc::clone(server));
            let known = if begins { Known::AtStart } else { known };
            let is_changed = match before {
                Some(before) => before.is_online != server.is_online,
                // A new server that doesn't run yet has not gone offline.
                None => server.is_online || known != Known::Now,
            };
            if is_changed {
                updates.push(ServerUpdate::new(Arc::clone(server), known));
            }
        }
        self.servers.retain(|id, server| {
            let remains = group.servers.contains_key(id);
            if !remains {
                updates.extend(removed(server));
            }
            remains
        });
        self.group = Arc::clone(group);
        updates
    }

    /// The bot has left the group: its online servers count as offline.
    pub(crate) fn leave(self) -> Vec<ServerUpdate> {
        self.servers.values().filter_map(removed).collect()
    }
}

/// A removed server that was online counts as offline.
fn removed(server: &Arc<ServerView>) -> Option<ServerUpdate> {
    let mut server = Arc::clone(server);
    if !server.is_online {
        return None;
    }
    let it = Arc::make_mut(&mut server);
    (it.is_online, it.is_stale) = (false, false);
    it.known = Some(Known::Now);
    Some(ServerUpdate::new(server, Known::Now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::samples::{GROUP, SERVER, group, view};
    use serde_json::json;

    fn update(
        announced: &mut Announced,
        servers: &[(ServerId, bool, Option<Known>)],
    ) -> Vec<(ServerId, bool, Known)> {
        let servers = servers.iter().map(|(id, is_online, known)| {
            let mut server = view(GROUP, *id, *is_online, json!({}));
            server.known = *known;
            server
        });
        let updates = announced.update(&Arc::new(group(GROUP, 2, servers)));
        let updates = updates.into_iter();
        updates
            .map(|update| (update.id, update.is_online, update.known))
            .collect()
    }

    #[test]
    fn each_server_is_announced_once_per_state_with_how_it_is_known() {
        use Known::{AfterGap, AtStart, Now};
        let other = ServerId::new(9);
        let announced = &mut Announced::without_servers(&Arc::new(group(GROUP, 2, [])));
        assert_eq!(
            update(announced, &[(SERVER, false, None), (other, false, None)]),
            []
        );
        assert_eq!(
            update(
                announced,
                &[(SERVER, true, Some(AtStart)), (other, false, Some(AtStart))]
            ),
            [(other, false, AtStart), (SERVER, true, AtStart)]
        );
        assert_eq!(
            update(
                announced,
                &[
                    (SERVER, false, Some(AfterGap)),
                    (other, false, Some(AtStart))
                ]
            ),
            [(SERVER, false, AfterGap)]
        );
        assert_eq!(
            update(
                announced,
                &[(SERVER, true, Some(Now)), (other, false, Some(AtStart))]
            ),
            [(SERVER, true, Now)]
        );
        assert_eq!(update(announced, &[(SERVER, true, Some(Now))]), []);
        assert_eq!(update(announced, &[]), [(SERVER, false, Now)]);
    }

    #[test]
    fn servers_of_a_group_that_the_rules_allow_later_are_announced_as_at_the_start() {
        let announced = &mut Announced::without_servers(&Arc::new(group(GROUP, 2, [])));
        assert_eq!(
            update(announced, &[(SERVER, true, Some(Known::Now))]),
            [(SERVER, true, Known::AtStart)]
        );
    }

    #[test]
    fn a_new_server_that_does_not_run_is_not_announced_as_offline() {
        let announced = &mut Announced::without_servers(&Arc::new(group(GROUP, 2, [])));
        assert_eq!(update(announced, &[]), []);
        assert_eq!(update(announced, &[(SERVER, false, Some(Known::Now))]), []);
        assert_eq!(
            update(announced, &[(SERVER, true, Some(Known::Now))]),
            [(SERVER, true, Known::Now)]
        );
    }

    #[test]
    fn the_servers_of_a_group_that_was_left_are_announced_as_offline() {
        let mut announced = Announced::without_servers(&Arc::new(group(GROUP, 2, [])));
        update(
            &mut announced,
            &[
                (SERVER, true, Some(Known::AtStart)),
                (ServerId::new(9), false, Some(Known::AtStart)),
            ],
        );
        let updates = announced.leave();
        assert_eq!(updates.len(), 1);
        assert!(
            updates[0].id == SERVER && !updates[0].is_online && updates[0].players().is_empty()
        );
    }
}
