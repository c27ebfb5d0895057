//! A socket under test, with a server made of sets and queues. The test moves time.

use super::super::up::migration::Migration;
use super::super::{
    Call, Common, MigrationId, OnLink, OpenFailure, Output, Socket, SocketInput, SocketOutput,
    SocketState, State,
};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Sent};
use crate::frame::{Request, Response};
use crate::status::{Counters, Totals};
pub(super) use crate::test_server::Reply;
use crate::test_server::{Server, number_in};
use crate::tokens::CurrentToken;
use crate::topic::Topic;
use alta_auth::Token;
use alta_model::Redactor;
use alta_socket::{LinkId, Lost, RawFrame};
use http::Method;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

/// The caller of a raw request, who waits for its result.
struct Caller {
    result: oneshot::Receiver<Result<Response, Error>>,
    _owner: Arc<()>,
}

pub(super) struct Rig {
    pub(super) socket: Socket,
    pub(super) common: Common,
    counters: Arc<Counters>,
    pub(super) now: Instant,
    pub(super) config: Arc<Config>,
    pub(super) server: Server,
    /// If true, requests are not written.
    pub(super) held_back: bool,
    /// True if the last link must be opened with another token.
    pub(super) renewing: bool,
    callers: BTreeMap<u64, Caller>,
    /// The number of ends of each call, and the last one.
    pub(super) ended: BTreeMap<u64, Vec<Result<u16, Error>>>,
    pub(super) calls: u64,
    /// For each event: when and in which migration it was passed in, if in one, and how many times it was passed on.
    pub(super) handed: BTreeMap<u64, Vec<(Instant, Option<u64>)>>,
    pub(super) delivered: BTreeMap<u64, u32>,
    /// The topics whose streams got a report of a malformed frame.
    pub(super) told: Vec<String>,
    pub(super) confirmed: Vec<(String, Option<(Instant, Instant)>)>,
    pub(super) refused: Vec<(String, Error)>,
    pub(super) released: Vec<Topic>,
    pub(super) fatal: Option<Error>,
    pub(super) closed: Vec<u16>,
    pub(super) renewals: u32,
}

pub(super) fn config() -> Config {
    Config::default()
        .ping_interval(Duration::from_secs(60))
        .migrate_spread(Duration::ZERO)
        .max_in_flight(3)
}

pub(super) fn topic(number: i64) -> Topic {
    Topic::known("group-update", number)
}

impl Rig {
    pub(super) fn new(config: Config) -> Self {
        let config = Arc::new(config);
        let counters = Arc::new(Counters::default());
        let mut common = Common::default();
        let now = Instant::now();
        let (socket, outputs) = Socket::open(
            Arc::clone(&config),
            Arc::clone(&counters),
            Redactor::new(),
            7,
            &mut common,
            now,
        );
        let mut rig = Self {
            socket,
            common,
            counters,
            now,
            config,
            server: Server::default(),
            held_back: false,
            renewing: false,
            callers: BTreeMap::new(),
            ended: BTreeMap::new(),
            calls: 0,
            handed: BTreeMap::new(),
            delivered: BTreeMap::new(),
            told: Vec::new(),
            confirmed: Vec::new(),
            refused: Vec::new(),
            released: Vec::new(),
            fatal: None,
            closed: Vec::new(),
            renewals: 0,
        };
        rig.perform(outputs);
        rig
    }

    /// A socket that is open.
    pub(super) fn open(config: Config) -> Self {
        let mut rig = Self::new(config);
        rig.accept();
        rig
    }

    pub(super) fn totals(&self) -> Totals {
        self.counters.totals()
    }

    pub(super) fn last_failure(&self) -> Option<Arc<str>> {
        self.socket.failing().map(|(_, why)| Arc::clone(why))
    }

    fn feed(&mut self, input: SocketInput) {
        let outputs = self.socket.handle(input, &mut self.common, self.now);
        self.perform(outputs);
    }

    fn on_link(&mut self, link: LinkId, event: OnLink) {
        self.feed(SocketInput::Link(link, event));
    }

    /// Performs the outputs of the machine, as the pool and the driver do.
    fn perform(&mut self, outputs: Vec<SocketOutput>) {
        for output in outputs {
            match output {
                SocketOutput::ForDriver(output) => self.output(output),
                SocketOutput::NeedsToken => self.feed(SocketInput::Token(Ok(CurrentToken {
                    token: Token::new("a-token"),
                    generation: 1,
                }))),
                SocketOutput::TokenRefused(_) => self.renewals += 1,
                SocketOutput::Released(topic) => self.released.push(topic),
                SocketOutput::Migrated(migration, result) => {
                    self.end(migration.0, result.map(|()| 200));
                }
                SocketOutput::Fatal(error) => self.fatal = Some(error),
            }
        }
        let mut callers = std::mem::take(&mut self.callers);
        callers.retain(|call, caller| match caller.result.try_recv() {
            Ok(result) => {
                self.end(*call, result.map(|response| response.status));
                false
            }
            Err(TryRecvError::Empty) => true,
            Err(TryRecvError::Closed) => panic!("call {call} was dropped"),
        });
        self.callers.append(&mut callers);
        let batches = self.socket.census().batches;
        assert_eq!(batches, usize::from(self.common.batch_under_way));
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Open { link, refused } => {
                self.renewing = refused.is_some();
                let fresh = self
                    .server
                    .sockets
                    .insert(link, crate::test_server::Socket::default());
                assert!(fresh.is_none(), "a link's id is used once");
                assert!(self.server.sockets.len() <= 2, "never more than two links");
            }
            Output::Send {
                link, id, request, ..
            } => {
                let socket = self.server.sockets.get_mut(&link);
                let socket = socket.expect("sent on a closed link");
                assert!(socket.open, "sent on a link that is not open");
                socket.asked.push_back((id, request));
                if !self.held_back {
                    self.on_link(link, OnLink::Written(id));
                }
            }
            Output::Recall(link, id) => self.on_link(link, OnLink::NotRecalled(id)),
            Output::Ping(link) => {
                let is_open = self.server.sockets.contains_key(&link);
                assert!(is_open, "pinged a closed link");
            }
            Output::Close { link, code, .. } => {
                self.server.sockets.remove(&link);
                self.closed.push(code);
            }
            Output::Deliver(frame) if frame.content.is_none() => {
                self.told.push(frame.topic.name().to_owned());
            }
            Output::DeliverToAll(_) => self.told.push("all".to_owned()),
            Output::Deliver(frame) => {
                let number = frame.content().unwrap().text().unwrap().parse().unwrap();
                *self.delivered.entry(number).or_default() += 1;
            }
            Output::Interrupted(_, loss) => assert!(loss.since <= loss.noticed),
            Output::Confirmed(topic, gap) => {
                assert!(gap.is_none_or(|gap| gap.since <= gap.until && gap.noticed <= gap.until));
                let between = gap.map(|gap| (gap.since, gap.until));
                self.confirmed.push((topic.name().to_owned(), between));
            }
            Output::Refused(topic, error) => self.refused.push((topic.name().to_owned(), error)),
            Output::Reply(reply, result) => drop(reply.send(result)),
            Output::GetToken(_) | Output::Done(..) | Output::End => {
                unreachable!("an output of the pool")
            }
        }
    }

    fn end(&mut self, call: u64, result: Result<u16, Error>) {
        self.ended.entry(call).or_default().push(result);
    }

    pub(super) fn state(&self) -> SocketState {
        self.socket.state()
    }

    /// The links, in the order in which they were opened.
    pub(super) fn links(&self) -> Vec<LinkId> {
        self.server.links()
    }

    pub(super) fn main(&self) -> LinkId {
        self.links()[0]
    }

    pub(super) fn newest(&self) -> LinkId {
        *self.links().last().unwrap()
    }

    /// Requests without a reply, on all links.
    pub(super) fn asked(&self) -> Vec<String> {
        let sockets = self.server.sockets.values();
        sockets
            .flat_map(|socket| socket.asked.iter().map(|(_, ask)| ask.doing()))
            .collect()
    }

    pub(super) fn want(&mut self, topic: &Topic) {
        self.feed(SocketInput::Want(topic.clone()));
    }

    pub(super) fn unwant(&mut self, topic: &Topic) {
        self.feed(SocketInput::Unwant(topic.clone()));
    }

    pub(super) fn call(&mut self) -> u64 {
        let id = self.calls;
        self.calls += 1;
        let (reply, result) = oneshot::channel();
        let owner = Arc::new(());
        let call = Call {
            request: Request::new(Method::GET, "coffee"),
            deadline: self.now + self.config.request_timeout,
            owner: Arc::downgrade(&owner),
            reply,
            renewed: false,
        };
        let caller = Caller {
            result,
            _owner: owner,
        };
        self.callers.insert(id, caller);
        self.feed(SocketInput::Call(call));
        id
    }

    pub(super) fn migrate(&mut self) -> u64 {
        let id = self.calls;
        self.calls += 1;
        self.feed(SocketInput::Migrate(MigrationId(id)));
        id
    }

    /// The newest link opens.
    pub(super) fn accept(&mut self) {
        let link = self.newest();
        let socket = self.server.sockets.get_mut(&link).unwrap();
        if !socket.open {
            socket.open = true;
            self.on_link(link, OnLink::Opened);
        }
    }

    /// The newest link does not open.
    pub(super) fn reject(&mut self, failure: OpenFailure) {
        let link = self.newest();
        if !self.server.sockets[&link].open {
            self.server.sockets.remove(&link);
            self.on_link(link, OnLink::Failed(failure));
        }
    }

    pub(super) fn transient() -> OpenFailure {
        OpenFailure::Transient(Error::new(ErrorKind::Dial, "connecting"))
    }

    pub(super) fn unauthorized() -> OpenFailure {
        let kind = ErrorKind::Unauthorized { status: Some(401) };
        OpenFailure::Unauthorized(Error::new(kind, "connecting"), Token::new("a-token"))
    }

    /// The server handles its oldest request on a link.
    pub(super) fn serve(&mut self, link: LinkId, reply: Reply) {
        self.server.serve(link, reply);
    }

    /// An event happens: it is sent to every socket with a subscription to it.
    pub(super) fn happen(&mut self, topic: &Topic) {
        self.server.happen(topic, false);
    }

    /// The next frame on a link arrives; false if there is none.
    pub(super) fn arrive(&mut self, link: LinkId) -> bool {
        let Some(text) = self.server.next(link) else {
            return false;
        };
        if let Some(number) = number_in(&text) {
            let moment = (self.now, self.migration());
            self.handed.entry(number).or_default().push(moment);
        }
        self.text(link, &text);
        true
    }

    /// The number of the migration during which both links are read, if there is one.
    fn migration(&self) -> Option<u64> {
        let State::Up(up) = &self.socket.state else {
            return None;
        };
        match up.migration {
            Migration::Posting { .. } => Some(self.totals().migrations + 1),
            Migration::Handover { .. } => Some(self.totals().migrations),
            _ => None,
        }
    }

    pub(super) fn text(&mut self, link: LinkId, text: &str) {
        self.on_link(link, OnLink::Text(RawFrame::from(text)));
    }

    pub(super) fn pong(&mut self, link: LinkId) {
        self.on_link(link, OnLink::Heard);
    }

    /// There is no token for a request.
    pub(super) fn no_token(&mut self, link: LinkId, id: u32) {
        let error = Error::new(ErrorKind::NoToken, "getting a token");
        self.on_link(link, OnLink::Unwritable(id, error));
    }

    pub(super) fn lose(&mut self, link: LinkId) {
        self.lose_by(link, &Lost::Broken(None));
    }

    pub(super) fn lose_by(&mut self, link: LinkId, lost: &Lost) {
        let socket = self.server.sockets.get(&link);
        if socket.is_some_and(|socket| socket.open) {
            self.server.sockets.remove(&link);
            self.on_link(link, OnLink::Lost(lost.clone()));
        }
    }

    pub(super) fn retire(&mut self) {
        self.feed(SocketInput::Retire);
    }

    pub(super) fn close(&mut self, error: &Error) {
        self.feed(SocketInput::Close(error.clone()));
    }

    /// Moves time, and runs every timer on the way.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut rung = 0;
        while let Some(deadline) = self.socket.deadline().filter(|deadline| *deadline <= end) {
            if deadline > self.now {
                self.now = deadline;
                rung = 0;
            }
            rung += 1;
            assert!(rung < 10, "the timer runs without work");
            self.feed(SocketInput::Timer);
        }
        self.now = end;
    }

    /// All requests get replies and all frames arrive, until nothing changes.
    pub(super) fn settle(&mut self) {
        loop {
            let mut moved = false;
            for link in self.links() {
                if self
                    .server
                    .sockets
                    .get(&link)
                    .is_some_and(|socket| !socket.open)
                {
                    self.accept();
                    moved = true;
                }
                moved |= self
                    .server
                    .sockets
                    .get(&link)
                    .is_some_and(|socket| !socket.asked.is_empty());
                self.serve(link, Reply::Do);
                moved |= self.arrive(link);
            }
            if !moved {
                return;
            }
        }
    }

    /// All requests get replies and all frames arrive, until only this request is pending.
    pub(super) fn settle_to(&mut self, request: &str) {
        for _ in 0..10 {
            if self.asked() == [request] {
                return;
            }
            self.accept();
            self.serve(self.main(), Reply::Do);
            self.arrive(self.main());
        }
        panic!("{request} was not sent");
    }

    /// The subscriptions that the server holds, on all links.
    pub(super) fn held(&self) -> BTreeSet<String> {
        self.server.held()
    }

    /// The end of a call; there must be exactly one.
    pub(super) fn end_of(&self, call: u64) -> &Result<u16, Error> {
        match self.ended.get(&call).map(Vec::as_slice) {
            Some([end]) => end,
            other => panic!("call {call} ended {other:?}"),
        }
    }

    /// Returns whether a call ended without a reply, and how far its request got.
    pub(super) fn no_reply(&self, call: u64) -> Option<Sent> {
        match self.end_of(call).as_ref().map_err(Error::kind) {
            Err(ErrorKind::TimedOut { sent, .. } | ErrorKind::Disconnected { sent }) => Some(*sent),
            _ => None,
        }
    }
}

/// An open socket that holds these topics.
pub(super) fn holding(topics: &[i64]) -> Rig {
    let mut rig = Rig::open(config());
    for number in topics {
        rig.want(&topic(*number));
    }
    rig.settle();
    assert_eq!(rig.confirmed.len(), topics.len());
    rig.confirmed.clear();
    rig
}

/// The lengths of the reported gaps.
pub(super) fn gaps(rig: &Rig) -> Vec<Option<Duration>> {
    let gaps = rig.confirmed.iter().map(|(_, gap)| *gap);
    gaps.map(|gap| gap.map(|(since, until)| until - since))
        .collect()
}
