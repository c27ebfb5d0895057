//! All sockets under test, with their readers, and a server made of sets and queues. `steps.rs` has the steps that a test can
//! make.

use super::reader::Reader;
use crate::config::Config;
use crate::frame::{Frame, Request};
use crate::pool::Pool;
use crate::socket::{Input, OnLink, Output};
use crate::status::{Counters, Totals};
use crate::test_callers::Callers;
use crate::test_server::{Server, Socket};
use crate::topic::Topic;
use alta_model::Redactor;
use alta_socket::{Hub, LinkId, Machine as _};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// An event, and the links on which the server sent it.
pub(super) struct Happened {
    pub(super) topic: Topic,
    pub(super) at: Instant,
    pub(super) sent: Vec<LinkId>,
}

/// A request between the machine and the network.
pub(super) struct Queued {
    pub(super) link: LinkId,
    pub(super) id: u32,
    pub(super) request: Request,
    pub(super) owner: Option<Weak<()>>,
}

pub(super) struct World {
    pub(super) pool: Pool,
    counters: Arc<Counters>,
    pub(super) hub: Hub<Topic, Frame>,
    pub(super) now: Instant,
    pub(super) server: Server,
    pub(super) config: Arc<Config>,
    /// True while requests wait for a token.
    pub(super) needs_token: bool,
    /// Requests that wait to be written.
    pub(super) queued: Vec<Queued>,
    pub(super) readers: Vec<Reader>,
    pub(super) callers: Callers,
    pub(super) happened: Vec<Happened>,
    /// The time at which each frame of a link was sent: at most half a handover ago, unless the link is lost.
    pub(super) ages: BTreeMap<LinkId, VecDeque<Instant>>,
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
            callers: Callers::default(),
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

    pub(super) fn feed(&mut self, input: Input) {
        self.pool.handle(input, self.now);
        self.perform();
    }

    pub(super) fn on_link(&mut self, link: LinkId, event: OnLink) {
        self.feed(Input::Link(link, event));
    }

    pub(super) fn perform(&mut self) {
        while let Some(output) = self.pool.poll_output() {
            self.output(output);
        }
        self.callers.take_results();
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
                self.queued.push(Queued {
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
            Output::Deliver(frame) => self.deliver(frame),
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
    pub(super) fn forget(&mut self, link: LinkId) {
        self.server.sockets.remove(&link);
        self.ages.remove(&link);
        self.gone.entry(link).or_insert(self.now);
        self.queued.retain(|request| request.link != link);
    }

    pub(super) fn deliver(&mut self, frame: Frame) {
        let number = frame.content().unwrap().text().unwrap().parse().unwrap();
        *self.delivered.entry(number).or_default() += 1;
        self.hub.publish(frame.topic.clone().name(), frame);
    }
}
