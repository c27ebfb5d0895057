//! The state becomes that of stored rows, which another process may have changed.

use super::cloud::Cloud;
use super::groups::{Group, Member, Membership};
use super::row::Row;
use super::rows::{All, DamagedRow, Stored};
use super::servers::Server;
use super::table::{Record, Table};
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Cloud {
    /// Makes the stored part of the state that of these rows. Adds the events of groups, servers, memberships and roles that differ.
    pub(crate) fn restore(&mut self, rows: &[Row], now: Timestamp) -> Result<(), DamagedRow> {
        let All {
            accounts,
            users,
            groups,
            members,
            servers,
            friendships,
            favorites,
            generations,
        } = All::of(rows)?;
        self.accounts.0.replace(accounts, |_, account| account);
        self.users.0.replace(users, |_, user| user);
        self.tokens.generations.replace(generations, |_, it| it);
        self.friendships.replace(friendships, |_, since| since);
        self.favorites.replace(favorites, |_, since| since);
        self.restore_groups(groups, now);
        self.restore_servers(servers, now);
        self.restore_members(members, now);
        self.settle();
        Ok(())
    }

    fn restore_groups(&mut self, wanted: Stored<u64, Group>, now: Timestamp) {
        for id in missing(&self.groups, &wanted) {
            self.dissolve(id, now);
        }
        let is_changed = |(id, group): &(&u64, &Group)| {
            let wanted = wanted.get(id);
            wanted.is_some_and(|wanted| group.stored() != *wanted)
        };
        let changed = self.groups.iter().filter(is_changed);
        let changed: Vec<u64> = changed.map(|(id, _)| *id).collect();
        self.groups
            .replace(wanted, |id, group| group.into_group(*id));
        for id in changed {
            self.group_updated(id);
        }
    }

    /// Adds the events for the users of a group that is removed.
    fn dissolve(&mut self, id: u64, now: Timestamp) {
        use Membership::{Accepted, Invited, RequestedJoin};
        let members = self.groups.get(&id).map_or(Vec::new(), |group| {
            group.members.values().cloned().collect()
        });
        for member in members {
            if matches!(member.membership, Accepted | Invited | RequestedJoin) {
                self.change_membership(id, member.user_id, Membership::Left, now);
            }
        }
    }

    fn restore_servers(&mut self, wanted: Stored<u64, Server>, now: Timestamp) {
        for id in missing(&self.servers, &wanted) {
            self.remove_server(id, now);
        }
        let mut updated = Vec::new();
        let mut created = Vec::new();
        for (id, wanted) in &wanted {
            match self.servers.get(id) {
                Some(server) if server.group == wanted.group => {
                    if server.stored().differs_from(wanted) {
                        updated.push(*id);
                    }
                }
                Some(_) => {
                    self.emit_server("group-server-delete", *id, now);
                    created.push((*id, wanted.group));
                }
                None => created.push((*id, wanted.group)),
            }
        }
        self.servers
            .replace(wanted, |id, server| server.into_server(*id));
        for id in updated {
            self.emit_server("group-server-update", id, now);
        }
        for (id, group) in created {
            self.emit_server("group-server-create", id, now);
            if let Some(group) = group {
                self.group_updated(group);
            }
        }
    }

    fn restore_members(&mut self, mut all: BTreeMap<u64, Stored<u64, Member>>, now: Timestamp) {
        let ids: Vec<u64> = self.groups.keys().copied().collect();
        for id in ids {
            let wanted = all.remove(&id).unwrap_or_default();
            self.change_members(id, &wanted, now);
            if let Some(group) = self.groups.get_mut(&id) {
                group.members.replace(wanted, |_, member| member);
            }
        }
    }

    /// Adds the events of the memberships and roles that differ from the wanted ones.
    fn change_members(&mut self, id: u64, wanted: &BTreeMap<u64, Member>, now: Timestamp) {
        for (user, member) in wanted {
            let before = self
                .groups
                .get(&id)
                .and_then(|group| group.members.get(user))
                .map(|member| (member.membership, member.role_id));
            if before.map(|(membership, _)| membership) != Some(member.membership) {
                self.change_membership(id, *user, member.membership, now);
            } else if before.map(|(_, role)| role) != Some(member.role_id) {
                self.set_role(id, *user, member.role_id, now);
            }
        }
    }
}

/// The keys of a table that the wanted rows lack.
fn missing<V: Record>(table: &Table<u64, V>, wanted: &Stored<u64, V>) -> Vec<u64> {
    let keys = table.keys().copied();
    keys.filter(|key| !wanted.contains_key(key)).collect()
}

#[cfg(test)]
mod tests;
