mod by_hand;
mod by_property;
mod readings;
mod states;

use super::model::Model;
use super::model_io::{ConsoleState, FetchFailed, Fetched, GroupEvent, Output, Ticket};
use super::samples::{GROUP, ME, SERVER, joined, member, server};
use super::schedule::Part;
use super::{Change, GroupView, Known, ServerView, ViewConfig};
use alta_model::{GroupId, Member, Server, Timestamp};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// Longer than the pause in which several requests cause one reading.
const SOON: Duration = Duration::from_millis(600);

const THE_GROUP: Part = Part::Group(GROUP);
const THE_MEMBERS: Part = Part::Members(GROUP);
const THE_SERVER: Part = Part::Server(GROUP, SERVER);

/// A model with its view and its outputs.
struct Harness {
    model: Model,
    now: Instant,
    wall: Timestamp,
    shown: Option<Arc<GroupView>>,
    changes: Vec<Change>,
    /// Readings that have begun.
    reads: Vec<(Part, Ticket)>,
    followed: Vec<GroupId>,
    left: Vec<GroupId>,
}

impl Harness {
    fn new() -> Self {
        Self::with(ViewConfig::default())
    }

    fn with(config: ViewConfig) -> Self {
        Self {
            model: Model::new(ME, config),
            now: Instant::now(),
            wall: Timestamp::now(),
            shown: None,
            changes: Vec::new(),
            reads: Vec::new(),
            followed: Vec::new(),
            left: Vec::new(),
        }
    }

    /// A model whose group was joined, subscribed to and read; its server is offline.
    fn settled(role: i32) -> Self {
        let mut harness = Self::new();
        harness.model.joined(joined(role));
        harness.subscribed();
        harness.reply_to_all(role, &down());
        assert!(harness.view().complete);
        harness.changes.clear();
        harness
    }

    fn collect(&mut self) {
        for output in self.model.take_outputs() {
            match output {
                Output::Changed(_, view, changes) => {
                    self.shown = view;
                    self.changes.extend(changes);
                }
                Output::Subscribe(group) => self.followed.push(group),
                Output::Unsubscribe(group) => self.left.push(group),
                Output::Read(part, ticket) => self.reads.push((part, ticket)),
            }
        }
    }

    fn subscribed(&mut self) {
        self.model.subscribed(GROUP, self.now);
        self.pass(Duration::ZERO);
    }

    fn event(&mut self, event: GroupEvent) {
        self.model.event(GROUP, event, self.now, self.wall);
        self.collect();
    }

    fn console(&mut self, state: ConsoleState) {
        self.model.console(GROUP, SERVER, state, self.now);
        self.collect();
    }

    fn connected(&mut self, connected: bool) {
        if self.model.set_connected(connected) {
            self.model.interrupted(GROUP);
        }
        self.collect();
    }

    /// Ends a running reading with this result.
    fn reply(&mut self, part: Part, found: impl Into<Option<Fetched>>) {
        self.end(part, found.into().ok_or_else(FetchFailed::default));
    }

    /// Lets the reading of the members fail after these members.
    fn fail_after(&mut self, part: Part, members: Vec<Member>) {
        let because = String::new();
        self.end(part, Err(FetchFailed { because, members }));
    }

    fn end(&mut self, part: Part, found: Result<Fetched, FetchFailed>) {
        let at = self.reads.iter().position(|(it, _)| *it == part);
        let at = at.unwrap_or_else(|| panic!("{part} is not being read: {:?}", self.reads));
        let (_, ticket) = self.reads.remove(at);
        self.model.done(part, ticket, found, self.now, self.wall);
        self.pass(Duration::ZERO);
    }

    /// Ends all readings, and those that they cause, until none runs.
    fn reply_to_all(&mut self, role: i32, server: &Server) {
        while let Some((part, _)) = self.reads.first() {
            let found = match part {
                Part::List => Fetched::List(vec![joined(role)].into()),
                Part::Group(_) => Fetched::Group(joined(role).group),
                Part::Members(_) => Fetched::Members(vec![member(ME, role)].into()),
                Part::Server(..) => Fetched::Server(Box::new(server.clone())),
            };
            self.reply(*part, found);
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.model.tick(self.now);
        self.model.begin(self.now);
        self.collect();
    }

    /// The parts that are being read.
    fn reading(&self) -> Vec<Part> {
        let mut parts: Vec<_> = self.reads.iter().map(|(part, _)| *part).collect();
        parts.sort();
        parts
    }

    fn view(&self) -> &GroupView {
        self.shown.as_ref().expect("no group is shown")
    }

    fn server(&self) -> &ServerView {
        &self.view().servers[&SERVER]
    }

    fn is_online(&self) -> bool {
        self.server().is_online
    }

    fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }
}

fn read_server(record: Server) -> Fetched {
    Fetched::Server(Box::new(record))
}

fn up() -> Server {
    server(SERVER, json!({"is_online": true, "final_status": "Online"}))
}

fn down() -> Server {
    server(
        SERVER,
        json!({"is_online": false, "final_status": "Offline"}),
    )
}
