//! The machine of a view, without I/O: events, results of readings, console states and the time go in; new states, subscriptions
//! and readings come out.

use super::ViewConfig;
use super::change::between;
use super::entry::{Entry, Verdict, merged};
use super::model_io::{ConsoleState, FetchFailed, Fetched, GroupEvent, Output, Ticket};
use super::schedule::{Part, Schedule};
use alta_model::{GroupId, JoinedGroup, Listing, ServerId, Timestamp, UserId};
use alta_socket::{Backoff, BackoffPolicy, deadline_after};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The number of consecutive readings that are discarded because of newer events. The next one is used and repeated, so
/// that a group that changes all the time is still read.
const REPEATS: u32 = 3;

/// The longest time over which the readings of all groups are spread.
const LONGEST_SPREAD: Duration = Duration::from_secs(60);

pub(super) struct Model {
    me: UserId,
    config: ViewConfig,
    groups: BTreeMap<GroupId, Entry>,
    /// The number of changes of the list of groups.
    list_stamp: u64,
    schedule: Schedule,
    /// True if the main websocket is connected; only then can a heartbeat be overdue.
    connected: bool,
    jitter: Backoff,
    outputs: Vec<Output>,
}

impl Model {
    pub(super) fn new(me: UserId, config: ViewConfig) -> Self {
        let seed = me.get().cast_unsigned();
        let second = Duration::from_secs(1);
        Self {
            me,
            config,
            groups: BTreeMap::new(),
            list_stamp: 0,
            schedule: Schedule::new(&config, seed),
            connected: true,
            jitter: Backoff::new(BackoffPolicy::new(second, second), seed),
            outputs: Vec::new(),
        }
    }

    pub(super) fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// The bot has joined a group, or was found to belong to it.
    pub(super) fn joined(&mut self, joined: JoinedGroup) {
        self.list_stamp += 1;
        self.insert(joined);
    }

    /// The bot has left a group.
    pub(super) fn left(&mut self, group: GroupId) {
        self.list_stamp += 1;
        self.remove(group);
    }

    /// A change of the list of groups may have been missed.
    pub(super) fn read_list(&mut self, now: Instant) {
        let at = self.soon(now);
        self.schedule.want(Part::List, at);
    }

    /// Reads everything again, after a migration or when the refresh is due.
    pub(super) fn read_everything(&mut self, now: Instant) {
        self.read_list(now);
        for group in self.ids() {
            self.with(group, Entry::doubt);
            self.sweep(group, now);
        }
    }

    /// Sets whether the main websocket is connected. While it is not, no heartbeat is overdue. Returns whether it was lost now.
    pub(super) fn set_connected(&mut self, connected: bool) -> bool {
        let was_connected = std::mem::replace(&mut self.connected, connected);
        let is_lost = was_connected && !connected;
        if is_lost {
            self.groups
                .values_mut()
                .for_each(Entry::expect_no_heartbeats);
        }
        is_lost
    }

    /// An outage of a group's events has begun. [`GroupEvent::Missed`] reports its end.
    pub(super) fn interrupted(&mut self, group: GroupId) {
        self.with(group, Entry::missed);
    }

    /// The service has confirmed a group's subscriptions.
    pub(super) fn subscribed(&mut self, group: GroupId, now: Instant) {
        if let Some(entry) = self.groups.get_mut(&group) {
            entry.subscribed = true;
            self.read(group, now);
        }
    }

    /// A group's subscription has yielded an item.
    pub(super) fn event(
        &mut self,
        group: GroupId,
        event: GroupEvent,
        now: Instant,
        wall: Timestamp,
    ) {
        if matches!(event, GroupEvent::Missed) {
            self.interrupted(group);
            return self.sweep(group, now);
        }
        let due = self.due(now);
        let to_read = self.with(group, |entry| entry.apply(event, due, wall));
        let at = self.soon(now);
        self.want(to_read.unwrap_or_default(), at);
    }

    /// The console of a server has another state.
    pub(super) fn console(
        &mut self,
        group: GroupId,
        server: ServerId,
        state: ConsoleState,
        now: Instant,
    ) {
        let due = self.due(now);
        let to_read = self.with(group, |entry| entry.console(server, state, due));
        self.want(to_read.unwrap_or_default(), now);
    }

    /// The console of a server has delivered something since the last call.
    pub(super) fn console_delivered(&mut self, group: GroupId, server: ServerId, now: Instant) {
        let due = self.due(now);
        self.with(group, |entry| entry.console_delivered(server, due));
    }

    /// Time has passed: servers whose heartbeats are overdue are read.
    pub(super) fn tick(&mut self, now: Instant) {
        for group in self.ids() {
            let overdue = self.with(group, |entry| entry.take_overdue(now));
            let overdue = overdue.unwrap_or_default().into_iter();
            self.want(overdue.map(|server| Part::Server(group, server)), now);
        }
    }

    /// Begins the readings that are due.
    pub(super) fn begin(&mut self, now: Instant) {
        while let Some((part, serial)) = self.schedule.begin(now) {
            let entry = part.group().and_then(|group| self.groups.get_mut(&group));
            let stamp = entry.map_or(self.list_stamp, |entry| entry.begin(part));
            let ticket = Ticket { serial, stamp };
            self.outputs.push(Output::Read(part, ticket));
        }
    }

    /// When the next reading can [`begin`](Self::begin).
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.schedule.deadline()
    }

    /// A reading has ended.
    pub(super) fn done(
        &mut self,
        part: Part,
        ticket: Ticket,
        found: Result<Fetched, FetchFailed>,
        now: Instant,
        wall: Timestamp,
    ) {
        if !self.schedule.ended(part, ticket.serial) {
            return;
        }
        match (part.group(), found) {
            (None, Ok(Fetched::List(list))) => self.listed(list, ticket, now),
            (Some(group), Ok(found)) => self.found(group, part, ticket, found, now, wall),
            (_, found) => self.failed(part, ticket, found.err().unwrap_or_default(), now),
        }
    }

    fn failed(&mut self, part: Part, ticket: Ticket, failed: FetchFailed, now: Instant) {
        self.schedule.failed(part, now);
        match part {
            // The bot may have left the group. A failed list is tried again anyway.
            Part::Group(_) if !self.schedule.is_failing(Part::List) => self.read_list(now),
            Part::Server(group, _) => {
                self.with(group, |entry| entry.settle(part));
            }
            Part::Members(group) => {
                self.with(group, |entry| {
                    entry.take_some_members(failed.members, ticket.stamp);
                });
            }
            Part::List | Part::Group(_) => {}
        }
    }

    fn listed(&mut self, found: Listing<JoinedGroup>, ticket: Ticket, now: Instant) {
        let verdict = Verdict::by(ticket.stamp != self.list_stamp);
        if !self.accepts(Part::List, verdict, now) {
            return;
        }
        let ids: BTreeSet<_> = found.iter().map(|joined| joined.group.id).collect();
        // A group that is not in the list may be an entry that could not be decoded.
        let is_whole = found.skipped().is_empty();
        for group in self.ids() {
            if is_whole && !ids.contains(&group) {
                self.remove(group);
            }
        }
        for joined in found {
            self.insert(joined);
        }
    }

    fn found(
        &mut self,
        group: GroupId,
        part: Part,
        ticket: Ticket,
        found: Fetched,
        now: Instant,
        wall: Timestamp,
    ) {
        let due = self.due(now);
        let Some(entry) = self.groups.get(&group) else {
            return;
        };
        let verdict = entry.verdict(part, &found, ticket.stamp, wall);
        let accepted = self.accepts(part, verdict, now);
        let to_read = self.with(group, |entry| {
            let to_read = accepted.then(|| entry.take(part, found, ticket.stamp, due, wall));
            if accepted || matches!(part, Part::Server(..)) {
                entry.settle(part);
            }
            to_read.unwrap_or_default()
        });
        self.want(to_read.unwrap_or_default(), now);
    }

    /// Returns whether the result of a reading is used. It may be read again in both cases.
    fn accepts(&mut self, part: Part, verdict: Verdict, now: Instant) -> bool {
        let is_final = self.schedule.repeats(part) >= REPEATS;
        let (accepted, repeated) = match verdict {
            Verdict::Agrees => (true, false),
            Verdict::Outdated => (is_final, true),
            Verdict::Contradicted => (false, true),
            Verdict::Doubtful => (is_final, !is_final),
        };
        if repeated {
            self.schedule.repeat(part, now);
        } else {
            self.schedule.succeeded(part);
        }
        accepted
    }

    /// Reads a whole group again, once for all requests until then.
    fn sweep(&mut self, group: GroupId, now: Instant) {
        let count = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        let spread = self.config.spread.saturating_mul(count);
        let at = deadline_after(self.soon(now), self.random(spread));
        if let Some(entry) = self.groups.get_mut(&group) {
            let planned = entry.sweep_at.filter(|planned| *planned > now);
            let at = *entry.sweep_at.insert(planned.unwrap_or(at));
            self.read(group, at);
        }
    }

    /// Requests all parts of a group at this instant.
    fn read(&mut self, group: GroupId, at: Instant) {
        let entry = self.groups.get(&group);
        self.want(entry.map(Entry::parts).unwrap_or_default(), at);
    }

    /// Requests parts at this instant. A group is not read before its subscriptions are confirmed: a change in between could be
    /// missed.
    fn want(&mut self, parts: impl IntoIterator<Item = Part>, at: Instant) {
        for part in parts {
            let entry = part.group().map(|group| self.groups.get(&group));
            if entry.is_none_or(|entry| entry.is_some_and(|entry| entry.subscribed)) {
                self.schedule.want(part, at);
            }
        }
    }

    /// An instant after a short pause, so that several requests of one part cause one reading.
    fn soon(&mut self, now: Instant) -> Instant {
        let half = self.config.spread / 2;
        deadline_after(now, half.saturating_add(self.random(half)))
    }

    fn random(&mut self, below: Duration) -> Duration {
        let share = self.jitter.next_delay().as_secs_f64();
        below.min(LONGEST_SPREAD).mul_f64(share)
    }

    /// When the next heartbeat of a server is overdue if one has arrived now.
    fn due(&self, now: Instant) -> Option<Instant> {
        now.checked_add(self.config.heartbeat_timeout)
            .filter(|_| self.connected)
    }

    fn ids(&self) -> Vec<GroupId> {
        self.groups.keys().copied().collect()
    }

    fn insert(&mut self, joined: JoinedGroup) {
        let id = joined.group.id;
        let known = self.with(id, |entry| {
            let view = Arc::make_mut(&mut entry.view);
            view.group = Arc::new(merged(&view.group, joined.group.clone()));
            view.me = Arc::new(joined.member.clone());
        });
        if known.is_none() {
            let entry = Entry::new(joined, self.me, &self.config);
            let view = Arc::clone(&entry.view);
            self.groups.insert(id, entry);
            let changes = between(None, Some(&view));
            self.outputs.push(Output::Changed(id, Some(view), changes));
            self.outputs.push(Output::Subscribe(id));
        }
    }

    fn remove(&mut self, group: GroupId) {
        if let Some(entry) = self.groups.remove(&group) {
            self.schedule.forget(|part| part.group() == Some(group));
            let changes = between(Some(&entry.view), None);
            self.outputs.push(Output::Changed(group, None, changes));
            self.outputs.push(Output::Unsubscribe(group));
        }
    }

    /// Changes a group, and outputs its new state if it differs from the old one.
    fn with<T>(&mut self, group: GroupId, change: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        let entry = self.groups.get_mut(&group)?;
        let old = Arc::clone(&entry.view);
        let result = change(entry);
        if !Arc::ptr_eq(&old, &entry.view) {
            let gone = |part| match part {
                Part::Server(of, server) if of == group => {
                    old.servers.contains_key(&server) && !entry.view.servers.contains_key(&server)
                }
                _ => false,
            };
            if old
                .servers
                .keys()
                .any(|server| gone(Part::Server(group, *server)))
            {
                self.schedule.forget(gone);
            }
            let view = Arc::clone(&entry.view);
            let changes = between(Some(&old), Some(&view));
            self.outputs
                .push(Output::Changed(group, Some(view), changes));
        }
        Some(result)
    }
}
