mod moves;
#[cfg(test)]
mod tests;

use crate::config::Config;
use crate::error::Error;
use crate::frame::Frame;
use crate::machine::{CallId, Cx, Lane, LaneState, OpenFailure, Output, PendingCall, Shared};
use crate::spread::{LaneId, Spread};
use crate::status::{Condition, State, Totals};
use crate::topic::Topic;
use alta_model::Redactor;
use alta_socket::{LinkId, Lost, RawFrame, later};
use moves::Moves;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

/// How many raw requests may wait to be sent; more wait at their callers.
const WAITING_CALLS: usize = 64;

/// All sockets: spreads what is wanted over as many as are needed, without I/O.
pub(crate) struct Fleet {
    config: Arc<Config>,
    lanes: BTreeMap<LaneId, Lane>,
    spread: Spread,
    moves: Moves,
    /// When to look whether a socket can be spared: some time after the last topic went.
    look_at: Option<Instant>,
    /// Until when nothing moves, since another socket was refused what one holds.
    rest_until: Option<Instant>,
    shared: Shared,
    seeds: fastrand::Rng,
    /// Whose link it was when it was last looked for.
    owners: HashMap<LinkId, LaneId>,
    /// Who waits for how many sockets to migrate.
    migrators: Vec<Migrator>,
    /// The last subscription that was refused for good.
    last_refusal: Option<Arc<str>>,
    ended: Option<Error>,
}

struct Migrator {
    call: CallId,
    remaining: usize,
    result: Result<(), Error>,
}

impl Fleet {
    /// Begins with one socket. The `seed` fixes all chance.
    pub(crate) fn new(config: Arc<Config>, redactor: Redactor, seed: u64, now: Instant) -> Self {
        let mut fleet = Self {
            spread: Spread::new(config.subscriptions_per_socket),
            config,
            lanes: BTreeMap::new(),
            moves: Moves::default(),
            look_at: None,
            rest_until: None,
            shared: Shared::new(redactor),
            seeds: fastrand::Rng::with_seed(seed),
            owners: HashMap::new(),
            migrators: Vec::new(),
            last_refusal: None,
            ended: None,
        };
        fleet.open(LaneId::FIRST, now);
        fleet
    }

    fn open(&mut self, id: LaneId, now: Instant) {
        let mut cx = Cx {
            now,
            shared: &mut self.shared,
        };
        let lane = Lane::open(Arc::clone(&self.config), self.seeds.u64(..), &mut cx);
        self.lanes.insert(id, lane);
    }

    fn with(&mut self, id: LaneId, now: Instant, act: impl FnOnce(&mut Lane, &mut Cx<'_>)) {
        let Some(lane) = self.lanes.get_mut(&id) else {
            return;
        };
        let before = self.shared.out.len();
        let mut cx = Cx {
            now,
            shared: &mut self.shared,
        };
        act(lane, &mut cx);
        let released = std::mem::take(&mut self.shared.released);
        if !self.moves.is_empty() {
            self.follow_moves(id, before, now);
        }
        if !released.is_empty() {
            let until = later(now, self.config.hand_over);
            for topic in released {
                self.spread.release(&topic, id);
                self.moves.left(&topic, id, until);
            }
            self.close_if_empty(id, now);
            self.look_at = (self.lanes.len() > 1).then(|| self.after_a_rest(now));
        }
        if std::mem::take(&mut self.shared.batch_freed) {
            let lanes: Vec<_> = self.lanes.keys().copied().collect();
            for id in lanes {
                self.with(id, now, Lane::pump);
            }
        }
        for (call, result) in std::mem::take(&mut self.shared.migrated) {
            self.one_migrated(call, result);
        }
        if let Some(error) = self.shared.fatal.take() {
            self.close(error, now);
        }
    }

    fn with_owner(&mut self, link: LinkId, now: Instant, act: impl FnOnce(&mut Lane, &mut Cx<'_>)) {
        if let Some(id) = self.owner(link) {
            self.with(id, now, act);
        }
    }

    /// The socket that a link belongs to.
    fn owner(&mut self, link: LinkId) -> Option<LaneId> {
        let known = self.owners.get(&link).copied();
        if let Some(id) = known
            && self.lanes.get(&id).is_some_and(|lane| lane.owns(link))
        {
            return known;
        }
        // It is another link of the socket's, or not one any more: then neither are others.
        let lanes = &self.lanes;
        self.owners
            .retain(|link, id| lanes.get(id).is_some_and(|lane| lane.owns(*link)));
        let (id, _) = lanes.iter().find(|(_, lane)| lane.owns(link))?;
        self.owners.insert(link, *id);
        Some(*id)
    }

    /// An event as the service usually sends them, if it is to be passed on.
    pub(crate) fn usual_event(
        &mut self,
        link: LinkId,
        raw: &RawFrame,
        event: (&str, &str, &str),
        now: Instant,
    ) -> Option<Frame> {
        let id = self.owner(link)?;
        let mut cx = Cx {
            now,
            shared: &mut self.shared,
        };
        let lane = self.lanes.get_mut(&id)?;
        let frame = lane.usual_event(link, raw, event, &mut cx)?;
        self.passes_on(&frame, id, now).then_some(frame)
    }

    fn close_if_empty(&mut self, id: LaneId, now: Instant) {
        if id == LaneId::FIRST || self.lanes.get(&id).is_none_or(|lane| !lane.is_empty()) {
            return;
        }
        if let Some(mut lane) = self.lanes.remove(&id) {
            let mut cx = Cx {
                now,
                shared: &mut self.shared,
            };
            lane.retire(&mut cx);
            self.spread.close(id);
            self.owners.retain(|_, lane| *lane != id);
        }
    }

    /// Somebody came for a topic.
    pub(crate) fn want(&mut self, topic: &Topic, now: Instant) {
        if self.ended.is_some() {
            return;
        }
        if self.spread.lane_of(topic).is_none()
            && let Some(from) = self.moves.stays(topic)
        {
            self.spread.give_back(topic, from);
        }
        let id = self.spread.assign(topic);
        if !self.lanes.contains_key(&id) {
            tracing::info!("one more socket is opened, for more subscriptions");
            self.open(id, now);
        }
        self.with(id, now, |lane, cx| lane.want(topic, cx));
        // While it moves, the socket that it leaves holds it, and must go on until the other does.
        if let Some(from) = self.moves.other(topic) {
            self.with(from, now, |lane, cx| lane.want(topic, cx));
        }
    }

    /// Nobody wants a topic any more.
    pub(crate) fn unwant(&mut self, topic: &Topic, now: Instant) {
        let lanes = [self.moves.other(topic), self.spread.lane_of(topic)];
        for id in lanes.into_iter().flatten() {
            self.with(id, now, |lane, cx| lane.unwant(topic, cx));
        }
    }

    /// Sends a raw request, on the first socket.
    pub(crate) fn call(&mut self, call: PendingCall, now: Instant) {
        self.with(LaneId::FIRST, now, |lane, cx| lane.call(call, cx));
    }

    /// Whether another raw request may be taken.
    pub(crate) fn takes_calls(&self) -> bool {
        self.lanes
            .get(&LaneId::FIRST)
            .is_some_and(|lane| lane.waiting_calls() < WAITING_CALLS)
    }

    /// Migrates all sockets.
    pub(crate) fn migrate_now(&mut self, call: CallId, now: Instant) {
        self.migrators.push(Migrator {
            call,
            remaining: self.lanes.len(),
            result: Ok(()),
        });
        let lanes: Vec<_> = self.lanes.keys().copied().collect();
        for id in lanes {
            self.with(id, now, |lane, cx| lane.migrate_now(call, cx));
        }
    }

    /// One of the sockets that a caller waits for has migrated, or not.
    fn one_migrated(&mut self, call: CallId, result: Result<(), Error>) {
        let Some(index) = self.migrators.iter().position(|waits| waits.call == call) else {
            return;
        };
        let waits = &mut self.migrators[index];
        waits.remaining -= 1;
        if waits.result.is_ok() {
            waits.result = result;
        }
        if waits.remaining == 0 {
            let Migrator { call, result, .. } = self.migrators.swap_remove(index);
            self.shared.out.push_back(Output::Migrated { call, result });
        }
    }

    pub(crate) fn opened(&mut self, link: LinkId, now: Instant) {
        self.with_owner(link, now, |lane, cx| lane.opened(link, cx));
    }

    pub(crate) fn open_failed(&mut self, link: LinkId, failure: OpenFailure, now: Instant) {
        self.with_owner(link, now, |lane, cx| lane.open_failed(link, failure, cx));
    }

    pub(crate) fn text(&mut self, link: LinkId, raw: &RawFrame, now: Instant) {
        self.with_owner(link, now, |lane, cx| lane.text(link, raw, cx));
    }

    pub(crate) fn binary(&mut self, link: LinkId, length: usize, now: Instant) {
        self.with_owner(link, now, |lane, cx| lane.binary(link, length, cx));
    }

    pub(crate) fn heard(&mut self, link: LinkId, now: Instant) {
        self.with_owner(link, now, |lane, cx| lane.heard(link, cx));
    }

    pub(crate) fn handed(&mut self, link: LinkId, id: u32, generation: u64, now: Instant) {
        self.with_owner(link, now, |lane, _| lane.handed(link, id, generation));
    }

    pub(crate) fn written(&mut self, link: LinkId, id: u32, now: Instant) {
        self.with_owner(link, now, |lane, _| lane.written(link, id));
    }

    pub(crate) fn skipped(&mut self, link: LinkId, id: u32, now: Instant) {
        self.with_owner(link, now, |lane, cx| lane.skipped(link, id, cx));
    }

    pub(crate) fn unsent(&mut self, link: LinkId, id: u32, error: &Error, now: Instant) {
        self.with_owner(link, now, |lane, cx| lane.unsent(link, id, error, cx));
    }

    pub(crate) fn lost(&mut self, link: LinkId, lost: &Lost, now: Instant) {
        self.with_owner(link, now, |lane, cx| lane.lost(link, lost, cx));
    }

    /// Something may be due.
    pub(crate) fn tick(&mut self, now: Instant) {
        let lanes: Vec<_> = self.lanes.keys().copied().collect();
        for id in lanes {
            self.with(id, now, Lane::tick);
        }
        self.moves.expire(now);
        if self.look_at.is_some_and(|at| at <= now) {
            self.spare_a_socket(now);
        }
    }

    /// An event reached nobody.
    pub(crate) fn unrouted(&mut self) {
        self.shared.totals.unrouted += 1;
    }

    /// Ends everything, because of this.
    pub(crate) fn close(&mut self, error: Error, now: Instant) {
        if self.ended.is_some() {
            return;
        }
        let mut cx = Cx {
            now,
            shared: &mut self.shared,
        };
        for lane in self.lanes.values_mut() {
            lane.close(&error, &mut cx);
        }
        self.moves = Moves::default();
        self.look_at = None;
        self.ended = Some(error);
        for (call, result) in std::mem::take(&mut self.shared.migrated) {
            self.one_migrated(call, result);
        }
    }

    /// Why it has ended, if it has.
    pub(crate) fn ended(&self) -> Option<&Error> {
        self.ended.as_ref()
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        let output = self.shared.out.pop_front()?;
        if let Output::Refused { topic, error } = &output {
            tracing::warn!(topic = topic.name(), ?error, "a subscription was refused");
            self.shared.totals.refused_subscriptions += 1;
            self.last_refusal = Some(Arc::from(error.to_string()));
        }
        Some(output)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let lanes = self.lanes.values().filter_map(Lane::deadline);
        let moves = [self.moves.deadline(), self.look_at];
        lanes.chain(moves.into_iter().flatten()).min()
    }

    pub(crate) fn totals(&self) -> Totals {
        self.shared.totals
    }

    pub(crate) fn condition(&self) -> Condition {
        Condition {
            state: self.state(),
            sockets: self.lanes.len(),
            last_refusal: self.last_refusal.clone(),
            last_failure: self.last_failure(),
            rare: self.shared.totals.rare(),
        }
    }

    fn last_failure(&self) -> Option<Arc<str>> {
        let failure = self.shared.last_failure.as_ref();
        failure.map(|(_, how)| Arc::clone(how))
    }

    /// The state of the worst socket. One that is opened for more subscriptions is no worse than ready.
    fn state(&self) -> State {
        if let Some(error) = &self.ended {
            return State::Closed {
                because: error.chain().into(),
            };
        }
        let mut state = State::Ready;
        for (id, lane) in &self.lanes {
            match lane.state() {
                LaneState::Recovering { attempt, because } => {
                    return State::Recovering { attempt, because };
                }
                LaneState::Connecting if *id == LaneId::FIRST => state = State::Connecting,
                LaneState::Migrating if state == State::Ready => state = State::Migrating,
                _ => {}
            }
        }
        state
    }
}
