//! What is known of the groups, and what has to be read over REST, without I/O: events, readings and time go in, new
//! states and wishes come out.

use super::change::{Change, between};
use super::{GroupView, ServerView, ViewConfig};
use alta_model::{
    GroupDetailed, GroupId, JoinedGroup, Member, Server, ServerId, Timestamp, UserId,
};
use alta_socket::Backoff;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// How often in a row a reading is thrown away because of what happened meanwhile. After that it is taken as it is, and
/// repeated all the same: a group in which something happens all the time is read at last.
const REPEATS: u32 = 3;

pub(super) struct Model {
    me: UserId,
    config: ViewConfig,
    groups: BTreeMap<GroupId, Entry>,
    /// Counts what happened to the list of groups.
    list_stamp: u64,
    list: Reading,
    /// Whether events arrive now; silence means something only then.
    connected: bool,
    /// No reading that failed is tried again before this.
    next_retry: Option<Instant>,
    outputs: Vec<Output>,
}

struct Entry {
    view: Arc<GroupView>,
    /// Whether the service has confirmed the group's subscriptions: readings before that could miss something.
    subscribed: bool,
    /// Counts the events about what the group consists of.
    structure: u64,
    /// Counts all events.
    clock: u64,
    servers: HashMap<ServerId, Heard>,
    reading: Reading,
}

/// What is known of a server's ways.
#[derive(Clone, Copy, Default)]
struct Heard {
    /// The group's clock at the last record.
    stamp: u64,
    beats: bool,
    due: Option<Instant>,
}

/// Where the reading of something stands. There is one at a time.
struct Reading {
    running: bool,
    again: bool,
    repeats: u32,
    retry_at: Option<Instant>,
    backoff: Backoff,
}

/// What the task is to do.
#[derive(Debug, PartialEq)]
pub(super) enum Output {
    /// A group is different; none if it is gone.
    Changed(GroupId, Option<Arc<GroupView>>, Vec<Change>),
    /// Subscribe to a group's events, and say when they are confirmed.
    Follow(GroupId),
    /// Do not follow it any more, nor read it.
    Leave(GroupId),
    /// Read a group over REST.
    Read(GroupId, Ticket),
    /// List the groups over REST.
    List(Ticket),
}

/// When a reading began, in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    structure: u64,
    clock: u64,
}

/// What reading a group over REST has brought.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) group: GroupDetailed,
    pub(super) me: Option<Member>,
    /// None if members are not kept.
    pub(super) members: Option<Vec<Member>>,
    pub(super) servers: Vec<Server>,
}

/// Something a group's subscription says.
#[derive(Clone, Debug)]
pub(super) enum GroupEvent {
    Updated(GroupDetailed),
    Member(Member),
    MemberGone(Member),
    ServerMade(Server),
    ServerGone(ServerId),
    ServerUpdated(Server),
    Status(Server),
    Heartbeat(Server),
    /// Something was not seen or not understood.
    Missed,
}

impl Model {
    pub(super) fn new(me: UserId, config: ViewConfig) -> Self {
        Self {
            me,
            config,
            groups: BTreeMap::new(),
            list_stamp: 0,
            list: Reading::new(&config, 0),
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
        let timeout = self.connected.then_some(self.config.heartbeat_timeout);
        let Some(entry) = self.groups.get_mut(&group) else {
            return;
        };
        let Some(found) = found else {
            let retry = entry.reading.failed(now);
            self.next_retry = sooner(self.next_retry, retry);
            // Perhaps it is not ours any more.
            self.read_list();
            return;
        };
        // An event that came meanwhile is not undone; if it says something else, the next reading decides.
        let contradicted = found.servers.iter().any(|server| {
            let heard = entry.servers.get(&server.id);
            let is_online = entry
                .view
                .servers
                .get(&server.id)
                .map(|known| known.is_online);
            heard.is_some_and(|heard| heard.stamp > ticket.clock)
                && is_online != Some(server.is_up_at(wall))
        });
        let outdated = entry.structure != ticket.structure;
        if entry.reading.ended(outdated || contradicted) {
            self.outputs.push(Output::Read(group, entry.ticket()));
            if outdated && entry.reading.repeats <= REPEATS {
                return;
            }
        }
        let old = Arc::clone(&entry.view);
        let view = Arc::make_mut(&mut entry.view);
        if let Some(me) = found.me {
            view.me = Arc::new(me);
        }
        view.members = Arc::new(match found.members {
            Some(members) => by_id(members),
            None => by_id(vec![(*view.me).clone()]),
        });
        let known: BTreeSet<_> = found.servers.iter().map(|server| server.id).collect();
        view.servers.retain(|id, _| known.contains(id));
        entry.servers.retain(|id, _| known.contains(id));
        view.group = Arc::new(found.group);
        view.complete = true;
        for server in found.servers {
            let heard = entry.servers.entry(server.id).or_default();
            if heard.stamp > ticket.clock {
                continue;
            }
            let is_up = hear(view, server, wall);
            // One whose heart was heard before will be missed if it isn't any more.
            heard.due = timeout
                .filter(|_| is_up && heard.beats)
                .and_then(|timeout| now.checked_add(timeout));
        }
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
                let due = self.due(now);
                self.record(group, server, wall, |heard| {
                    // A sign of life, though no heartbeat.
                    heard.due = heard.due.and(due);
                });
            }
            GroupEvent::Heartbeat(server) => {
                let due = self.due(now);
                self.record(group, server, wall, |heard| {
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
                self.apply(group, structural);
                self.read(group);
            }
        }
        self.changed(group, &old);
    }

    /// What a group consists of is different: as much as the event says of it, before it is read again.
    fn apply(&mut self, group: GroupId, event: GroupEvent) {
        let me = self.me;
        let keep_members = self.config.members;
        let Some(entry) = self.groups.get_mut(&group) else {
            return;
        };
        let view = Arc::make_mut(&mut entry.view);
        match event {
            GroupEvent::Updated(update) => view.group = Arc::new(merged(&view.group, update)),
            GroupEvent::Member(member) => {
                if member.user_id == me {
                    view.me = Arc::new(member.clone());
                }
                if keep_members || member.user_id == me {
                    Arc::make_mut(&mut view.members).insert(member.user_id, member);
                }
            }
            GroupEvent::MemberGone(member) if member.user_id == me => self.read_list(),
            GroupEvent::MemberGone(member) => {
                Arc::make_mut(&mut view.members).remove(&member.user_id);
            }
            GroupEvent::ServerMade(server) | GroupEvent::ServerUpdated(server) => {
                let known = view
                    .servers
                    .entry(server.id)
                    .or_insert_with(|| Arc::new(ServerView::new(server.id, group, &server.name)));
                if !server.name.is_empty() && known.name != server.name {
                    Arc::make_mut(known).name = server.name;
                }
            }
            GroupEvent::ServerGone(server) => {
                view.servers.remove(&server);
                entry.servers.remove(&server);
            }
            GroupEvent::Status(_) | GroupEvent::Heartbeat(_) | GroupEvent::Missed => {}
        }
    }

    fn due(&self, now: Instant) -> Option<Instant> {
        now.checked_add(self.config.heartbeat_timeout)
            .filter(|_| self.connected)
    }

    fn record(
        &mut self,
        group: GroupId,
        server: Server,
        wall: Timestamp,
        sign_of_life: impl FnOnce(&mut Heard),
    ) {
        let Some(entry) = self.groups.get_mut(&group) else {
            return;
        };
        let heard = entry.servers.entry(server.id).or_default();
        heard.stamp = entry.clock;
        if hear(Arc::make_mut(&mut entry.view), server, wall) {
            sign_of_life(heard);
        } else {
            heard.due = None;
        }
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
        let servers = joined.group.servers.iter();
        let servers = servers
            .map(|server| {
                (
                    server.id,
                    Arc::new(ServerView::new(server.id, id, &server.name)),
                )
            })
            .collect();
        let view = Arc::new(GroupView {
            group: Arc::new(joined.group),
            members: Arc::new(by_id(vec![joined.member.clone()])),
            me: Arc::new(joined.member),
            servers,
            complete: false,
        });
        let seed = id.get().unsigned_abs();
        let entry = Entry {
            view: Arc::clone(&view),
            subscribed: false,
            structure: 0,
            clock: 0,
            servers: HashMap::new(),
            reading: Reading::new(&self.config, seed),
        };
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

impl Entry {
    fn ticket(&self) -> Ticket {
        Ticket {
            structure: self.structure,
            clock: self.clock,
        }
    }
}

impl Reading {
    fn new(config: &ViewConfig, seed: u64) -> Self {
        Self {
            running: false,
            again: false,
            repeats: 0,
            retry_at: None,
            backoff: Backoff::new(config.retry, seed),
        }
    }

    /// Whether it is to begin now; if it runs, it will be repeated.
    fn wanted(&mut self) -> bool {
        self.retry_at = None;
        self.again |= self.running;
        !std::mem::replace(&mut self.running, true)
    }

    /// Whether it is to begin again at once, since what it brought is outdated.
    fn ended(&mut self, outdated: bool) -> bool {
        self.backoff.reset();
        self.running = std::mem::take(&mut self.again) || outdated;
        self.repeats = if self.running { self.repeats + 1 } else { 0 };
        self.running
    }

    /// Tells when it is to be tried again.
    fn failed(&mut self, now: Instant) -> Option<Instant> {
        self.running = false;
        self.again = false;
        self.repeats = 0;
        self.retry_at = now.checked_add(self.backoff.next_delay());
        self.retry_at
    }

    fn due(&self, now: Instant) -> bool {
        self.retry_at.is_some_and(|at| at <= now)
    }
}

fn sooner(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

fn by_id(members: Vec<Member>) -> BTreeMap<UserId, Member> {
    let members = members.into_iter();
    members.map(|member| (member.user_id, member)).collect()
}

/// Whether a record says anything about whether the server runs.
fn tells_state(server: &Server) -> bool {
    server.is_online.is_some() || server.final_status.is_some() || server.online_ping.is_some()
}

/// Keeps a record, and tells whether the server runs by it.
fn hear(view: &mut GroupView, record: Server, wall: Timestamp) -> bool {
    let group = view.group.id;
    let known = view
        .servers
        .entry(record.id)
        .or_insert_with(|| Arc::new(ServerView::new(record.id, group, "")));
    let server = Arc::make_mut(known);
    if !record.name.is_empty() {
        server.name.clone_from(&record.name);
    }
    server.is_online = record.is_up_at(wall);
    server.is_silent = false;
    server.heard = Some(wall);
    server.record = Some(Arc::new(record));
    server.is_online
}

/// A group after an update that may hold the basic fields only.
fn merged(old: &GroupDetailed, mut update: GroupDetailed) -> GroupDetailed {
    if update.roles.is_empty() {
        update.roles.clone_from(&old.roles);
    }
    if update.servers.is_empty() {
        update.servers.clone_from(&old.servers);
    }
    update.r#type = update.r#type.or_else(|| old.r#type.clone());
    update.created_at = update.created_at.or(old.created_at);
    update.allowed_servers_count = update.allowed_servers_count.or(old.allowed_servers_count);
    if update.name.is_empty() {
        update.name.clone_from(&old.name);
    }
    update
}
