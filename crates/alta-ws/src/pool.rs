//! The machine of the main websocket, without I/O: it spreads topics over as many sockets as their number needs.

mod moves;
mod spread;
#[cfg(test)]
mod tests;

use crate::config::Config;
use crate::error::Error;
use crate::frame::Frame;
use crate::shared::Reply;
use crate::socket::{
    Call, Common, Input, MigrationId, Output, Socket, SocketInput, SocketOutput, SocketState,
};
use crate::status::{Condition, Counters, State};
use crate::tokens::Tokens;
use crate::topic::Topic;
use alta_auth::Token;
use alta_model::Redactor;
use alta_socket::{Closed, LinkId, Machine, RawFrame, Waiters, deadline_after};
use foldhash::fast::RandomState;
use moves::Moves;
use spread::{SocketId, Spread};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// The maximum number of raw requests that wait to be sent; further calls wait before they enter the machine.
const WAITING_CALLS: usize = 64;

/// All sockets. [`handle`](Self::handle) takes every input.
pub(crate) struct Pool {
    config: Arc<Config>,
    counters: Arc<Counters>,
    /// Has the tokens of all links, since the server can repeat them in messages.
    redactor: Redactor,
    sockets: BTreeMap<SocketId, Socket>,
    tokens: Tokens,
    common: Common,
    spread: Spread,
    moves: Moves,
    /// The time of the next check for a socket that is not needed: a delay after the last topic was removed.
    check_at: Option<Instant>,
    /// Until this time no topic moves, since a socket was refused a topic that another one holds.
    no_moves_until: Option<Instant>,
    seeds: fastrand::Rng,
    /// The socket of each link, from the last lookup.
    owners: HashMap<LinkId, SocketId, RandomState>,
    /// Callers that wait until the server holds a topic.
    waiters: Waiters<Topic, Reply<()>>,
    /// Requests to migrate all sockets.
    migrations: Vec<Migration>,
    next_migration: MigrationId,
    /// The last subscription that was refused permanently.
    last_refusal: Option<Arc<str>>,
    ended: Option<Error>,
    outbox: VecDeque<Output>,
}

/// A request to migrate all sockets; it ends with the last socket's migration.
struct Migration {
    id: MigrationId,
    reply: Reply<()>,
    remaining: usize,
    result: Result<(), Error>,
}

impl Pool {
    /// Begins with one socket. All random decisions follow from `seed`.
    pub(crate) fn new(
        config: Arc<Config>,
        counters: Arc<Counters>,
        redactor: Redactor,
        seed: u64,
        now: Instant,
    ) -> Self {
        let mut pool = Self {
            spread: Spread::new(config.subscriptions_per_socket),
            config,
            counters,
            redactor,
            sockets: BTreeMap::new(),
            tokens: Tokens::default(),
            common: Common::default(),
            moves: Moves::default(),
            check_at: None,
            no_moves_until: None,
            seeds: fastrand::Rng::with_seed(seed),
            owners: HashMap::default(),
            waiters: Waiters::default(),
            migrations: Vec::new(),
            next_migration: MigrationId(0),
            last_refusal: None,
            ended: None,
            outbox: VecDeque::new(),
        };
        pool.open(SocketId::FIRST, now);
        pool
    }
}

impl Machine for Pool {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Link(link, event) => {
                if let Some(id) = self.owner(link) {
                    self.feed(id, SocketInput::Link(link, event), now);
                }
            }
            Input::Token(token) => self.token(token, now),
            Input::Wanted(topic, true) => self.want(&topic, now),
            Input::Wanted(topic, false) => self.unwant(&topic, now),
            Input::Confirm(topic, reply) => self.confirm(&topic, reply, now),
            Input::Call(call) => self.call(call, now),
            Input::Migrate(reply) => self.migrate(reply, now),
            Input::RetryNow => {
                for id in self.ids() {
                    self.feed(id, SocketInput::RetryNow, now);
                }
            }
            Input::Timer => self.timer(now),
            Input::Stop => self.close(&Error::closed(Closed::ByUs, "using the client"), now),
        }
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.outbox.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        let sockets = self.sockets.values().filter_map(Socket::deadline);
        let moves = [self.moves.deadline(), self.check_at];
        sockets.chain(moves.into_iter().flatten()).min()
    }

    fn takes_calls(&self) -> bool {
        let first = self.sockets.get(&SocketId::FIRST);
        first.is_some_and(|socket| socket.waiting_calls() < WAITING_CALLS)
    }
}

impl Pool {
    /// The event of a frame in its usual form, if it is to be passed on.
    pub(crate) fn usual_event(
        &mut self,
        link: LinkId,
        raw: &RawFrame,
        event: (&str, &str, &str),
        now: Instant,
    ) -> Option<Frame> {
        let id = self.owner(link)?;
        let socket = self.sockets.get_mut(&id)?;
        let frame = socket.usual_event(link, raw, event, now)?;
        self.passes_on(&frame, id, now).then_some(frame)
    }

    /// The reason for its end, if it has ended.
    pub(crate) fn ended(&self) -> Option<&Error> {
        self.ended.as_ref()
    }

    pub(crate) fn condition(&self) -> Condition {
        Condition {
            state: self.state(),
            sockets: self.sockets.len(),
            last_refusal: self.last_refusal.clone(),
            last_failure: self.last_failure(),
            migrations: self.counters.migrations.get() + self.counters.failed_migrations.get(),
        }
    }

    fn last_failure(&self) -> Option<Arc<str>> {
        let failing = self.sockets.values().filter_map(Socket::failing);
        let last = failing.max_by_key(|(since, _)| *since);
        last.map(|(_, why)| Arc::clone(why))
    }

    /// The state of the worst socket. A socket that opens for more subscriptions counts as ready.
    fn state(&self) -> State {
        if let Some(error) = &self.ended {
            return State::Closed {
                because: error.why_closed(),
            };
        }
        let mut state = State::Ready;
        for (id, socket) in &self.sockets {
            match socket.state() {
                SocketState::Recovering { attempt, because } => {
                    return State::Recovering { attempt, because };
                }
                SocketState::Connecting { attempt, is_new }
                    if !is_new || *id == SocketId::FIRST =>
                {
                    state = State::Connecting { attempt };
                }
                SocketState::Migrating if state == State::Ready => state = State::Migrating,
                _ => {}
            }
        }
        state
    }

    fn ids(&self) -> Vec<SocketId> {
        self.sockets.keys().copied().collect()
    }

    fn open(&mut self, id: SocketId, now: Instant) {
        let (socket, outputs) = Socket::open(
            Arc::clone(&self.config),
            Arc::clone(&self.counters),
            self.redactor.clone(),
            self.seeds.u64(..),
            &mut self.common,
            now,
        );
        self.sockets.insert(id, socket);
        self.apply(id, outputs, now);
    }

    /// Gives the token to all sockets, or requests another one if the server has refused it meanwhile.
    fn token(&mut self, token: Result<Token, Error>, now: Instant) {
        if let Ok(token) = &token {
            self.redactor.learn(token.expose());
        }
        let Some(token) = self.tokens.arrived(token) else {
            return self.request_token();
        };
        for id in self.ids() {
            self.feed(id, SocketInput::Token(token.clone()), now);
        }
    }

    fn request_token(&mut self) {
        let request = self.tokens.request();
        self.outbox.extend(request.map(Output::GetToken));
    }

    /// Passes an input to one socket, and its outputs on.
    fn feed(&mut self, id: SocketId, input: SocketInput, now: Instant) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        let was_under_way = self.common.batch_under_way;
        let outputs = socket.handle(input, &mut self.common, now);
        let batch_has_ended = was_under_way && !self.common.batch_under_way;
        self.apply(id, outputs, now);
        if batch_has_ended {
            for id in self.ids() {
                self.feed(id, SocketInput::SendRequests, now);
            }
        }
    }

    fn apply(&mut self, id: SocketId, outputs: Vec<SocketOutput>, now: Instant) {
        let mut has_released = false;
        let mut fatal = None;
        for output in outputs {
            match output {
                SocketOutput::ForDriver(output) => self.pass_on(id, output, now),
                SocketOutput::NeedsToken => self.request_token(),
                SocketOutput::TokenRefused(generation) => self.tokens.refused(generation),
                SocketOutput::Released(topic) => {
                    self.spread.release(&topic, id);
                    self.moves
                        .left(&topic, id, deadline_after(now, self.config.handover));
                    has_released = true;
                }
                SocketOutput::Migrated(migration, result) => {
                    self.socket_migrated(migration, result);
                }
                SocketOutput::Fatal(error) => fatal = Some(error),
            }
        }
        if has_released {
            self.close_if_empty(id, now);
            self.check_at = (self.sockets.len() > 1).then(|| self.next_check(now));
        }
        if let Some(error) = fatal {
            self.close(&error, now);
        }
    }

    /// Passes an output of a socket to the driver.
    fn pass_on(&mut self, id: SocketId, output: Output, now: Instant) {
        let output = if self.moves.is_empty() {
            Some(output)
        } else {
            self.apply_move(id, output, now)
        };
        let done = match &output {
            None => return,
            Some(Output::Confirmed(topic, _)) => Some((self.waiters.take(topic), Ok(()))),
            Some(Output::Refused(topic, error)) => {
                tracing::warn!(topic = topic.name(), ?error, "a subscription was refused");
                self.counters.refused_subscriptions.add_one();
                self.last_refusal = Some(Arc::from(error.to_string()));
                Some((self.waiters.take(topic), Err(error.clone())))
            }
            Some(_) => None,
        };
        self.outbox.extend(output);
        if let Some((waiting, result)) = done {
            let done = |reply| Output::Done(reply, result.clone());
            self.outbox.extend(waiting.into_iter().map(done));
        }
    }

    /// The socket of a link.
    fn owner(&mut self, link: LinkId) -> Option<SocketId> {
        let known = self.owners.get(&link).copied();
        if let Some(id) = known
            && self
                .sockets
                .get(&id)
                .is_some_and(|socket| socket.owns(link))
        {
            return known;
        }
        // The socket has opened another link, or closed this one: entries of other links can be outdated too.
        let sockets = &self.sockets;
        self.owners
            .retain(|link, id| sockets.get(id).is_some_and(|socket| socket.owns(*link)));
        let (id, _) = sockets.iter().find(|(_, socket)| socket.owns(link))?;
        self.owners.insert(link, *id);
        Some(*id)
    }

    fn close_if_empty(&mut self, id: SocketId, now: Instant) {
        let is_empty = self.sockets.get(&id).is_some_and(Socket::is_empty);
        if id != SocketId::FIRST && is_empty {
            self.feed(id, SocketInput::Retire, now);
            self.sockets.remove(&id);
            self.spread.close(id);
            self.owners.retain(|_, owner| *owner != id);
        }
    }

    /// A stream needs a topic.
    fn want(&mut self, topic: &Topic, now: Instant) {
        if self.ended.is_some() {
            return;
        }
        if self.spread.socket_of(topic).is_none()
            && let Some(from) = self.moves.stays(topic)
        {
            self.spread.give_back(topic, from);
        }
        let id = self.spread.assign(topic);
        if !self.sockets.contains_key(&id) {
            tracing::info!("opening one more socket, for more subscriptions");
            self.open(id, now);
        }
        self.feed(id, SocketInput::Want(topic.clone()), now);
        // During a move, the old socket holds the topic, and must keep it until the new socket holds it.
        if let Some(from) = self.moves.other(topic) {
            self.feed(from, SocketInput::Want(topic.clone()), now);
        }
    }

    /// No stream needs a topic any more.
    fn unwant(&mut self, topic: &Topic, now: Instant) {
        let sockets = [self.moves.other(topic), self.spread.socket_of(topic)];
        for id in sockets.into_iter().flatten() {
            self.feed(id, SocketInput::Unwant(topic.clone()), now);
        }
        // The streams of these waiting callers are gone.
        drop(self.waiters.take(topic));
    }

    /// Sends the result when the server holds a topic.
    fn confirm(&mut self, topic: &Topic, reply: Reply<()>, now: Instant) {
        if let Some(error) = self.ended.clone() {
            self.outbox.push_back(Output::Done(reply, Err(error)));
            return;
        }
        let socket = self.spread.socket_of(topic);
        let socket = socket.and_then(|id| self.sockets.get(&id));
        // The caller had a stream. If the stream is gone, the wait ends.
        if socket.is_some_and(|socket| socket.wants(topic)) {
            self.waiters.add(topic, reply);
            self.want(topic, now);
        }
    }

    /// Sends a raw request on the first socket.
    fn call(&mut self, call: Call, now: Instant) {
        self.feed(SocketId::FIRST, SocketInput::Call(call), now);
    }

    /// Migrates all sockets.
    fn migrate(&mut self, reply: Reply<()>, now: Instant) {
        let id = self.next_migration;
        self.next_migration = MigrationId(id.0 + 1);
        self.migrations.push(Migration {
            id,
            reply,
            remaining: self.sockets.len(),
            result: Ok(()),
        });
        for socket in self.ids() {
            self.feed(socket, SocketInput::Migrate(id), now);
        }
    }

    /// One of the sockets has ended its part of a migration.
    fn socket_migrated(&mut self, id: MigrationId, result: Result<(), Error>) {
        let Some(index) = self.migrations.iter().position(|waits| waits.id == id) else {
            return;
        };
        let waits = &mut self.migrations[index];
        waits.remaining -= 1;
        if waits.result.is_ok() {
            waits.result = result;
        }
        if waits.remaining == 0 {
            let Migration { reply, result, .. } = self.migrations.swap_remove(index);
            self.outbox.push_back(Output::Done(reply, result));
        }
    }

    fn timer(&mut self, now: Instant) {
        for id in self.ids() {
            self.feed(id, SocketInput::Timer, now);
        }
        self.moves.expire(now);
        if self.check_at.is_some_and(|at| at <= now) {
            self.close_spare_socket(now);
        }
    }

    /// Ends everything, with this error.
    fn close(&mut self, error: &Error, now: Instant) {
        if self.ended.is_some() {
            return;
        }
        self.moves = Moves::default();
        self.check_at = None;
        self.ended = Some(error.clone());
        for id in self.ids() {
            self.feed(id, SocketInput::Close(error.clone()), now);
        }
        for reply in self.waiters.take_all() {
            self.outbox
                .push_back(Output::Done(reply, Err(error.clone())));
        }
        self.outbox.push_back(Output::End);
    }
}
