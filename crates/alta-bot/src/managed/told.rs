//! The servers of a group as their handlers know them, and the calls that a new view requires.

use crate::view::{GroupView, Known, ServerNews, ServerView};
use alta_model::ServerId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The state of a group that its handlers know.
#[derive(Debug)]
pub(crate) struct Told {
    /// The group at the last call.
    pub(crate) group: Arc<GroupView>,
    /// Its servers at the last call, without those whose state was unknown.
    servers: BTreeMap<ServerId, Arc<ServerView>>,
    /// Whether no handler was called for its servers yet.
    begins: bool,
}

impl Told {
    /// No handler was called for the group's servers yet.
    pub(crate) fn nothing_of(group: &Arc<GroupView>) -> Self {
        Self {
            group: Arc::clone(group),
            servers: BTreeMap::new(),
            begins: true,
        }
    }

    /// Compares the group with a new view. Returns the servers that have come online or gone offline.
    pub(crate) fn look(&mut self, group: &Arc<GroupView>) -> Vec<ServerNews> {
        let mut news = Vec::new();
        let begins = std::mem::take(&mut self.begins);
        for (id, server) in &group.servers {
            // The state of this server is not known yet.
            let Some(known) = server.known else { continue };
            let before = self.servers.insert(*id, Arc::clone(server));
            let known = if begins { Known::AtStart } else { known };
            let is_news = match before {
                Some(before) => before.is_online != server.is_online,
                // A new server that doesn't run yet has not gone offline.
                None => server.is_online || known != Known::Now,
            };
            if is_news {
                news.push(ServerNews::new(Arc::clone(server), known));
            }
        }
        self.servers.retain(|id, server| {
            let remains = group.servers.contains_key(id);
            if !remains {
                news.extend(gone(server));
            }
            remains
        });
        self.group = Arc::clone(group);
        news
    }

    /// The bot has left the group: its servers that were online have gone offline.
    pub(crate) fn end(self) -> Vec<ServerNews> {
        self.servers.values().filter_map(gone).collect()
    }
}

/// A removed server that was online goes offline.
fn gone(server: &Arc<ServerView>) -> Option<ServerNews> {
    let mut server = Arc::clone(server);
    if !server.is_online {
        return None;
    }
    let it = Arc::make_mut(&mut server);
    (it.is_online, it.is_stale) = (false, false);
    it.known = Some(Known::Now);
    Some(ServerNews::new(server, Known::Now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::samples::{GROUP, SERVER, group, view};
    use serde_json::json;

    fn look(
        told: &mut Told,
        servers: &[(ServerId, bool, Option<Known>)],
    ) -> Vec<(ServerId, bool, Known)> {
        let servers = servers.iter().map(|(id, is_online, known)| {
            let mut server = view(GROUP, *id, *is_online, json!({}));
            server.known = *known;
            server
        });
        let news = told.look(&Arc::new(group(GROUP, 2, servers)));
        let news = news.into_iter();
        news.map(|news| (news.id, news.is_online, news.known))
            .collect()
    }

    #[test]
    fn each_server_is_told_of_once_per_state_and_how_that_is_known() {
        use Known::{AfterGap, AtStart, Now};
        let other = ServerId::new(9);
        let told = &mut Told::nothing_of(&Arc::new(group(GROUP, 2, [])));
        assert_eq!(
            look(told, &[(SERVER, false, None), (other, false, None)]),
            []
        );
        assert_eq!(
            look(
                told,
                &[(SERVER, true, Some(AtStart)), (other, false, Some(AtStart))]
            ),
            [(other, false, AtStart), (SERVER, true, AtStart)]
        );
        assert_eq!(
            look(
                told,
                &[
                    (SERVER, false, Some(AfterGap)),
                    (other, false, Some(AtStart))
                ]
            ),
            [(SERVER, false, AfterGap)]
        );
        assert_eq!(
            look(
                told,
                &[(SERVER, true, Some(Now)), (other, false, Some(AtStart))]
            ),
            [(SERVER, true, Now)]
        );
        assert_eq!(look(told, &[(SERVER, true, Some(Now))]), []);
        assert_eq!(look(told, &[]), [(SERVER, false, Now)]);
    }

    #[test]
    fn what_happened_long_before_the_rules_allowed_a_group_was_found_at_the_start() {
        let told = &mut Told::nothing_of(&Arc::new(group(GROUP, 2, [])));
        assert_eq!(
            look(told, &[(SERVER, true, Some(Known::Now))]),
            [(SERVER, true, Known::AtStart)]
        );
    }

    #[test]
    fn a_server_that_was_just_made_has_not_gone_offline() {
        let told = &mut Told::nothing_of(&Arc::new(group(GROUP, 2, [])));
        assert_eq!(look(told, &[]), []);
        assert_eq!(look(told, &[(SERVER, false, Some(Known::Now))]), []);
        assert_eq!(
            look(told, &[(SERVER, true, Some(Known::Now))]),
            [(SERVER, true, Known::Now)]
        );
    }

    #[test]
    fn the_servers_of_a_group_that_is_gone_are_offline_as_they_are_handed_over() {
        let mut told = Told::nothing_of(&Arc::new(group(GROUP, 2, [])));
        look(
            &mut told,
            &[
                (SERVER, true, Some(Known::AtStart)),
                (ServerId::new(9), false, Some(Known::AtStart)),
            ],
        );
        let news = told.end();
        assert_eq!(news.len(), 1);
        assert!(news[0].id == SERVER && !news[0].is_online && news[0].players().is_empty());
    }
}
