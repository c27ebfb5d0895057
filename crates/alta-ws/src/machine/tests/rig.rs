//! A socket under test, and a server made of sets and queues. Time is moved by hand.

use super::super::conn::Purpose;
use super::super::migrate::Migration;
use super::super::{CallId, Cx, Lane, LaneState, OpenFailure, Output, PendingCall, Phase, Shared};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Sent};
use crate::frame::{Content, Request};
use crate::topic::Topic;
use alta_socket::{LinkId, Lost, RawFrame};
use http::Method;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a server does with a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reply {
    /// What was asked for.
    Do,
    /// The same, but the answer has no id.
    DoWithoutId,
    /// The same, but the answer is lost.
    DoSilently,
    /// Of a batch, only what has an even key.
    DoPart,
    /// Nothing, with this status.
    Refuse(u16),
    /// Nothing, and the gateway says so.
    Gateway,
}

#[derive(Debug, Default)]
pub(super) struct Socket {
    pub(super) open: bool,
    pub(super) subscriptions: BTreeSet<String>,
    /// Requests that have arrived, with their ids.
    pub(super) asked: VecDeque<(u32, Request)>,
    /// Frames on their way to the client.
    pub(super) sent: VecDeque<String>,
}

pub(super) struct Rig {
    pub(super) lane: Lane,
    pub(super) shared: Shared,
    pub(super) now: Instant,
    pub(super) config: Arc<Config>,
    /// Links that are opening (false) or open.
    pub(super) sockets: BTreeMap<LinkId, Socket>,
    /// Whether the old socket gets events as well after a migration.
    pub(super) overlap: bool,
    /// Whether the last link was to be opened with another token.
    pub(super) renewing: bool,
    tokens: BTreeMap<String, LinkId>,
    /// How often each call ended, and the last end of each.
    pub(super) ended: BTreeMap<u64, Vec<Result<u16, Error>>>,
    pub(super) calls: u64,
    /// For each event, during which migration it was handed in, if during one, and how often it came out.
    pub(super) handed: BTreeMap<u64, Vec<Option<u64>>>,
    pub(super) delivered: BTreeMap<u64, u32>,
    pub(super) events: u64,
    pub(super) confirmed: Vec<(String, Option<(Instant, Instant)>)>,
    pub(super) refused: Vec<(String, Error)>,
    pub(super) closed: Vec<u16>,
    pub(super) renewals: u32,
}

pub(super) fn config() -> Config {
    Config::default()
        .migrate_spread(Duration::ZERO)
        .max_in_flight(3)
}

pub(super) fn topic(number: i64) -> Topic {
    Topic::known("group-update", number)
}

impl Rig {
    pub(super) fn new(config: Config) -> Self {
        let config = Arc::new(config);
        let mut shared = Shared::default();
        let now = Instant::now();
        let mut cx = Cx {
            now,
            shared: &mut shared,
        };
        let lane = Lane::open(Arc::clone(&config), 7, &mut cx);
        let mut rig = Self {
            lane,
            shared,
            now,
            config,
            sockets: BTreeMap::new(),
            overlap: false,
            renewing: false,
            tokens: BTreeMap::new(),
            ended: BTreeMap::new(),
            calls: 0,
            handed: BTreeMap::new(),
            delivered: BTreeMap::new(),
            events: 0,
            confirmed: Vec::new(),
            refused: Vec::new(),
            closed: Vec::new(),
            renewals: 0,
        };
        rig.perform();
        rig
    }

    /// One that is open.
    pub(super) fn open(config: Config) -> Self {
        let mut rig = Self::new(config);
        rig.accept();
        rig
    }

    fn act<T>(&mut self, act: impl FnOnce(&mut Lane, &mut Cx<'_>) -> T) -> T {
        let mut cx = Cx {
            now: self.now,
            shared: &mut self.shared,
        };
        let result = act(&mut self.lane, &mut cx);
        self.perform();
        result
    }

    /// Does what the machine asks for, as the driver would.
    fn perform(&mut self) {
        while let Some(output) = self.shared.out.pop_front() {
            match output {
                Output::Open { link, renew } => {
                    self.renewing = renew;
                    let fresh = self.sockets.insert(link, Socket::default()).is_none();
                    assert!(fresh, "a link's id is used once");
                    assert!(self.sockets.len() <= 2, "never more than two links");
                }
                Output::Send {
                    link, id, request, ..
                } => {
                    let socket = self.sockets.get_mut(&link).expect("sent on a closed link");
                    assert!(socket.open, "sent on a link that is not open");
                    socket.asked.push_back((id, request));
                    self.lane.handed(link, id, 1);
                    self.lane.written(link, id);
                }
                Output::Recall { .. } => {}
                Output::Renew { .. } => self.renewals += 1,
                Output::Ping(link) => {
                    assert!(self.sockets.contains_key(&link), "pinged a closed link");
                }
                Output::Close { link, code, .. } => {
                    self.sockets.remove(&link);
                    self.closed.push(code);
                }
                Output::Deliver(frame) => {
                    let number = frame.content().unwrap().parse().unwrap();
                    *self.delivered.entry(number).or_default() += 1;
                }
                Output::Confirmed { topic, gap } => {
                    self.confirmed.push((topic.name().to_owned(), gap));
                }
                Output::Refused { topic, error } => {
                    self.refused.push((topic.name().to_owned(), error));
                }
                Output::Answer { call, result } => {
                    self.end(call, result.map(|response| response.status));
                }
                Output::Expired { call, error, .. } => self.end(call, Err(error)),
                Output::Migrated { .. } => unreachable!("a fleet's output"),
            }
        }
        for (call, result) in std::mem::take(&mut self.shared.migrated) {
            self.end(call, result.map(|()| 200));
        }
        self.check_bounds();
    }

    fn end(&mut self, call: CallId, result: Result<u16, Error>) {
        self.ended.entry(call.0).or_default().push(result);
    }

    fn check_bounds(&self) {
        let topics = self.lane.topics.len();
        assert!(self.lane.due.len() <= topics && self.lane.timers.len() <= topics);
        let Phase::Up(up) = &self.lane.phase else {
            return;
        };
        let open: Vec<_> = up.conn.requests.iter().map(|(_, open)| open).collect();
        assert!(open.len() <= self.config.max_in_flight);
        let batches = open.iter();
        let batches = batches.filter(|open| matches!(open.purpose, Purpose::Batch(_)));
        assert_eq!(batches.count(), usize::from(self.shared.batch_under_way));
        let of_topics = open.iter().flat_map(|open| match &open.purpose {
            Purpose::Subscribe(topic) | Purpose::Unsubscribe(topic) => std::slice::from_ref(topic),
            Purpose::Batch(topics) => topics,
            _ => &[],
        });
        let distinct: BTreeSet<_> = of_topics.clone().collect();
        let count = of_topics.count();
        assert_eq!(count, distinct.len(), "one request for a topic at a time");
    }

    pub(super) fn state(&self) -> LaneState {
        self.lane.state()
    }

    /// The links, in the order in which they were opened.
    pub(super) fn links(&self) -> Vec<LinkId> {
        self.sockets.keys().copied().collect()
    }

    pub(super) fn main(&self) -> LinkId {
        self.links()[0]
    }

    pub(super) fn newest(&self) -> LinkId {
        *self.links().last().unwrap()
    }

    /// What has been asked for and not been answered, on all links.
    pub(super) fn asked(&self) -> Vec<String> {
        let sockets = self.sockets.values();
        sockets
            .flat_map(|socket| socket.asked.iter().map(|(_, ask)| ask.doing()))
            .collect()
    }

    pub(super) fn want(&mut self, topic: Topic) {
        self.act(|lane, cx| lane.want(topic, cx));
    }

    pub(super) fn unwant(&mut self, topic: &Topic) {
        self.act(|lane, cx| lane.unwant(topic, cx));
    }

    pub(super) fn call(&mut self) -> u64 {
        let id = self.calls;
        self.calls += 1;
        let call = PendingCall {
            id: CallId(id),
            request: Request::new(Method::GET, "coffee"),
            deadline: self.now + self.config.request_timeout,
            renewed: false,
        };
        self.act(|lane, cx| lane.call(call, cx));
        id
    }

    pub(super) fn migrate(&mut self) -> u64 {
        let id = self.calls;
        self.calls += 1;
        self.act(|lane, cx| lane.migrate_now(CallId(id), cx));
        id
    }

    /// Lets the newest link open.
    pub(super) fn accept(&mut self) {
        let link = self.newest();
        let socket = self.sockets.get_mut(&link).unwrap();
        if !socket.open {
            socket.open = true;
            self.act(|lane, cx| lane.opened(link, cx));
        }
    }

    /// Does not let the newest link open.
    pub(super) fn reject(&mut self, failure: OpenFailure) {
        let link = self.newest();
        if !self.sockets[&link].open {
            self.sockets.remove(&link);
            self.act(|lane, cx| lane.open_failed(link, failure, cx));
        }
    }

    pub(super) fn transient() -> OpenFailure {
        OpenFailure::Transient(Error::new(ErrorKind::Dial, "connecting"))
    }

    pub(super) fn unauthorised() -> OpenFailure {
        let kind = ErrorKind::Unauthorised { status: Some(401) };
        OpenFailure::Unauthorised(Error::new(kind, "connecting"))
    }

    /// Lets the server look at its oldest request on a link.
    pub(super) fn serve(&mut self, link: LinkId, reply: Reply) {
        let Some(socket) = self.sockets.get_mut(&link) else {
            return;
        };
        let Some((id, request)) = socket.asked.pop_front() else {
            return;
        };
        // What is held is found.
        let name = request.path.strip_prefix("subscription/");
        let held = name.is_some_and(|name| socket.subscriptions.contains(name));
        let reply = match reply {
            Reply::Refuse(404) if held => Reply::Do,
            reply => reply,
        };
        let done = match reply {
            Reply::Do | Reply::DoWithoutId | Reply::DoSilently | Reply::DoPart => {
                let part = matches!(reply, Reply::DoPart);
                Some(self.perform_request(link, &request, part))
            }
            Reply::Refuse(_) | Reply::Gateway => None,
        };
        let key = format!("{} /ws/{}", request.method, request.path);
        let frame = |id: serde_json::Value, status, content: &str| {
            serde_json::json!({
                "id": id, "event": "response", "key": key, "content": content, "responseCode": status,
            })
            .to_string()
        };
        let text = match (reply, done) {
            (Reply::Do | Reply::DoPart, Some((status, content))) => {
                frame(id.into(), status, &content)
            }
            (Reply::DoWithoutId, Some((status, content))) => {
                frame(serde_json::Value::Null, status, &content)
            }
            (Reply::Refuse(status), _) => frame(id.into(), status, ""),
            (Reply::Gateway, _) => {
                r#"{"message":"Internal server error","connectionId":"A="}"#.to_owned()
            }
            _ => return,
        };
        if let Some(socket) = self.sockets.get_mut(&link) {
            socket.sent.push_back(text);
        }
    }

    fn perform_request(&mut self, link: LinkId, request: &Request, part: bool) -> (u16, String) {
        let socket = self.sockets.get_mut(&link).unwrap();
        if let Some(Content::Batch(batch)) = &request.content {
            let [of] = &**batch else {
                panic!("one event name a request");
            };
            assert!((2..=100).contains(&of.keys.len()));
            let mut failures = Vec::new();
            for key in &of.keys {
                let name = format!("{}/{key}", of.event);
                if part && key.parse::<u64>().unwrap() % 2 == 1 {
                    failures.push(name);
                } else {
                    socket.subscriptions.insert(name);
                }
            }
            let content = serde_json::json!({"success": failures.is_empty(), "failures": failures});
            return (200, content.to_string());
        }
        if let Some(name) = request.path.strip_prefix("subscription/") {
            if request.method == Method::POST {
                socket.subscriptions.insert(name.to_owned());
            } else {
                socket.subscriptions.remove(name);
            }
            return (200, String::new());
        }
        if &*request.path != "migrate" {
            return (200, String::new());
        }
        if request.method == Method::GET {
            let token = format!("{link:?}");
            self.tokens.insert(token.clone(), link);
            return (200, serde_json::json!({ "token": token }).to_string());
        }
        let Some(Content::Text(content)) = &request.content else {
            panic!("a migration without a token");
        };
        let content: serde_json::Value = serde_json::from_str(content).unwrap();
        let from = self.tokens.remove(content["token"].as_str().unwrap());
        let Some(old) = from.and_then(|old| self.sockets.get_mut(&old)) else {
            return (400, String::new());
        };
        let moved = if self.overlap {
            old.subscriptions.clone()
        } else {
            std::mem::take(&mut old.subscriptions)
        };
        let socket = self.sockets.get_mut(&link).unwrap();
        socket.subscriptions.extend(moved);
        (200, String::new())
    }

    /// Lets an event happen: it is sent to every socket that is subscribed to it.
    pub(super) fn happen(&mut self, topic: &Topic) {
        let number = self.events;
        let text = serde_json::json!({
            "id": 0, "event": topic.event(), "key": topic.key(), "content": number.to_string(), "responseCode": 200,
        })
        .to_string();
        self.events += 1;
        for socket in self.sockets.values_mut() {
            if socket.subscriptions.contains(topic.name()) {
                socket.sent.push_back(text.clone());
            }
        }
    }

    /// Lets the next frame on a link arrive; false if there is none.
    pub(super) fn arrive(&mut self, link: LinkId) -> bool {
        let Some(socket) = self.sockets.get_mut(&link) else {
            return false;
        };
        let Some(text) = socket.sent.pop_front() else {
            return false;
        };
        let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
        if frame["event"] == "group-update" {
            let number = frame["content"].as_str().unwrap().parse().unwrap();
            let migration = self.migration();
            self.handed.entry(number).or_default().push(migration);
        }
        self.text(link, &text);
        true
    }

    /// The number of the migration during which both links are read, if one is under way.
    fn migration(&self) -> Option<u64> {
        let Phase::Up(up) = &self.lane.phase else {
            return None;
        };
        match up.migration {
            Migration::Posting { .. } => Some(self.shared.totals.migrations + 1),
            Migration::HandOver { .. } => Some(self.shared.totals.migrations),
            _ => None,
        }
    }

    pub(super) fn text(&mut self, link: LinkId, text: &str) {
        self.act(|lane, cx| lane.text(link, &RawFrame::from(text), cx));
    }

    pub(super) fn pong(&mut self, link: LinkId) {
        self.act(|lane, cx| lane.heard(link, cx));
    }

    pub(super) fn lose(&mut self, link: LinkId) {
        if self.sockets.get(&link).is_some_and(|socket| socket.open) {
            self.sockets.remove(&link);
            self.act(|lane, cx| lane.lost(link, &Lost::Broken(None), cx));
        }
    }

    pub(super) fn close(&mut self, error: &Error) {
        self.act(|lane, cx| lane.close(error, cx));
    }

    /// Moves time, ringing every timer on the way.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut rung = 0;
        while let Some(deadline) = self.lane.deadline().filter(|deadline| *deadline <= end) {
            if deadline > self.now {
                self.now = deadline;
                rung = 0;
            }
            rung += 1;
            assert!(rung < 10, "the timer rings for nothing");
            self.act(Lane::tick);
        }
        self.now = end;
    }

    /// Lets everything be answered and arrive, until nothing moves.
    pub(super) fn settle(&mut self) {
        loop {
            let mut moved = false;
            for link in self.links() {
                if self.sockets.get(&link).is_some_and(|socket| !socket.open) {
                    self.accept();
                    moved = true;
                }
                moved |= self
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

    /// What the server holds, on all links.
    pub(super) fn held(&self) -> BTreeSet<String> {
        let sockets = self.sockets.values();
        sockets
            .flat_map(|socket| socket.subscriptions.iter().cloned())
            .collect()
    }

    /// How a call ended, which it must have done once.
    pub(super) fn end_of(&self, call: u64) -> &Result<u16, Error> {
        match self.ended.get(&call).map(Vec::as_slice) {
            Some([end]) => end,
            other => panic!("call {call} ended {other:?}"),
        }
    }

    /// Whether a call ended without an answer, and whether it may have run.
    pub(super) fn unanswered(&self, call: u64) -> Option<Sent> {
        match self.end_of(call).as_ref().map_err(Error::kind) {
            Err(ErrorKind::TimedOut { sent, .. } | ErrorKind::Disconnected { sent }) => Some(*sent),
            _ => None,
        }
    }
}
