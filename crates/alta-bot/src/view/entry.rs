//! One group.

use super::exchange::{Found, GroupEvent, Ticket};
use super::reading::Reading;
use super::{GroupView, ServerView, ViewConfig};
use alta_model::{GroupDetailed, JoinedGroup, Member, Server, ServerId, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// A group: how it is shown, and what must be remembered besides.
pub(super) struct Entry {
    pub(super) view: Arc<GroupView>,
    membership: u64,
    /// Whether the service has confirmed the group's subscriptions: readings before that could miss something.
    pub(super) subscribed: bool,
    /// Counts the events about what the group consists of.
    pub(super) structure: u64,
    /// Counts all events.
    pub(super) clock: u64,
    pub(super) servers: HashMap<ServerId, Heard>,
    pub(super) reading: Reading,
}

/// What is known of a server's ways.
#[derive(Clone, Copy, Default)]
pub(super) struct Heard {
    /// The group's clock at the last record.
    pub(super) stamp: u64,
    pub(super) beats: bool,
    pub(super) due: Option<Instant>,
}

impl Entry {
    pub(super) fn new(
        joined: JoinedGroup,
        membership: u64,
        me: UserId,
        config: &ViewConfig,
    ) -> Self {
        let id = joined.group.id;
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
        Self {
            view,
            membership,
            subscribed: false,
            structure: 0,
            clock: 0,
            servers: HashMap::new(),
            // Other bots of the group don't try again at the same moments.
            reading: Reading::new(config, (id.get() ^ me.get()).unsigned_abs()),
        }
    }

    pub(super) fn ticket(&self) -> Ticket {
        Ticket {
            membership: self.membership,
            structure: self.structure,
            clock: self.clock,
        }
    }

    /// Whether an event that came while the group was read says something else about a server: the event isn't undone,
    /// and the next reading decides.
    pub(super) fn contradicts(&self, found: &Found, ticket: Ticket, wall: Timestamp) -> bool {
        found.servers.iter().any(|server| {
            let heard = self.servers.get(&server.id);
            let is_online = self
                .view
                .servers
                .get(&server.id)
                .map(|known| known.is_online);
            heard.is_some_and(|heard| heard.stamp > ticket.clock)
                && is_online != Some(server.is_up_at(wall))
        })
    }

    /// Takes over what was read, but for what was heard since. A server that runs and whose heart was heard before is
    /// missed when it is `due`.
    pub(super) fn take(
        &mut self,
        found: Found,
        ticket: Ticket,
        due: Option<Instant>,
        wall: Timestamp,
    ) {
        let view = Arc::make_mut(&mut self.view);
        if let Some(me) = found.me {
            view.me = Arc::new(me);
        }
        view.members = Arc::new(match found.members {
            Some(members) => by_id(members),
            None => by_id(vec![(*view.me).clone()]),
        });
        let known: BTreeSet<_> = found.servers.iter().map(|server| server.id).collect();
        view.servers.retain(|id, _| known.contains(id));
        self.servers.retain(|id, _| known.contains(id));
        view.group = Arc::new(found.group);
        view.complete = true;
        for server in found.servers {
            let heard = self.servers.entry(server.id).or_default();
            if heard.stamp > ticket.clock {
                continue;
            }
            let is_up = hear(view, server, wall);
            // One whose heart was heard before will be missed if it isn't any more.
            heard.due = due.filter(|_| is_up && heard.beats);
        }
    }

    /// What the group consists of is different: as much as the event says of it, before it is read again.
    pub(super) fn apply(&mut self, event: GroupEvent, me: UserId, keep_members: bool) {
        let group = self.view.id();
        let view = Arc::make_mut(&mut self.view);
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
                self.servers.remove(&server);
            }
            GroupEvent::Status(_) | GroupEvent::Heartbeat(_) | GroupEvent::Missed => {}
        }
    }

    /// Keeps a server's record, and notes the sign of life if it runs by it.
    pub(super) fn hear(
        &mut self,
        record: Server,
        wall: Timestamp,
        sign_of_life: impl FnOnce(&mut Heard),
    ) {
        let heard = self.servers.entry(record.id).or_default();
        heard.stamp = self.clock;
        if hear(Arc::make_mut(&mut self.view), record, wall) {
            sign_of_life(heard);
        } else {
            heard.due = None;
        }
    }
}

fn by_id(members: Vec<Member>) -> BTreeMap<UserId, Member> {
    let members = members.into_iter();
    members.map(|member| (member.user_id, member)).collect()
}

/// Whether a record says anything about whether the server runs.
pub(super) fn tells_state(server: &Server) -> bool {
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
