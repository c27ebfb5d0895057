//! One group of the model.

mod servers;

use super::model_io::{Fetched, GroupEvent};
use super::schedule::Part;
use super::{GroupView, ServerView, ViewConfig};
use alta_model::{GroupDetailed, JoinedGroup, Listing, Member, ServerId, Timestamp, UserId};
use servers::Signals;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// A group: its view, and the state that the view does not show.
pub(super) struct Entry {
    pub(super) view: Arc<GroupView>,
    me: UserId,
    keep_members: bool,
    /// True if the service has confirmed the group's subscriptions. A reading before that could miss a change.
    pub(super) subscribed: bool,
    /// When the whole group is read again.
    pub(super) sweep_at: Option<Instant>,
    /// The number of events about the group and about its list of servers.
    structure: u64,
    /// The number of events about its members.
    memberships: u64,
    servers: HashMap<ServerId, Signals>,
    /// The parts that must be read before the group is complete.
    pending: BTreeSet<Part>,
    /// Servers that the group lists although they do not exist.
    gone: BTreeSet<ServerId>,
}

/// The result of comparing a reading with the events and the console states that arrived since it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing contradicts it.
    Agrees,
    /// Something has changed since it began.
    Outdated,
    /// An event or the console has reported another state of a server since it began. The next reading decides.
    Contradicted,
    /// It says that a server does not run, but the console is connected.
    Doubtful,
}

impl Verdict {
    pub(super) fn by(is_outdated: bool) -> Self {
        if is_outdated {
            Self::Outdated
        } else {
            Self::Agrees
        }
    }
}

impl Entry {
    pub(super) fn new(joined: JoinedGroup, me: UserId, config: &ViewConfig) -> Self {
        let id = joined.group.id;
        let listed = joined.group.servers.iter();
        let servers: BTreeMap<_, _> = listed
            .map(|server| {
                let view = ServerView::new(server.id, id, &server.name);
                (server.id, Arc::new(view))
            })
            .collect();
        let mut pending: BTreeSet<_> = servers.keys().map(|it| Part::Server(id, *it)).collect();
        pending.extend([Part::Group(id), Part::Members(id)]);
        let view = Arc::new(GroupView {
            group: Arc::new(joined.group),
            members: Arc::new(by_id([joined.member.clone()])),
            members_known: false,
            me: Arc::new(joined.member),
            servers,
            complete: false,
        });
        Self {
            view,
            me,
            keep_members: config.members,
            subscribed: false,
            sweep_at: None,
            structure: 0,
            memberships: 0,
            servers: HashMap::new(),
            pending,
            gone: BTreeSet::new(),
        }
    }

    /// All parts of the group.
    pub(super) fn parts(&self) -> Vec<Part> {
        let id = self.view.id();
        let servers = self.view.servers.keys();
        let servers = servers.map(|server| Part::Server(id, *server));
        [Part::Group(id), Part::Members(id)]
            .into_iter()
            .chain(servers)
            .collect()
    }

    /// The reading of a part begins. Returns the [stamp](Self::stamp) of the part.
    pub(super) fn begin(&mut self, part: Part) -> u64 {
        if let Part::Server(_, server) = part {
            let signals = self.servers.entry(server).or_default();
            signals.delivered = false;
        }
        self.stamp(part)
    }

    /// The number of events about a part so far.
    pub(super) fn stamp(&self, part: Part) -> u64 {
        match part {
            Part::List => 0,
            Part::Group(_) => self.structure,
            Part::Members(_) => self.memberships,
            Part::Server(_, server) => self.servers.get(&server).map_or(0, |signals| signals.stamp),
        }
    }

    /// The group no longer waits for this part: it was read, or its reading has failed and the group can do without.
    pub(super) fn settle(&mut self, part: Part) {
        self.pending.remove(&part);
        if let Part::Server(_, server) = part
            && self
                .view
                .servers
                .get(&server)
                .is_some_and(|it| !it.is_tried)
        {
            Arc::make_mut(self.server(server)).is_tried = true;
        }
        if self.pending.is_empty() && !self.view.complete {
            Arc::make_mut(&mut self.view).complete = true;
        }
    }

    /// Events may have been missed.
    pub(super) fn missed(&mut self) {
        self.expect_no_heartbeats();
        for server in self.doubt() {
            self.set_stale(server, true);
        }
    }

    /// Events may have been missed: the next reported state of each server counts as found after a gap.
    pub(super) fn doubt(&mut self) -> Vec<ServerId> {
        let servers: Vec<_> = self.view.servers.keys().copied().collect();
        for server in &servers {
            self.servers.entry(*server).or_default().gap = true;
        }
        servers
    }

    /// No heartbeat counts as overdue until the next one has arrived.
    pub(super) fn expect_no_heartbeats(&mut self) {
        for signals in self.servers.values_mut() {
            signals.due = None;
        }
    }

    /// Takes over the group and the list of its servers. Returns the new servers, which must be read.
    fn take_group(&mut self, group: GroupDetailed) -> Vec<Part> {
        let id = self.view.id();
        let view = Arc::make_mut(&mut self.view);
        let listed: BTreeSet<_> = group.servers.iter().map(|server| server.id).collect();
        let mut to_read: Vec<_> = self.gone.intersection(&listed).copied().collect();
        self.gone.retain(|server| listed.contains(server));
        for server in &group.servers {
            if self.gone.contains(&server.id) {
                continue;
            }
            let known = view.servers.entry(server.id).or_insert_with(|| {
                to_read.push(server.id);
                // In a complete group, a new server was made while events were missed.
                let signals = self.servers.entry(server.id).or_default();
                (signals.is_new, signals.gap) = (view.complete, view.complete);
                if !view.complete {
                    self.pending.insert(Part::Server(id, server.id));
                }
                Arc::new(ServerView::new(server.id, id, &server.name))
            });
            if known.record.is_none() && !server.name.is_empty() && known.name != server.name {
                Arc::make_mut(known).name.clone_from(&server.name);
            }
        }
        // An entry that could not be decoded may be any of the known servers.
        let known = view.servers.keys().copied();
        let is_whole = !group.skipped().has("servers");
        let removed: Vec<_> = known
            .filter(|it| is_whole && !listed.contains(it))
            .collect();
        view.group = Arc::new(group);
        for server in &removed {
            self.remove_server(*server);
        }
        let to_read = to_read.into_iter();
        to_read.map(|server| Part::Server(id, server)).collect()
    }

    /// Takes over the members. If the list is incomplete, the members that were known before stay.
    fn take_members(&mut self, members: Listing<Member>) {
        let view = Arc::make_mut(&mut self.view);
        let is_whole = members.skipped().is_empty();
        let mut members = by_id(members);
        if !is_whole {
            for (user, member) in &*view.members {
                members.entry(*user).or_insert_with(|| member.clone());
            }
        }
        if let Some(me) = members.get(&self.me) {
            view.me = Arc::new(me.clone());
        }
        view.members = Arc::new(members);
        view.members_known = is_whole;
    }

    /// Takes over the members of the pages before a failed one, unless they are known already.
    pub(super) fn take_some_members(&mut self, members: Vec<Member>, stamp: u64) {
        let is_outdated = self.stamp(Part::Members(self.view.id())) != stamp;
        if self.view.members_known || is_outdated || members.is_empty() {
            return;
        }
        let view = Arc::make_mut(&mut self.view);
        let known = Arc::make_mut(&mut view.members);
        for member in members {
            known.entry(member.user_id).or_insert(member);
        }
    }

    fn take_me(&mut self, me: Member) {
        let view = Arc::make_mut(&mut self.view);
        view.members = Arc::new(by_id([me.clone()]));
        view.me = Arc::new(me);
    }

    /// Takes over the result of a reading. Returns the parts that must be read next. The next heartbeat of a server that runs
    /// is overdue at `due`.
    pub(super) fn take(
        &mut self,
        part: Part,
        found: Fetched,
        stamp: u64,
        due: Option<Instant>,
        wall: Timestamp,
    ) -> Vec<Part> {
        match (found, part) {
            (Fetched::Group(group), _) => return self.take_group(group),
            (Fetched::Members(members), _) => self.take_members(members),
            (Fetched::Me(me), _) => self.take_me(me),
            (Fetched::Server(record), _) => self.take_server(*record, stamp, due, wall),
            (Fetched::NoServer, Part::Server(_, server)) => {
                self.remove_server(server);
                self.gone.insert(server);
            }
            (Fetched::NoServer | Fetched::List(_), _) => {}
        }
        Vec::new()
    }

    fn remove_server(&mut self, server: ServerId) {
        let id = self.view.id();
        Arc::make_mut(&mut self.view).servers.remove(&server);
        self.servers.remove(&server);
        self.gone.remove(&server);
        self.settle(Part::Server(id, server));
    }

    /// Takes over the data of an event. Returns the parts that must be read for the rest.
    pub(super) fn apply(
        &mut self,
        event: GroupEvent,
        due: Option<Instant>,
        wall: Timestamp,
    ) -> Vec<Part> {
        let id = self.view.id();
        match event {
            GroupEvent::Status(server) => self.hear(server, false, due, wall),
            GroupEvent::Heartbeat(server) => self.hear(server, true, due, wall),
            GroupEvent::Updated(update) => {
                self.structure += 1;
                let view = Arc::make_mut(&mut self.view);
                view.group = Arc::new(merged(&view.group, update));
                vec![Part::Group(id)]
            }
            GroupEvent::Member(member) => {
                self.memberships += 1;
                let is_me = member.user_id == self.me;
                if !is_me && !self.keep_members {
                    return Vec::new();
                }
                let view = Arc::make_mut(&mut self.view);
                if is_me {
                    view.me = Arc::new(member.clone());
                }
                Arc::make_mut(&mut view.members).insert(member.user_id, member);
                vec![Part::Members(id)]
            }
            GroupEvent::MemberGone(member) if member.user_id == self.me => {
                self.memberships += 1;
                vec![Part::List, Part::Members(id)]
            }
            GroupEvent::MemberGone(member) => {
                self.memberships += 1;
                let view = Arc::make_mut(&mut self.view);
                Arc::make_mut(&mut view.members).remove(&member.user_id);
                vec![Part::Members(id)]
            }
            GroupEvent::ServerMade(server) | GroupEvent::ServerUpdated(server) => {
                self.structure += 1;
                self.gone.remove(&server.id);
                let known = self.server(server.id);
                if !server.name.is_empty() && known.name != server.name {
                    Arc::make_mut(known).name = server.name;
                }
                vec![Part::Group(id), Part::Server(id, server.id)]
            }
            GroupEvent::ServerGone(server) => {
                self.structure += 1;
                self.remove_server(server);
                vec![Part::Group(id)]
            }
            GroupEvent::Missed => Vec::new(),
        }
    }
}

fn by_id(members: impl IntoIterator<Item = Member>) -> BTreeMap<UserId, Member> {
    let members = members.into_iter();
    members.map(|member| (member.user_id, member)).collect()
}

/// A group after an update that may contain only the basic fields.
pub(super) fn merged(old: &GroupDetailed, mut update: GroupDetailed) -> GroupDetailed {
    if update.roles.is_empty() {
        update.roles.clone_from(&old.roles);
    }
    if update.servers.is_empty() {
        update.servers.clone_from(&old.servers);
    }
    update.r#type = update.r#type.or_else(|| old.r#type.clone());
    update.created_at = update.created_at.or(old.created_at);
    update.member_count = update.member_count.or(old.member_count);
    update.allowed_servers_count = update.allowed_servers_count.or(old.allowed_servers_count);
    if update.name.is_empty() {
        update.name.clone_from(&old.name);
    }
    update
}
