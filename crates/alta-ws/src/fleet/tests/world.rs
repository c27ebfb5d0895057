//! All sockets under test, with their readers, before a server made of sets and queues. What the driver does is done by
//! hand, one thing at a time: taking the readers' notes, getting tokens, writing, reading. Time is moved by hand, too.

use super::reader::Reader;
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::fleet::Fleet;
use crate::frame::{Frame, Request, usual_event};
use crate::machine::{CallId, OpenFailure, Output, PendingCall};
use crate::test_server::{Reply, Server, Socket, number_in};
use crate::topic::Topic;
use alta_model::Redactor;
use alta_socket::{Hub, LinkId, Lost, RawFrame};
use http::Method;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Something that happened, and on which links the server said so.
pub(super) struct Happened {
    pub(super) topic: Topic,
    pub(super) at: Instant,
    pub(super) sent: Vec<LinkId>,
}

/// A request on its way from the machine to the socket.
struct OnItsWay {
    link: LinkId,
    id: u32,
    request: Request,
    call: Option<CallId>,
}

pub(super) struct World {
    pub(super) fleet: Fleet,
    hub: Hub<Topic, Frame>,
    pub(super) now: Instant,
    pub(super) server: Server,
    config: Arc<Config>,
    /// Requests that wait for a token, and those that have one and wait to be written.
    unsent: Vec<OnItsWay>,
    queued: Vec<OnItsWay>,
    pub(super) readers: Vec<Reader>,
    /// How often each call ended.
    pub(super) ended: BTreeMap<u64, u32>,
    pub(super) calls: u64,
    pub(super) happened: Vec<Happened>,
    /// Since when each frame of a link has been on its way: no longer than half a hand-over, unless the link is lost.
    ages: BTreeMap<LinkId, VecDeque<Instant>>,
    /// When links were lost or given up.
    pub(super) gone: BTreeMap<LinkId, Instant>,
    /// How often each event was read from a link, and how often it was passed on.
    pub(super) arrived: BTreeMap<u64, u32>,
    pub(super) delivered: BTreeMap<u64, u32>,
    pub(super) codes: Vec<u16>,
}

/// The default, but that an idle link may be silent for longer.
pub(super) fn config() -> Config {
    Config::default().ping(Duration::from_secs(60))
}

pub(super) fn topic(number: i64) -> Topic {
    let event = ["group-update", "group-server-status"][usize::from(number % 3 == 0)];
    Topic::known(event, number)
}

impl World {
    pub(super) fn new(config: Config) -> Self {
        let config = Arc::new(config);
        let now = Instant::now();
        let mut world = Self {
            fleet: Fleet::new(Arc::clone(&config), Redactor::new(), 7, now),
            hub: Hub::default(),
            now,
            server: Server::default(),
            config,
            unsent: Vec::new(),
            queued: Vec::new(),
            readers: Vec::new(),
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

    fn act<T>(&mut self, act: impl FnOnce(&mut Fleet, Instant) -> T) -> T {
        let result = act(&mut self.fleet, self.now);
        self.perform();
        result
    }

    fn perform(&mut self) {
        while let Some(output) = self.fleet.poll_output() {
            match output {
                Output::Open { link, .. } => {
                    let fresh = self.server.sockets.insert(link, Socket::default());
                    assert!(fresh.is_none() && !self.gone.contains_key(&link));
                }
                Output::Send {
                    link,
                    id,
                    request,
                    call,
                } => {
                    assert!(self.server.sockets[&link].open, "sent on a closed link");
                    self.unsent.push(OnItsWay {
                        link,
                        id,
                        request,
                        call,
                    });
                }
                Output::Recall { link, id } => self.recall(link, id),
                Output::Ping(link) => assert!(self.server.sockets[&link].open),
                Output::Close { link, code, .. } => {
                    self.codes.push(code);
                    self.forget(link);
                }
                Output::Deliver(frame) => self.deliver(&frame),
                Output::Interrupted { topic, loss } => {
                    assert!(loss.since <= loss.noticed);
                    self.hub.lost(topic.name(), loss.since, loss.noticed);
                }
                Output::DeliverToAll(frame) => self.hub.publish_to_all(&frame),
                Output::Confirmed { topic, gap } => {
                    assert!(
                        gap.is_none_or(|gap| gap.since <= gap.until && gap.noticed <= gap.until)
                    );
                    let between = gap.map(|gap| (gap.since, gap.until));
                    self.hub.confirmed(topic.name(), between);
                    let number = self.server.events;
                    let readers = self.readers.iter_mut();
                    for reader in readers.filter(|reader| reader.topic == topic) {
                        reader.confirmed.get_or_insert(number);
                    }
                }
                Output::Refused { topic, .. } => self.hub.refused(topic.name()),
                Output::Renew { .. } => {}
                Output::Answer { call, .. } | Output::Migrated { call, .. } => self.end(call),
                Output::Expired { call, link, id, .. } => {
                    self.recall(link, id);
                    self.end(call);
                }
            }
        }
        for reader in &mut self.readers {
            reader.read();
        }
        self.fleet.check_bounds();
    }

    fn end(&mut self, call: CallId) {
        *self.ended.entry(call.0).or_default() += 1;
    }

    fn recall(&mut self, link: LinkId, id: u32) {
        let is_another = |request: &OnItsWay| (request.link, request.id) != (link, id);
        self.unsent.retain(is_another);
        self.queued.retain(is_another);
    }

    /// A link is no more.
    fn forget(&mut self, link: LinkId) {
        self.server.sockets.remove(&link);
        self.ages.remove(&link);
        self.gone.entry(link).or_insert(self.now);
        self.unsent.retain(|request| request.link != link);
        self.queued.retain(|request| request.link != link);
    }

    fn deliver(&mut self, frame: &Frame) {
        let number = frame.content().unwrap().parse().unwrap();
        *self.delivered.entry(number).or_default() += 1;
        if self.hub.publish(frame.topic.name(), frame) == 0 {
            self.fleet.unrouted();
        }
    }

    /// Somebody comes for a topic. Nobody has looked at the note yet.
    pub(super) fn come(&mut self, topic: Topic) {
        self.readers.push(Reader::new(&self.hub, topic));
    }

    /// The first of those who came for a topic goes, if there is one. Nobody has looked at the note yet.
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

    /// Looks at the notes.
    pub(super) fn look(&mut self) {
        for topic in self.hub.take_changes() {
            let wanted = self.hub.is_wanted(&topic);
            self.act(|fleet, now| {
                if wanted {
                    fleet.want(&topic, now);
                } else {
                    fleet.unwant(&topic, now);
                }
            });
        }
    }

    /// Somebody asks whether a topic is held.
    pub(super) fn ask(&mut self, topic: &Topic) {
        self.act(|fleet, now| fleet.want(topic, now));
    }

    pub(super) fn call(&mut self) {
        if !self.fleet.takes_calls() {
            return;
        }
        let id = CallId(self.calls);
        self.calls += 1;
        let call = PendingCall {
            id,
            request: Request::new(Method::GET, "coffee"),
            deadline: self.now + self.config.request_timeout,
            renewed: false,
        };
        self.act(|fleet, now| fleet.call(call, now));
    }

    pub(super) fn migrate(&mut self) {
        let id = CallId(self.calls);
        self.calls += 1;
        self.act(|fleet, now| fleet.migrate_now(id, now));
    }

    /// A token comes, for everything that waits for it.
    pub(super) fn token(&mut self) {
        for request in std::mem::take(&mut self.unsent) {
            let (link, id) = (request.link, request.id);
            self.queued.push(request);
            self.act(|fleet, now| fleet.handed(link, id, 1, now));
        }
    }

    /// No token comes.
    pub(super) fn no_token(&mut self) {
        for OnItsWay { link, id, .. } in std::mem::take(&mut self.unsent) {
            let error = Error::new(ErrorKind::NoToken, "getting a token");
            self.act(|fleet, now| fleet.unsent(link, id, &error, now));
        }
    }

    /// Who waits for the first raw request that was not sent yet goes away.
    pub(super) fn give_up(&mut self) {
        let of_call = |request: &OnItsWay| request.call.is_some();
        let found = self.unsent.iter().position(of_call);
        if let Some(index) = found {
            let OnItsWay { link, id, .. } = self.unsent.remove(index);
            self.act(|fleet, now| fleet.skipped(link, id, now));
        }
    }

    /// Writes what is queued on a link.
    pub(super) fn write(&mut self, link: LinkId) {
        let (written, rest) = std::mem::take(&mut self.queued)
            .into_iter()
            .partition(|request| request.link == link);
        self.queued = rest;
        for OnItsWay { id, request, .. } in written {
            if let Some(socket) = self.server.sockets.get_mut(&link) {
                socket.asked.push_back((id, request));
                self.act(|fleet, now| fleet.written(link, id, now));
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
            self.act(|fleet, now| fleet.opened(link, now));
        }
    }

    pub(super) fn reject(&mut self, link: LinkId, failure: OpenFailure) {
        self.forget(link);
        self.act(|fleet, now| fleet.open_failed(link, failure, now));
    }

    pub(super) fn serve(&mut self, link: LinkId, reply: Reply) -> bool {
        let served = self.server.serve(link, reply);
        self.stamp();
        served
    }

    /// Notes when frames were sent.
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
            self.act(|fleet, now| fleet.text(link, &raw, now));
            return;
        };
        let frame = self.act(|fleet, now| fleet.usual_event(link, &raw, event, now));
        if let Some(frame) = frame {
            self.deliver(&frame);
        }
        self.perform();
    }

    pub(super) fn pong(&mut self, link: LinkId) {
        self.act(|fleet, now| fleet.heard(link, now));
    }

    /// A link breaks, and what was on its way is lost; or it ends in order, and everything arrives before.
    pub(super) fn lose(&mut self, link: LinkId, lost: &Lost) {
        let in_order = matches!(lost, Lost::Closed { .. } | Lost::Broken(None));
        while in_order && self.arrive(link) {}
        if self.server.sockets.contains_key(&link) {
            self.forget(link);
            self.act(|fleet, now| fleet.lost(link, lost, now));
        }
    }

    pub(super) fn close(&mut self) {
        self.act(|fleet, now| fleet.close(Error::closed("using the client"), now));
    }

    /// The link whose next frame arrives at the latest before all others, and when.
    fn next_arrival(&self) -> Option<(Instant, LinkId)> {
        let transit = self.config.hand_over / 2;
        let ages = self.ages.iter();
        ages.filter_map(|(link, ages)| Some((*ages.front()? + transit, *link)))
            .min()
    }

    /// Moves time, ringing every timer on the way.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut rung = 0;
        loop {
            let deadline = self.fleet.deadline().unwrap_or(end);
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
            assert!(rung < 20, "the timer rings for nothing");
            self.act(Fleet::tick);
        }
        self.now = end;
        self.act(Fleet::tick);
    }

    /// Lets everything be noticed, sent, answered and read, until nothing moves.
    pub(super) fn settle(&mut self) {
        loop {
            self.look();
            let opening = self.opening_links();
            let mut moved = !opening.is_empty() || !self.unsent.is_empty();
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
