//! The service as sets and queues, for tests of the machines: the test makes each step.

use crate::frame::{Content, Request};
use crate::topic::Topic;
use alta_socket::LinkId;
use http::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The gateway's error.
pub(crate) const GATEWAY: &str = r#"{"message":"Internal server error","connectionId":"A="}"#;

/// The service's reaction to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reply {
    /// It performs the request and replies.
    Do,
    /// It performs the request; the reply has no id.
    DoWithoutId,
    /// It performs the request; the reply has the id of another pending request, if there is one.
    DoWithAnotherId,
    /// It performs the request; the reply arrives twice.
    DoTwice,
    /// It performs the request; the reply is lost.
    DoSilently,
    /// It performs a batch or a migration for even keys only; for the migration it replies with an error.
    DoPart,
    /// It performs nothing, and replies with this status.
    Refuse(u16),
    /// It performs nothing, and the gateway reports it.
    Gateway,
    /// It performs nothing, and sends nothing.
    Ignore,
}

/// One connection.
#[derive(Debug, Default)]
pub(crate) struct Socket {
    pub(crate) open: bool,
    pub(crate) subscriptions: BTreeSet<String>,
    /// Requests that have arrived, with their ids.
    pub(crate) asked: VecDeque<(u32, Request)>,
    /// Frames on their way to the client.
    pub(crate) sent: VecDeque<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Server {
    /// Links that are opening or open.
    pub(crate) sockets: BTreeMap<LinkId, Socket>,
    /// True if the old socket still gets events after a migration.
    pub(crate) overlap: bool,
    tokens: BTreeMap<String, LinkId>,
    /// The number of events that have happened.
    pub(crate) events: u64,
}

impl Server {
    /// The links, in the order in which they were opened.
    pub(crate) fn links(&self) -> Vec<LinkId> {
        self.sockets.keys().copied().collect()
    }

    /// The subscriptions that it holds, on all links.
    pub(crate) fn held(&self) -> BTreeSet<String> {
        let sockets = self.sockets.values();
        sockets
            .flat_map(|socket| socket.subscriptions.iter().cloned())
            .collect()
    }

    /// Handles the oldest request on a link; false if there is none.
    pub(crate) fn serve(&mut self, link: LinkId, reply: Reply) -> bool {
        let Some(socket) = self.sockets.get_mut(&link) else {
            return false;
        };
        let Some((id, request)) = socket.asked.pop_front() else {
            return false;
        };
        // A held subscription exists.
        let name = request.path.strip_prefix("subscription/");
        let held = name.is_some_and(|name| socket.subscriptions.contains(name));
        let reply = match reply {
            Reply::Refuse(404) if held => Reply::Do,
            reply => reply,
        };
        let another = socket.asked.front().map_or(id, |(id, _)| *id);
        let (status, content) = match reply {
            Reply::Refuse(status) => (status, String::new()),
            Reply::Gateway | Reply::Ignore => (0, String::new()),
            _ => self.perform(link, &request, matches!(reply, Reply::DoPart)),
        };
        let frame = |id: Value| {
            let key = format!("{} /ws/{}", request.method, request.path);
            json!({
                "id": id, "event": "response", "key": key, "content": content, "responseCode": status,
            })
            .to_string()
        };
        let frames = match reply {
            Reply::Ignore | Reply::DoSilently => vec![],
            Reply::Gateway => vec![GATEWAY.to_owned()],
            Reply::DoWithoutId => vec![frame(Value::Null)],
            Reply::DoWithAnotherId => vec![frame(another.into())],
            Reply::DoTwice => vec![frame(id.into()), frame(id.into())],
            Reply::Do | Reply::DoPart | Reply::Refuse(_) => vec![frame(id.into())],
        };
        if let Some(socket) = self.sockets.get_mut(&link) {
            socket.sent.extend(frames);
        }
        true
    }

    fn perform(&mut self, link: LinkId, request: &Request, part: bool) -> (u16, String) {
        let socket = self.sockets.get_mut(&link).unwrap();
        if let Some(Content::Batch(batch)) = &request.content {
            let [of] = &**batch else {
                panic!("a request with several event names");
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
            let content = json!({"success": failures.is_empty(), "failures": failures});
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
            return (200, json!({ "token": token }).to_string());
        }
        self.migrate(link, request, part)
    }

    fn migrate(&mut self, link: LinkId, request: &Request, part: bool) -> (u16, String) {
        let Some(Content::Text(content)) = &request.content else {
            panic!("a migration without a token");
        };
        let content: Value = serde_json::from_str(content).unwrap();
        let from = self.tokens.remove(content["token"].as_str().unwrap());
        let Some(old) = from.and_then(|old| self.sockets.get_mut(&old)) else {
            return (400, String::new());
        };
        let is_moved = |name: &str| !part || name.ends_with(['0', '2', '4', '6', '8']);
        let moved: Vec<String> = old
            .subscriptions
            .iter()
            .filter(|name| is_moved(name))
            .cloned()
            .collect();
        if !self.overlap {
            old.subscriptions.retain(|name| !is_moved(name));
        }
        let socket = self.sockets.get_mut(&link).unwrap();
        socket.subscriptions.extend(moved);
        (if part { 500 } else { 200 }, String::new())
    }

    /// An event happens: it is sent to every socket with a subscription to it, in the usual form or in another.
    pub(crate) fn happen(&mut self, topic: &Topic, usual: bool) -> (u64, Vec<LinkId>) {
        let number = self.events;
        self.events += 1;
        let content = number.to_string();
        let text = if usual {
            let (event, key) = (topic.event(), topic.key());
            format!(
                r#"{{"id":0,"event":"{event}","key":"{key}","content":"{content}","responseCode":200}}"#
            )
        } else {
            json!({"event": topic.event(), "key": topic.key(), "content": content}).to_string()
        };
        let mut to = Vec::new();
        for (link, socket) in &mut self.sockets {
            if socket.subscriptions.contains(topic.name()) {
                socket.sent.push_back(text.clone());
                to.push(*link);
            }
        }
        (number, to)
    }

    /// The next frame that arrives on a link.
    pub(crate) fn next(&mut self, link: LinkId) -> Option<String> {
        self.sockets.get_mut(&link)?.sent.pop_front()
    }
}

/// The number of an event, if this frame is one.
pub(crate) fn number_in(text: &str) -> Option<u64> {
    let frame: Value = serde_json::from_str(text).ok()?;
    let event = frame["event"].as_str().filter(|event| *event != "response");
    event.and(frame["content"].as_str()?.parse().ok())
}
