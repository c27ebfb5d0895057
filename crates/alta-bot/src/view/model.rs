//! What is known of the groups, and what has to be read over REST, without I/O: events, readings and time go in, new
//! states and wishes come out.

use super::change::between;
use super::entry::{Entry, merged, tells_state};
use super::exchange::{Found, GroupEvent, Output, Ticket};
use super::reading::Reading;
use super::{GroupView, ViewConfig};
use alta_model::{GroupId, JoinedGroup, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

/// How often in a row a reading is thrown away because of what happened meanwhile. After that it is taken as it is, and
/// repeated all the same: a group in which something happens all the time is read at last.
const REPEATS: u32 = 3;

pub(super) struct Model {
    me: UserId,
    config: ViewConfig,
    groups: BTreeMap<GroupId, Entry>,
    /// Counts how often the bot was found to belong to a group.
    memberships: u64,
    /// Counts what happened to the list of groups.
    list_stamp: u64,
    list: Reading,
    /// Whether events arrive now; silence means something only then.
    connected: bool,
    /// No reading that failed is tried again before this.
    next_retry: Option<Instant>,
    outputs: Vec<Output>,
}

impl Model {
    pub(super) fn new(me: UserId, config: ViewConfig) -> Self {
        Self {
            me,
            config,
            groups: BTreeMap::new(),
            memberships: 0,
            list_stamp: 0,
            list: Reading::new(&config, me.get().unsigned_abs()),
            connected: true,
            next_retry: None,
            outputs: Vec::new(),
        }
    }

    pub(super) fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// The bot has joined a group, or is found to belong to it.
    pub(super) fn joined(&mut self, joined: JoinedGroup) {
        self.list_stamp += 1;
        self.insert(joined);
    }

    /// The bot has left a group.
    pub(super) fn left(&mut self, group: GroupId) {
        self.list_stamp += 1;
        self.remove(group);
    }

    /// Something about the list of groups may have been missed.
    pub(super) fn read_list(&mut self) {
        if self.list.wanted() {
            self.outputs.push(Output::List(self.list_ticket()));
        }
    }

    fn list_ticket(&self) -> Ticket {
        Ticket {
            membership: 0,
            structure: self.list_stamp,
            clock: 0,
        }
    }

    /// What listing the groups has brought; none if it failed.
    pub(super) fn listed(&mut self, found: Option<Vec<JoinedGroup>>, ticket: Ticket, now: Instant) {
        let Some(found) = found else {
            let retry = self.list.failed(now);
            self.next_retry = sooner(self.next_retry, retry);
            return;
        };
        let outdated = ticket.structure != self.list_stamp;
        if self.list.ended(outdated) {
            self.outputs.push(Output::List(self.list_ticket()));
            if outdated && self.list.repeats <= REPEATS {
                return;
            }
        }
        let ids: BTreeSet<_> = found.iter().map(|joined| joined.group.id).collect();
        let gone: Vec<_> = self.groups.keys().copied().collect();
        for group in gone.into_iter().filter(|group| !ids.contains(group)) {
            self.remove(group);
        }
        for joined in found {
            self.insert(joined);
        }
    }

    /// Everything is to be read again: the socket was changed under the subscriptions, or it is time.
    pub(super) fn read_everything(&mut self) {
        self.read_list();
        let groups: Vec<_> = self.groups.keys().copied().collect();
        for group in groups {
            self.read(group);
        }
    }

    /// Whether events arrive. While they don't, nobody's silence counts.
    pub(super) fn set_connected(&mut self, connected: bool) {
        self.connected = connected;
        if !connected {
            for heard in self
                .groups
                .values_mut()
                .flat_map(|entry| entry.servers.values_mut())
            {
                heard.due = None;
            }
        }
    }

    /// The service has confirmed a group's subscriptions.
    pub(super) fn subscribed(&mut self, group: GroupId) {
        if let Some(entry) = self.groups.get_mut(&group) {
            entry.subscribed = true;
            self.read(group);
        }
    }

    /// A group is to be read over REST, once more if that is being done.
    fn read(&mut self, group: GroupId) {
        let Some(entry) = self.groups.get_mut(&group) else {
            return;
        };
        if entry.subscribed && entry.reading.wanted() {
            self.outputs.push(Output::Read(group, entry.ticket()));
        }
    }

    /// What reading a group has brought; none if it failed.
    pub(super) fn found(
        &mut self,
        group: GroupId,
        found: Option<Found>,
        ticket: Ticket,
        now: Instant,
        wall: Timestamp,
    ) {
        let due = self.due(now);
        let Some(entry) = self.groups.get_mut(&group) else {
            return;
        };
        if entry.ticket().membership != ticket.membership {
            return;
        }
        let Some(found) = found else {
            let retry = entry.reading.failed(now);
            self.next_retry = sooner(self.next_retry, retry);
            // Perhaps it is not ours any more.
            self.read_list();
            return;
        };
        let contradicted = entry.contradicts(&found, ticket, wall);
        let outdated = entry.structure != ticket.structure;
        if entry.reading.ended(outdated || contradicted) {
            self.outputs.push(Output::Read(group, entry.ticket()));
            if outdated && entry.reading.repeats <= REPEATS {
                return;
            }
        }
        let old = Arc::clone(&entry.view);
        entry.take(found, ticket, due, wall);
        self.changed(group, &old);
    }

    /// When a [`tick`](Self::tick) is wanted, besides the regular ones that find out who is silent.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.next_retry
    }

    /// A group's subscription says something.
    pub(super) fn event(
        &mut self,
        group: GroupId,
        event: GroupEvent,
        now: Instant,
        wall: Timestamp,
    ) {
        let due = self.due(now);
        let Some(entry) = self.groups.get_mut(&group) else {
            return;
        };
        let old = Arc::clone(&entry.view);
        entry.clock += 1;
        match event {
            GroupEvent::Status(server) | GroupEvent::Heartbeat(server) if !tells_state(&server) => {
                self.read(group);
            }
            GroupEvent::Status(server) => {
                // A sign of life, though no heartbeat.
                entry.hear(server, wall, |heard| heard.due = heard.due.and(due));
            }
            GroupEvent::Heartbeat(server) => {
                entry.hear(server, wall, |heard| {
                    heard.beats = true;
                    heard.due = due;
                });
            }
            GroupEvent::Missed => {
                for heard in entry.servers.values_mut() {
                    heard.due = None;
                }
                self.read(group);
            }
            structural => {
                entry.structure += 1;
                if matches!(&structural, GroupEvent::MemberGone(member) if member.user_id == self.me)
                {
                    self.read_list();
                } else {
                    entry.apply(structural, self.me, self.config.members);
                }
                self.read(group);
            }
        }
        self.changed(group, &old);
    }

    fn due(&self, now: Instant) -> Option<Instant> {
        now.checked_add(self.config.heartbeat_timeout)
            .filter(|_| self.connected)
    }

    /// Time has passed: servers that were due are silent, and readings that failed are tried again.
    pub(super) fn tick(&mut self, now: Instant) {
        if self.list.due(now) {
            self.read_list();
        }
        self.next_retry = self.list.retry_at;
        let mut silenced = Vec::new();
        for (id, entry) in &mut self.groups {
            if entry.reading.due(now) && entry.reading.wanted() {
                self.outputs.push(Output::Read(*id, entry.ticket()));
            }
            self.next_retry = sooner(self.next_retry, entry.reading.retry_at);
            let old = Arc::clone(&entry.view);
            for (server, heard) in &mut entry.servers {
                if heard.due.is_some_and(|due| due <= now) {
                    heard.due = None;
                    if let Some(server) = Arc::make_mut(&mut entry.view).servers.get_mut(server) {
                        let server = Arc::make_mut(server);
                        server.is_online = false;
                        server.is_silent = true;
                    }
                    silenced.push((*id, Arc::clone(&old)));
                }
            }
        }
        silenced.dedup_by_key(|(id, _)| *id);
        for (group, old) in silenced {
            self.changed(group, &old);
        }
    }

    fn insert(&mut self, joined: JoinedGroup) {
        let id = joined.group.id;
        if let Some(entry) = self.groups.get_mut(&id) {
            let old = Arc::clone(&entry.view);
            let view = Arc::make_mut(&mut entry.view);
            view.group = Arc::new(merged(&view.group, joined.group));
            view.me = Arc::new(joined.member);
            self.changed(id, &old);
            return;
        }
        self.memberships += 1;
        let entry = Entry::new(joined, self.memberships, self.me, &self.config);
        let view = Arc::clone(&entry.view);
        self.groups.insert(id, entry);
        let changes = between(None, Some(&view));
        self.outputs.push(Output::Changed(id, Some(view), changes));
        self.outputs.push(Output::Follow(id));
    }

    fn remove(&mut self, group: GroupId) {
        if let Some(entry) = self.groups.remove(&group) {
            let changes = between(Some(&entry.view), None);
            self.outputs.push(Output::Changed(group, None, changes));
            self.outputs.push(Output::Leave(group));
        }
    }

    /// Tells of a group's new state if it differs from the old one.
    fn changed(&mut self, group: GroupId, old: &Arc<GroupView>) {
        let Some(entry) = self.groups.get(&group) else {
            return;
        };
        if !Arc::ptr_eq(old, &entry.view) {
            let view = Arc::clone(&entry.view);
            let changes = between(Some(old), Some(&view));
            self.outputs
                .push(Output::Changed(group, Some(view), changes));
        }
    }
}

fn sooner(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
