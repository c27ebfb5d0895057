use super::outcome::Outcome;
use crate::config::Config;
use crate::error::{Error, Sent};
use crate::frame::Request;
use crate::socket::context::Cx;
use crate::socket::io::{Call, Output, SocketOutput};
use crate::tokens::CurrentToken;
use crate::topic::Topic;
use alta_socket::{KeepAlive, LinkId, Liveness, Reply, Requests, deadline_after};
use http::Method;
use std::collections::BTreeMap;
use std::time::Instant;

/// The purpose of a request.
#[derive(Debug)]
pub(in crate::socket) enum Purpose {
    Subscribe(Topic),
    Unsubscribe(Topic),
    /// Several topics of one event.
    Batch(Vec<Topic>),
    Call(Call),
    /// Step 1 of a migration, on the old link.
    MigrationToken,
    /// Step 4 of a migration, on the new link.
    Migrate,
}

/// The progress of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It waits for a token.
    Unsent,
    /// It is in the link's queue, with its token.
    Queued,
    /// The link has written it to the network.
    Written,
}

/// A request that waits or is in flight.
#[derive(Debug)]
pub(in crate::socket) struct Open {
    pub(super) request: Request,
    pub(in crate::socket) purpose: Purpose,
    stage: Stage,
    /// The generation of its token.
    pub(super) generation: u64,
}

impl Open {
    pub(super) fn new(request: Request, purpose: Purpose) -> Self {
        Self {
            request,
            purpose,
            stage: Stage::Unsent,
            generation: 0,
        }
    }

    pub(super) fn subscribe(topic: Topic) -> Self {
        let request = Request::new(Method::POST, topic.to_string());
        Self::new(request, Purpose::Subscribe(topic))
    }

    pub(super) fn unsubscribe(topic: Topic) -> Self {
        let request = Request::new(Method::DELETE, topic.to_string());
        Self::new(request, Purpose::Unsubscribe(topic))
    }

    pub(super) fn call(call: Call) -> Self {
        Self::new(call.request.clone(), Purpose::Call(call))
    }

    /// Its progress, if no reply arrives.
    pub(super) fn sent(&self) -> Sent {
        match self.stage {
            Stage::Unsent | Stage::Queued => Sent::NotSent,
            Stage::Written => Sent::MayHaveRun,
        }
    }

    /// The operation that an error names.
    pub(super) fn doing(&self) -> String {
        match &self.purpose {
            Purpose::Subscribe(topic) => format!("subscribing to {}", topic.name()),
            Purpose::Unsubscribe(topic) => format!("unsubscribing from {}", topic.name()),
            Purpose::Batch(topics) => format!("subscribing to {} topics", topics.len()),
            Purpose::MigrationToken | Purpose::Migrate => "migrating".to_owned(),
            Purpose::Call(call) => call.request.doing(),
        }
    }

    fn call_ref(&self) -> Option<&Call> {
        match &self.purpose {
            Purpose::Call(call) => Some(call),
            _ => None,
        }
    }
}

/// One open link and the requests on it.
#[derive(Debug)]
pub(in crate::socket) struct Conn {
    pub(super) link: LinkId,
    pub(in crate::socket) requests: Requests<Open>,
    /// Requests that wait for a token.
    unsent: Vec<u32>,
    /// Timed-out raw requests that are being canceled.
    recalling: BTreeMap<u32, Call>,
    pub(super) alive: KeepAlive,
}

impl Conn {
    pub(super) fn new(link: LinkId, config: &Config, now: Instant) -> Self {
        Self {
            link,
            requests: Requests::default(),
            unsent: Vec::new(),
            recalling: BTreeMap::new(),
            alive: KeepAlive::new(config.ping_interval, now),
        }
    }

    /// Opens a request, which is sent when there is a token.
    pub(super) fn send(&mut self, open: Open, cx: &mut Cx<'_>) {
        let deadline = match &open.purpose {
            // The timeout began with the call.
            Purpose::Call(call) => call.deadline,
            _ => deadline_after(cx.now, cx.core.config.request_timeout),
        };
        let id = self.requests.begin(open, cx.now, deadline);
        self.unsent.push(id);
        cx.outputs.push(SocketOutput::NeedsToken);
    }

    /// Sends the requests that wait for a token. Without one, ends them and returns them.
    pub(super) fn token(
        &mut self,
        token: &Result<CurrentToken, Error>,
        cx: &mut Cx<'_>,
    ) -> Vec<Open> {
        let mut ended = Vec::new();
        for id in std::mem::take(&mut self.unsent) {
            let Some(open) = self.requests.get_mut(id) else {
                continue;
            };
            let is_abandoned = open.call_ref().is_some_and(Call::is_abandoned);
            match token {
                Ok(current) if !is_abandoned => {
                    open.stage = Stage::Queued;
                    open.generation = current.generation;
                    let request = open.request.clone();
                    let owner = open.call_ref().map(|call| call.owner.clone());
                    cx.out(Output::Send {
                        link: self.link,
                        id,
                        token: current.token.clone(),
                        request,
                        owner,
                    });
                }
                // A caller that is gone needs no result.
                _ => ended.extend(self.requests.end(id).filter(|_| !is_abandoned)),
            }
        }
        ended
    }

    /// The link has written a request to the network.
    pub(super) fn written(&mut self, id: u32) {
        if let Some(open) = self.requests.get_mut(id) {
            open.stage = Stage::Written;
            tracing::debug!(id, request = open.doing(), "sent");
        }
    }

    /// The link did not send a request: it had timed out, or its caller was gone.
    pub(super) fn skipped(&mut self, id: u32, cx: &mut Cx<'_>) {
        self.requests.end(id);
        self.recalled(id, Sent::NotSent, cx);
    }

    /// The link has canceled a timed-out raw request, or could not.
    pub(super) fn recalled(&mut self, id: u32, sent: Sent, cx: &mut Cx<'_>) {
        if let Some(call) = self.recalling.remove(&id) {
            let error = cx.core.timed_out(sent, call.request.doing());
            cx.out(call.end(Err(error)));
        }
    }

    /// A timed-out request, if its end is known.
    pub(super) fn expire(&mut self, cx: &mut Cx<'_>) -> Option<Expired> {
        let (id, open) = self.requests.expire(cx.now)?;
        match open.stage {
            Stage::Unsent => self.unsent.retain(|unsent| *unsent != id),
            Stage::Queued => {
                cx.out(Output::Recall(self.link, id));
                if let Purpose::Call(call) = open.purpose {
                    self.recalling.insert(id, call);
                    return Some(Expired::Later);
                }
            }
            Stage::Written => {}
        }
        Some(Expired::Now(Box::new(open)))
    }

    /// The request of a reply: by its id, or by its key if the id is missing, unknown or another request's.
    pub(super) fn reply(&mut self, id: Option<u32>, key: &str) -> Option<Open> {
        let id = id.unwrap_or_default();
        let agrees = self.requests.get_mut(id);
        let agrees = agrees.map(|open| open.request.has_reply_key(key));
        let id = match agrees {
            Some(true) => Some(id),
            // No other request has this key, so only the spelling differs.
            Some(false) => self.by_key(key).or(Some(id)),
            None => match self.requests.reply(id) {
                Reply::Unknown => self.by_key(key),
                Reply::Late | Reply::To(_) => None,
            },
        };
        self.requests.end(id?)
    }

    fn by_key(&self, key: &str) -> Option<u32> {
        let mut open = self.requests.iter();
        let found = open.find(|(_, open)| open.request.has_reply_key(key));
        found.map(|(id, _)| id)
    }

    /// The only request in flight, if there is exactly one and it was sent.
    pub(super) fn take_only(&mut self) -> Option<Open> {
        let first = self.requests.iter().next();
        let only =
            first.filter(|(_, open)| open.stage == Stage::Written && self.requests.len() == 1);
        let id = only.map(|(id, _)| id);
        self.requests.end(id?)
    }

    /// Returns whether the link has sent this link's first request, while that request is in flight.
    pub(super) fn first_sent(&self) -> Sent {
        match self.requests.iter().next() {
            Some((_, open)) => open.sent(),
            None => Sent::MayHaveRun,
        }
    }

    /// Ends all its requests. Raw requests get the error that `error` makes from how far they got.
    pub(super) fn end(&mut self, error: impl Fn(Sent, String) -> Error, cx: &mut Cx<'_>) {
        for open in self.requests.drain() {
            let sent = open.sent();
            match open.purpose {
                Purpose::Call(call) => {
                    let error = error(sent, call.request.doing());
                    cx.out(call.end(Err(error)));
                }
                Purpose::Batch(_) => cx.common.batch_under_way = false,
                _ => {}
            }
        }
        self.unsent.clear();
        while let Some((&id, _)) = self.recalling.first_key_value() {
            self.recalled(id, Sent::NotSent, cx);
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        let alive = self.alive.deadline();
        self.requests
            .deadline()
            .map_or(alive, |request| request.min(alive))
    }

    /// Sends a ping if one is due; returns false if the link is dead.
    pub(super) fn check_alive(&mut self, cx: &mut Cx<'_>) -> bool {
        match self.alive.check(cx.now) {
            Liveness::Fine => true,
            Liveness::PingDue => {
                cx.out(Output::Ping(self.link));
                true
            }
            Liveness::Dead => false,
        }
    }
}

/// A timed-out request.
pub(super) enum Expired {
    Now(Box<Open>),
    /// The link is canceling it.
    Later,
}

impl Expired {
    pub(super) fn settled(self) -> Option<(Open, Outcome)> {
        match self {
            Expired::Now(open) => Some((*open, Outcome::TimedOut)),
            Expired::Later => None,
        }
    }
}

#[cfg(test)]
impl Conn {
    /// The number of records that it keeps besides open requests.
    pub(in crate::socket) fn kept(&self) -> usize {
        self.unsent.len().max(self.recalling.len())
    }
}
