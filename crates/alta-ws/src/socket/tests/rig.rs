//! A socket under test, with a server made of sets and queues. `steps.rs` has the steps that a test can make.

use crate::config::Config;
use crate::error::Error;
use crate::socket::up::migration::Migration;
use crate::socket::{
    Common, OnLink, Output, Socket, SocketInput, SocketOutput, SocketState, State,
};
use crate::status::{Counters, Totals};
use crate::test_callers::Callers;
use crate::test_server::Server;
use crate::tokens::CurrentToken;
use crate::topic::Topic;
use alta_auth::Token;
use alta_model::Redactor;
use alta_socket::LinkId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    pub(super) callers: Callers,
    /// For each event: the times at which it arrived, each with the number of its migration if there was one.
    pub(super) arrived: BTreeMap<u64, Vec<(Instant, Option<u64>)>>,
    pub(super) delivered: BTreeMap<u64, u32>,
    /// The topics whose streams got a report of a malformed frame.
    pub(super) reported: Vec<String>,
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
            callers: Callers::default(),
            arrived: BTreeMap::new(),
            delivered: BTreeMap::new(),
            reported: Vec::new(),
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

    pub(super) fn feed(&mut self, input: SocketInput) {
        let outputs = self.socket.handle(input, &mut self.common, self.now);
        self.perform(outputs);
    }

    pub(super) fn on_link(&mut self, link: LinkId, event: OnLink) {
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
                    self.callers.end(migration.0, result.map(|()| 200));
                }
                SocketOutput::Fatal(error) => self.fatal = Some(error),
            }
        }
        self.callers.take_results();
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
                self.reported.push(frame.topic.name().to_owned());
            }
            Output::DeliverToAll(_) => self.reported.push("all".to_owned()),
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

    /// The subscriptions that the server holds, on all links.
    pub(super) fn held(&self) -> BTreeSet<String> {
        self.server.held()
    }

    /// The number of the migration during which both links are read, if there is one.
    pub(super) fn migration(&self) -> Option<u64> {
        let State::Up(up) = &self.socket.state else {
            return None;
        };
        match up.migration {
            Migration::Posting { .. } => Some(self.totals().migrations + 1),
            Migration::Handover { .. } => Some(self.totals().migrations),
            _ => None,
        }
    }

    /// Requests without a reply, on all links.
    pub(super) fn asked(&self) -> Vec<String> {
        let sockets = self.server.sockets.values();
        sockets
            .flat_map(|socket| socket.asked.iter().map(|(_, ask)| ask.doing()))
            .collect()
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
