//! All sockets under test, with their readers, and a server made of sets and queues. The test does the driver's work,
//! one step at a time: it takes the readers' notes, gets tokens, writes and reads. It also moves time.

use super::reader::Reader;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::frame::{Frame, Request, Response, usual_event};
use crate::pool::Pool;
use crate::socket::{Call, Input, OnLink, OpenFailure, Output};
use crate::status::{Counters, Totals};
use crate::test_server::{Reply, Server, Socket, number_in};
use crate::topic::Topic;
use alta_auth::Token;
use alta_model::Redactor;
use alta_socket::{Hub, LinkId, Lost, Machine as _, RawFrame};
use http::Method;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// An event, and the links on which the server sent it.
pub(super) struct Happened {
    pub(super) topic: Topic,
    pub(super) at: Instant,
    pub(super) sent: Vec<LinkId>,
}

/// A request between the machine and the network.
struct OnItsWay {
    link: LinkId,
    id: u32,
    request: Request,
    owner: Option<Weak<()>>,
}

/// A caller that waits for the result of a raw request or of a migration.
enum Caller {
    Request {
        result: oneshot::Receiver<Result<Response, Error>>,
        /// `None` after the caller is gone.
        owner: Option<Arc<()>>,
    },
    Migration(oneshot::Receiver<Result<(), Error>>),
}

impl Caller {
    /// Returns whether it has its result, or is gone and will never have it.
    fn has_ended(&mut self) -> bool {
        use oneshot::error::TryRecvError::Empty;
        match self {
            Caller::Request {
                result,
                owner: Some(_),
            } => match result.try_recv() {
                Ok(_) => true,
                Err(error) => {
                    assert_eq!(error, Empty, "a reply was dropped");
                    false
                }
            },
            Caller::Request { result, .. } => !matches!(result.try_recv(), Err(Empty)),
            Caller::Migration(result) => match result.try_recv() {
                Ok(_) => true,
                Err(error) => {
                    assert_eq!(error, Empty, "a reply was dropped");
                    false
                }
            },
        }
    }
}

pub(super) struct World {
    pub(super) pool: Pool,
    counters: Arc<Counters>,
    hub: Hub<Topic, Frame>,
    pub(super) now: Instant,
    pub(super) server: Server,
    config: Arc<Config>,
    /// True while requests wait for a token.
    needs_token: bool,
    /// Requests that wait to be written.
    queued: Vec<OnItsWay>,
    pub(super) readers: Vec<Reader>,
    callers: BTreeMap<u64, Caller>,
    /// The number of ends of each call.
    pub(super) ended: BTreeMap<u64, u32>,
    pub(super) calls: u64,
    pub(super) happened: Vec<Happened>,
    /// The time at which each frame of a link was sent: at most half a handover ago, unless the link is lost.
    ages: BTreeMap<LinkId, VecDeque<Instant>>,
    /// The times at which links were lost or closed.
    pub(super) gone: BTreeMap<LinkId, Instant>,
    /// For each event, how many times it was read from a link and how many times it was passed on.
    pub(super) arrived: BTreeMap<u64, u32>,
    pub(super) delivered: BTreeMap<u64, u32>,
    pub(super) codes: Vec<u16>,
}

/// The default, except that a link may be silent for longer.
pub(super) fn config() -> Config {
    Config::default().ping_interval(Duration::from_secs(60))
}

pub(super) fn topic(number: i64) -> Topic {
    let event = ["group-update", "group-server-status"][usize::from(number % 3 == 0)];
    Topic::known(event, number)
}

impl World {
    pub(super) fn new(config: Config) -> Self {
        let config = Arc::new(config);
        let counters = Arc::new(Counters::default());
        let now = Instant::now();
        let pool = Pool::new(
            Arc::clone(&config),
            Arc::clone(&counters),
            Redactor::new(),
            7,
            now,
        );
        let mut world = Self {
            pool,
            counters,
            hub: Hub::default(),
            now,
            server: Server::default(),
            config,
            needs_token: false,
            queued: Vec::new(),
            readers: Vec::new(),
            callers: BTreeMap::new(),
            ended: BTreeMap::new(),
            calls: 0,
            happened: Vec::new(),
            ages: BTreeMap::new(),
            gone: BTreeMap::new(),
            arrived: BTreeMap::new(),
            delivered: BTreeMap::new(),
            codes: Vec::new(),
        };
        world.perform();
        world
    }

    pub(super) fn totals(&self) -> Totals {
        self.counters.totals()
    }

    fn feed(&mut self, input: Input) {
        self.pool.handle(input, self.now);
        self.perform();
    }

    fn on_link(&mut self, link: LinkId, event: OnLink) {
        self.feed(Input::Link(link, event));
    }

    fn perform(&mut self) {
        while let Some(output) = self.pool.poll_output() {
            self.output(output);
        }
        for (call, caller) in &mut self.callers {
            if caller.has_ended() {
                *self.ended.entry(*call).or_default() += 1;
            }
        }
        let ended = &self.ended;
        self.callers.retain(|call, _| !ended.contains_key(call));
        for reader in &mut self.readers {
            reader.read();
        }
        self.pool.check_bounds();
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Open { link, .. } => {
                let fresh = self.server.sockets.insert(link, Socket::default());
                assert!(fresh.is_none() && !self.gone.contains_key(&link));
            }
            Output::GetToken(_) => self.needs_token = true,
            Output::Send {
                link,
                id,
                request,
                owner,
                ..
            } => {
                assert!(self.server.sockets[&link].open, "sent on a closed link");
                self.queued.push(OnItsWay {
                    link,
                    id,
                    request,
                    owner,
                });
            }
            Output::Recall(link, id) => {
                let before = self.queued.len();
                self.queued
                    .retain(|request| (request.link, request.id) != (link, id));
                let is_recalled = self.queued.len() < before;
                let result = if is_recalled {
                    OnLink::Skipped(id)
                } else {
                    OnLink::NotRecalled(id)
                };
                self.pool.handle(Input::Link(link, result), self.now);
            }
            Output::Ping(link) => assert!(self.server.sockets[&link].open),
            Output::Close { link, code, .. } => {
                self.codes.push(code);
                self.forget(link);
            }
            Output::Deliver(frame) => self.deliver(&frame),
            Output::Interrupted(topic, loss) => {
                assert!(loss.since <= loss.noticed);
                self.hub.lost(topic.name(), loss.since, loss.noticed);
            }
            Output::DeliverToAll(frame) => self.hub.publish_to_all(&frame),
            Output::Confirmed(topic, gap) => {
                assert!(gap.is_none_or(|gap| gap.since <= gap.until && gap.noticed <= gap.until));
                let between = gap.map(|gap| (gap.since, gap.until));
                self.hub.confirmed(topic.name(), between);
                let number = self.server.events;
                let readers = self.readers.iter_mut();
                for reader in readers.filter(|reader| reader.topic == topic) {
                    reader.confirmed.get_or_insert(number);
                }
            }
            Output::Refused(topic, _) => self.hub.refused(topic.name()),
            Output::End => {}
            Output::Reply(reply, result) => drop(reply.send(result)),
            Output::Done(reply, result) => drop(reply.send(result)),
        }
    }

    /// A link has ended.
    fn forget(&mut self, link: LinkId) {
        self.server.sockets.remove(&link);
        self.ages.remove(&link);
        self.gone.entry(link).or_insert(self.now);
        self.queued.retain(|request| request.link != link);
    }

    fn deliver(&mut self, frame: &Frame) {
        let number = frame.content().unwrap().text().unwrap().parse().unwrap();
        *self.delivered.entry(number).or_default() += 1;
        self.hub.publish(frame.topic.name(), frame);
    }

    /// A stream of a topic begins. The machine has not seen it yet.
    pub(super) fn come(&mut self, topic: Topic) {
        self.readers.push(Reader::new(&self.hub, topic));
    }

    /// The first stream of a topic ends, if there is one. The machine has not seen it yet.
    pub(super) fn leave(&mut self, topic: &Topic) -> bool {
        let found = self
            .readers
            .iter()
            .position(|reader| reader.topic == *topic);
        if let Some(index) = found {
            self.readers.remove(index);
        }
        found.is_some()
    }

    /// The machine takes the notes of the streams.
    pub(super) fn look(&mut self) {
        for topic in self.hub.take_changes() {
            let is_wanted = self.hub.is_wanted(&topic);
            self.feed(Input::Wanted(topic, is_wanted));
        }
    }

    /// A caller waits until a topic is held.
    pub(super) fn ask(&mut self, topic: &Topic) {
        self.feed(Input::Wanted(topic.clone(), true));
    }

    fn next_call(&mut self) -> u64 {
        let id = self.calls;
        self.calls += 1;
        id
    }

    pub(super) fn call(&mut self) {
        if !self.pool.takes_calls() {
            return;
        }
        let (reply, result) = oneshot::channel();
        let owner = Arc::new(());
        let call = Call {
            request: Request::new(Method::GET, "coffee"),
            deadline: self.now + self.config.request_timeout,
            owner: Arc::downgrade(&owner),
            reply,
            renewed: false,
        };
        let id = self.next_call();
        let owner = Some(owner);
        self.callers.insert(id, Caller::Request { result, owner });
        self.feed(Input::Call(call));
    }

    pub(super) fn migrate(&mut self) {
        let (reply, result) = oneshot::channel();
        let id = self.next_call();
        self.callers.insert(id, Caller::Migration(result));
        self.feed(Input::Migrate(reply));
    }

    /// A token arrives, for everything that waits for it.
    pub(super) fn token(&mut self) {
        if std::mem::take(&mut self.needs_token) {
            self.feed(Input::Token(Ok(Token::new("a-token"))));
        }
    }

    /// No token is available.
    pub(super) fn no_token(&mut self) {
        if std::mem::take(&mut self.needs_token) {
            let error = Error::new(ErrorKind::NoToken, "getting a token");
            self.feed(Input::Token(Err(error)));
        }
    }

    /// The first caller of a raw request is dropped.
    pub(super) fn give_up(&mut self) {
        let owners = self.callers.values_mut().filter_map(|caller| match caller {
            Caller::Request { owner, .. } => Some(owner),
            Caller::Migration(_) => None,
        });
        if let Some(owner) = owners.into_iter().find(|owner| owner.is_some()) {
            *owner = None;
        }
    }

    /// Writes the requests that are queued on a link, except those whose callers are gone.
    pub(super) fn write(&mut self, link: LinkId) {
        let (written, rest) = std::mem::take(&mut self.queued)
            .into_iter()
            .partition(|request| request.link == link);
        self.queued = rest;
        for OnItsWay {
            id, request, owner, ..
        } in written
        {
            if owner.is_some_and(|owner| owner.strong_count() == 0) {
                self.on_link(link, OnLink::Skipped(id));
            } else if let Some(socket) = self.server.sockets.get_mut(&link) {
                socket.asked.push_back((id, request));
                self.on_link(link, OnLink::Written(id));
            }
        }
    }

    pub(super) fn open_links(&self) -> Vec<LinkId> {
        let sockets = self.server.sockets.iter();
        let open = sockets.filter(|(_, socket)| socket.open);
        open.map(|(link, _)| *link).collect()
    }

    pub(super) fn opening_links(&self) -> Vec<LinkId> {
        let sockets = self.server.sockets.iter();
        let opening = sockets.filter(|(_, socket)| !socket.open);
        opening.map(|(link, _)| *link).collect()
    }

    pub(super) fn accept(&mut self, link: LinkId) {
        if let Some(socket) = self.server.sockets.get_mut(&link) {
            socket.open = true;
            self.on_link(link, OnLink::Opened);
        }
    }

    pub(super) fn reject(&mut self, link: LinkId, failure: OpenFailure) {
        self.forget(link);
        self.on_link(link, OnLink::Failed(failure));
    }

    pub(super) fn serve(&mut self, link: LinkId, reply: Reply) -> bool {
        let served = self.server.serve(link, reply);
        self.stamp();
        served
    }

    /// Records when frames were sent.
    fn stamp(&mut self) {
        for (link, socket) in &self.server.sockets {
            let ages = self.ages.entry(*link).or_default();
            ages.resize(socket.sent.len(), self.now);
        }
    }

    pub(super) fn happen(&mut self, topic: Topic, usual: bool) {
        let (_, sent) = self.server.happen(&topic, usual);
        self.stamp();
        self.happened.push(Happened {
            topic,
            at: self.now,
            sent,
        });
    }

    /// The next frame on a link arrives; false if there is none.
    pub(super) fn arrive(&mut self, link: LinkId) -> bool {
        let Some(text) = self.server.next(link) else {
            return false;
        };
        self.ages.entry(link).or_default().pop_front();
        if let Some(number) = number_in(&text) {
            *self.arrived.entry(number).or_default() += 1;
        }
        self.text(link, &text);
        true
    }

    pub(super) fn text(&mut self, link: LinkId, text: &str) {
        let raw = RawFrame::from(text);
        let Some(event) = usual_event(raw.as_str()) else {
            self.on_link(link, OnLink::Text(raw));
            return;
        };
        let frame = self.pool.usual_event(link, &raw, event, self.now);
        if let Some(frame) = frame {
            self.deliver(&frame);
        }
        self.perform();
    }

    pub(super) fn pong(&mut self, link: LinkId) {
        self.on_link(link, OnLink::Heard);
    }

    /// A link breaks, and its frames in transit are lost; or it closes regularly, and they arrive before.
    pub(super) fn lose(&mut self, link: LinkId, lost: &Lost) {
        let in_order = matches!(lost, Lost::Closed { .. } | Lost::Broken(None));
        while in_order && self.arrive(link) {}
        if self.server.sockets.contains_key(&link) {
            self.forget(link);
            self.on_link(link, OnLink::Lost(lost.clone()));
        }
    }

    pub(super) fn close(&mut self) {
        self.feed(Input::Stop);
    }

    /// The link whose next frame has the earliest deadline, and that deadline.
    fn next_arrival(&self) -> Option<(Instant, LinkId)> {
        let transit = self.config.handover / 2;
        let ages = self.ages.iter();
        ages.filter_map(|(link, ages)| Some((*ages.front()? + transit, *link)))
            .min()
    }

    /// Moves time, and runs every timer on the way.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut rung = 0;
        loop {
            let deadline = self.pool.deadline().unwrap_or(end);
            if let Some((at, link)) = self
                .next_arrival()
                .filter(|(at, _)| *at <= deadline.min(end))
            {
                self.now = self.now.max(at);
                self.arrive(link);
                continue;
            }
            if deadline >= end {
                break;
            }
            if deadline > self.now {
                self.now = deadline;
                rung = 0;
            }
            rung += 1;
            assert!(rung < 20, "the timer runs without work");
            self.feed(Input::Timer);
        }
        self.now = end;
        self.feed(Input::Timer);
    }

    /// Runs until there is nothing left to take, send, reply to or read.
    pub(super) fn settle(&mut self) {
        loop {
            self.look();
            let opening = self.opening_links();
            let mut moved = !opening.is_empty() || self.needs_token;
            for link in opening {
                self.accept(link);
            }
            self.token();
            for link in self.open_links() {
                self.write(link);
                moved |= self.serve(link, Reply::Do);
                moved |= self.arrive(link);
            }
            if !moved {
                return;
            }
        }
    }
}
