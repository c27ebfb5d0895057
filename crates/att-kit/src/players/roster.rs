//! The machine that keeps the players of one console: fed with events, lists and a clock. It has no I/O.

use super::change::{ChangeKind, Evidence, PlayerChange};
use super::online::{Online, Player};
use alta_model::console::event::PlayerState;
use alta_model::{Listing, Timestamp, User, UserId};
use att_console::Missed;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The pause between two lists as long as no event has shown that the server sends joins and leaves: bare self-hosted
/// servers send none. The same as tavernpy's.
pub(crate) const LIST_WITHOUT_EVENTS: Duration = Duration::from_secs(10);

/// The pause between two lists otherwise: a patched self-hosted server does not send every leave.
pub(crate) const LIST_WITH_EVENTS: Duration = Duration::from_secs(60);

/// The pause before a list that a contradiction or an event about an unknown player causes. The join event can follow.
const LIST_FOR_UNKNOWN: Duration = Duration::from_secs(1);

/// A join event that arrives later than this after the list that showed the player belongs to another stay.
const LATE_JOIN: Duration = Duration::from_secs(15);

/// The pause after a failed list, doubled with each failure in a row up to [`LIST_WITH_EVENTS`]. A list can fail while a
/// player joins.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) enum Input {
    Joined(User, Timestamp),
    Left(User, Timestamp),
    Moved {
        player: User,
        from: String,
        to: String,
        at: Timestamp,
    },
    State {
        player: User,
        state: PlayerState,
        is_enter: bool,
        at: Timestamp,
    },
    Missed(Missed),
    /// The reply to the list that was requested; `None` if the request failed.
    Listed(Option<Listing<User>>, Timestamp),
    /// A reply of the server contradicts the snapshot.
    Doubted,
    /// A reader needs a newer list.
    Refreshed,
    /// Time has passed.
    Tick,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Output {
    /// Request a list, and return it as [`Input::Listed`].
    List,
    Changed(PlayerChange),
    Missed(Missed),
    /// A list was compared: the snapshot is newer without a change.
    Compared,
}

pub(crate) struct Roster {
    players: BTreeMap<UserId, Entry>,
    online: Online,
    outputs: VecDeque<Output>,
    /// When a list is due; `None` while one is requested.
    list_at: Option<Instant>,
    request: Option<Request>,
    failures: u32,
    /// True if a list has ever been applied.
    is_seeded: bool,
    /// True if the server has sent a join or a leave.
    sends_events: bool,
}

/// A list that was requested.
struct Request {
    sent: Instant,
    /// The players of the events since the request: the list may be older than those.
    touched: BTreeSet<UserId>,
    /// True if events were missed meanwhile, so that another list is needed.
    is_stale: bool,
    /// True if its reply may be too old for a doubt, so that another list is due soon.
    is_doubted: bool,
}

struct Entry {
    player: Arc<Player>,
    /// The end of the time in which the join event of this stay can arrive: the list that showed the player was faster.
    join_until: Option<Instant>,
}

impl Roster {
    pub(crate) fn new(now: Instant, at: Timestamp) -> Self {
        Self {
            players: BTreeMap::new(),
            online: Online {
                players: BTreeMap::new(),
                is_complete: false,
                as_of: at,
                listed_at: None,
            },
            outputs: VecDeque::new(),
            list_at: Some(now),
            request: None,
            failures: 0,
            is_seeded: false,
            sends_events: false,
        }
    }

    pub(crate) fn online(&self) -> &Online {
        &self.online
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.list_at
    }

    pub(crate) fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Joined(user, at) => {
                self.sends_events = true;
                self.touch(user.id);
                self.joined(user, at, now);
            }
            Input::Left(user, at) => {
                self.sends_events = true;
                self.touch(user.id);
                self.left(user.id, Evidence::Event, at);
            }
            Input::Moved {
                player,
                from,
                to,
                at,
            } => self.moved(player.id, from, to, at, now),
            Input::State {
                player,
                state,
                is_enter,
                at,
            } => self.state(player.id, state, is_enter, at, now),
            Input::Missed(missed) => self.missed(missed, now),
            Input::Listed(list, at) => self.listed(list, at, now),
            Input::Doubted => match &mut self.request {
                // Its reply can be older than the doubt.
                Some(request) => request.is_doubted = true,
                None => self.list_by(now + LIST_FOR_UNKNOWN),
            },
            // After a failure, the pauses grow.
            Input::Refreshed if self.failures == 0 => self.list_by(now),
            Input::Refreshed | Input::Tick => {}
        }
        if self.list_at.is_some_and(|at| at <= now) {
            self.list_at = None;
            self.request = Some(Request {
                sent: now,
                touched: BTreeSet::new(),
                is_stale: false,
                is_doubted: false,
            });
            self.outputs.push_back(Output::List);
        }
    }

    fn touch(&mut self, id: UserId) {
        if let Some(request) = &mut self.request {
            request.touched.insert(id);
        }
    }

    fn joined(&mut self, user: User, at: Timestamp, now: Instant) {
        if let Some(entry) = self.players.get_mut(&user.id) {
            if entry.join_until.take().is_some_and(|until| now <= until) {
                return;
            }
            // The leave in between was not sent.
            self.left(user.id, Evidence::Event, at);
        }
        self.add(user, None, ChangeKind::Joined, Evidence::Event, at);
    }

    fn add(
        &mut self,
        user: User,
        join_until: Option<Instant>,
        kind: ChangeKind,
        evidence: Evidence,
        at: Timestamp,
    ) {
        let id = user.id;
        let player = Arc::new(Player::new(user, at));
        let entry = Entry {
            player: Arc::clone(&player),
            join_until,
        };
        self.players.insert(id, entry);
        self.online.players.insert(id, Arc::clone(&player));
        self.changed(player, kind, evidence, at);
    }

    fn left(&mut self, id: UserId, evidence: Evidence, at: Timestamp) {
        if let Some(entry) = self.players.remove(&id) {
            self.online.players.remove(&id);
            self.changed(entry.player, ChangeKind::Left, evidence, at);
        }
    }

    fn moved(&mut self, id: UserId, from: String, to: String, at: Timestamp, now: Instant) {
        let chunk = Some(to.clone()).filter(|to| !to.trim().is_empty());
        let kind = ChangeKind::Moved { from, to };
        self.update(id, kind, at, now, |player| player.chunk = chunk);
    }

    fn state(
        &mut self,
        id: UserId,
        state: PlayerState,
        is_enter: bool,
        at: Timestamp,
        now: Instant,
    ) {
        let kind = if is_enter {
            ChangeKind::Entered(state.clone())
        } else {
            ChangeKind::Exited(state.clone())
        };
        self.update(id, kind, at, now, |player| {
            player.states.retain(|entered| *entered != state);
            if is_enter {
                player.states.push(state);
            }
        });
    }

    /// Changes a player by an event. An event about a player who is not known makes a list due: it can be a late event of a
    /// player who has left.
    fn update(
        &mut self,
        id: UserId,
        kind: ChangeKind,
        at: Timestamp,
        now: Instant,
        update: impl FnOnce(&mut Player),
    ) {
        let Some(entry) = self.players.get_mut(&id) else {
            self.list_by(now + LIST_FOR_UNKNOWN);
            return;
        };
        update(Arc::make_mut(&mut entry.player));
        let player = Arc::clone(&entry.player);
        self.online.players.insert(id, Arc::clone(&player));
        self.changed(player, kind, Evidence::Event, at);
    }

    fn missed(&mut self, missed: Missed, now: Instant) {
        self.online.is_complete = false;
        self.online.listed_at = None;
        if matches!(missed, Missed::Gap { .. }) {
            // The connection is another one.
            self.failures = 0;
        }
        match &mut self.request {
            Some(request) => request.is_stale = true,
            None => self.list_by(now),
        }
        for (id, entry) in &mut self.players {
            if entry.player.chunk.is_some() {
                // The player may have moved since.
                Arc::make_mut(&mut entry.player).chunk = None;
                let player = Arc::clone(&entry.player);
                self.online.players.insert(*id, player);
            }
        }
        self.outputs.push_back(Output::Missed(missed));
    }

    fn listed(&mut self, list: Option<Listing<User>>, at: Timestamp, now: Instant) {
        let Some(request) = self.request.take() else {
            return;
        };
        let Some(list) = list else {
            let pause = RETRY.saturating_mul(1 << self.failures.min(6));
            self.failures += 1;
            self.list_at = Some(now + pause.min(LIST_WITH_EVENTS));
            return;
        };
        self.failures = 0;
        if request.is_stale {
            self.list_at = Some(now);
            return;
        }
        self.list_at = Some(if self.sends_events {
            now + LIST_WITH_EVENTS
        } else {
            now + LIST_WITHOUT_EVENTS
        });
        if request.is_doubted {
            self.list_by(now + LIST_FOR_UNKNOWN);
        }
        self.online.as_of = at;
        self.online.listed_at = Some(request.sent);
        // An entry that cannot be read may be any player.
        let is_whole = list.skipped().count() == 0;
        if is_whole {
            let listed: BTreeSet<_> = list.iter().map(|user| user.id).collect();
            let gone = |id: &UserId| !listed.contains(id) && !request.touched.contains(id);
            let gone: Vec<_> = self.players.keys().copied().filter(gone).collect();
            for id in gone {
                self.left(id, Evidence::List, at);
            }
        }
        for user in list {
            self.compare(user, &request, at, now);
        }
        self.is_seeded = true;
        self.online.is_complete = is_whole;
        self.outputs.push_back(Output::Compared);
    }

    /// Compares a listed player with the known one.
    fn compare(&mut self, user: User, request: &Request, at: Timestamp, now: Instant) {
        let Some(entry) = self.players.get_mut(&user.id) else {
            if !request.touched.contains(&user.id) {
                let kind = if self.is_seeded {
                    ChangeKind::Joined
                } else {
                    ChangeKind::Found
                };
                let join_until = Some(now + LATE_JOIN);
                self.add(user, join_until, kind, Evidence::List, at);
            }
            return;
        };
        let is_renamed = !user.username.is_empty() && user.username != entry.player.user.username;
        if is_renamed {
            let id = user.id;
            let player = Arc::make_mut(&mut entry.player);
            let from = std::mem::replace(&mut player.user.username, user.username);
            let player = Arc::clone(&entry.player);
            self.online.players.insert(id, Arc::clone(&player));
            self.changed(player, ChangeKind::Renamed { from }, Evidence::List, at);
        }
    }

    fn changed(
        &mut self,
        player: Arc<Player>,
        kind: ChangeKind,
        evidence: Evidence,
        at: Timestamp,
    ) {
        self.online.as_of = at;
        self.outputs.push_back(Output::Changed(PlayerChange {
            player,
            kind,
            evidence,
            at,
        }));
    }

    /// Makes a list due by this instant, or earlier.
    fn list_by(&mut self, by: Instant) {
        if self.request.is_none() {
            self.list_at = Some(self.list_at.map_or(by, |at| at.min(by)));
        }
    }
}
