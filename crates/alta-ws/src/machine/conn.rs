use super::{Cx, Lane, Output, PendingCall, Phase};
use crate::config::Config;
use crate::error::{Error, Sent};
use crate::frame::Request;
use crate::topic::Topic;
use alta_socket::{Answer, KeepAlive, LinkId, Liveness, Lost, Requests, later};
use http::Method;
use std::time::Instant;

/// What a request on its way is for.
#[derive(Debug)]
pub(super) enum Purpose {
    Subscribe(Topic),
    Unsubscribe(Topic),
    /// Several topics of one event.
    Batch(Vec<Topic>),
    Call(PendingCall),
    /// Step 1 of a migration, on the old link.
    MigrationToken,
    /// Step 4 of a migration, on the new link.
    Migrate,
}

/// A request on its way.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) request: Request,
    pub(super) purpose: Purpose,
    /// Whether it was handed to the socket.
    pub(super) written: bool,
    /// Of which token it was sent with.
    pub(super) generation: u64,
}

impl Open {
    pub(super) fn new(request: Request, purpose: Purpose) -> Self {
        Self {
            request,
            purpose,
            written: false,
            generation: 0,
        }
    }

    pub(super) fn subscribe(topic: &Topic) -> Self {
        let request = Request::new(Method::POST, topic.to_string());
        Self::new(request, Purpose::Subscribe(topic.clone()))
    }

    /// What is known of it if no answer comes.
    pub(super) fn sent(&self) -> Sent {
        if self.written {
            Sent::MayHaveRun
        } else {
            Sent::NotSent
        }
    }

    /// What an error about it says was being done.
    pub(super) fn doing(&self) -> String {
        match &self.purpose {
            Purpose::Subscribe(topic) => format!("subscribing to {}", topic.name()),
            Purpose::Unsubscribe(topic) => format!("unsubscribing from {}", topic.name()),
            Purpose::Batch(topics) => format!("subscribing to {} topics", topics.len()),
            Purpose::MigrationToken | Purpose::Migrate => "migrating".to_owned(),
            Purpose::Call(call) => call.request.doing(),
        }
    }

    pub(super) fn unsubscribe(topic: &Topic) -> Self {
        let request = Request::new(Method::DELETE, topic.to_string());
        Self::new(request, Purpose::Unsubscribe(topic.clone()))
    }
}

/// One open link.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) link: LinkId,
    pub(super) requests: Requests<Open>,
    pub(super) alive: KeepAlive,
}

impl Conn {
    pub(super) fn new(link: LinkId, config: &Config, now: Instant) -> Self {
        Self {
            link,
            requests: Requests::default(),
            alive: KeepAlive::new(config.ping, now),
        }
    }

    pub(super) fn send(&mut self, open: Open, config: &Config, cx: &mut Cx<'_>) {
        let request = open.request.clone();
        let (call, deadline) = match &open.purpose {
            // Its time has been running since it was asked for.
            Purpose::Call(call) => (Some(call.id), call.deadline),
            _ => (None, later(cx.now, config.request_timeout)),
        };
        let id = self.requests.begin(open, cx.now, deadline);
        cx.shared.out.push_back(Output::Send {
            link: self.link,
            id,
            request,
            call,
        });
    }

    /// The request that an answer belongs to: by its id, or by its key if the id is missing, unknown or another request's.
    pub(super) fn answered(&mut self, id: Option<u32>, key: &str, cx: &mut Cx<'_>) -> Option<Open> {
        let id = id.unwrap_or_default();
        let agrees = self.requests.get_mut(id);
        let agrees = agrees.map(|open| open.request.is_answered_by(key));
        let id = match agrees {
            Some(true) => Some(id),
            // No other request has this key: then it is only written in another way.
            Some(false) => self.by_key(key).or(Some(id)),
            None => match self.requests.answer(id) {
                Answer::Unknown => self.by_key(key),
                Answer::Late | Answer::To(_) => None,
            },
        };
        let open = id.and_then(|id| self.requests.end(id));
        cx.shared.totals.late_answers += u64::from(open.is_none());
        open
    }

    fn by_key(&self, key: &str) -> Option<u32> {
        let mut open = self.requests.iter();
        let found = open.find(|(_, open)| open.request.is_answered_by(key));
        found.map(|(id, _)| id)
    }

    /// The only request on its way, if there is only one and it has left.
    pub(super) fn take_only(&mut self) -> Option<Open> {
        let first = self.requests.iter().next();
        let only = first.filter(|(_, open)| open.written && self.requests.len() == 1);
        let id = only.map(|(id, _)| id);
        self.requests.end(id?)
    }

    /// Whether its first request, while that is on its way, was handed to the socket.
    pub(super) fn first_sent(&self) -> Sent {
        match self.requests.iter().next() {
            Some((_, open)) => open.sent(),
            None => Sent::MayHaveRun,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        let alive = self.alive.deadline();
        self.requests
            .deadline()
            .map_or(alive, |request| request.min(alive))
    }

    /// Sends a ping if one is due; false if the link is dead.
    pub(super) fn check_alive(&mut self, cx: &mut Cx<'_>) -> bool {
        match self.alive.check(cx.now) {
            Liveness::Fine => true,
            Liveness::PingDue => {
                cx.shared.out.push_back(Output::Ping(self.link));
                true
            }
            Liveness::Dead => false,
        }
    }
}

impl Lane {
    /// The connection that this link is, if it is one.
    pub(super) fn conn(&mut self, link: LinkId) -> Option<&mut Conn> {
        let Phase::Up(up) = &mut self.phase else {
            return None;
        };
        if up.conn.link == link {
            return Some(&mut up.conn);
        }
        up.migration.new_conn().filter(|conn| conn.link == link)
    }

    /// A request was given its token, this generation of it.
    pub(crate) fn handed(&mut self, link: LinkId, id: u32, generation: u64) {
        if let Some(open) = self.conn(link).and_then(|conn| conn.requests.get_mut(id)) {
            open.generation = generation;
        }
    }

    /// A request was handed to the socket.
    pub(crate) fn written(&mut self, link: LinkId, id: u32) {
        if let Some(open) = self.conn(link).and_then(|conn| conn.requests.get_mut(id)) {
            open.written = true;
        }
    }

    /// A raw request was not sent, since whoever wanted it is gone.
    pub(crate) fn skipped(&mut self, link: LinkId, id: u32, cx: &mut Cx<'_>) {
        let open = self.conn(link).and_then(|conn| conn.requests.end(id));
        if let Some(open) = open
            && let Purpose::Call(call) = open.purpose
        {
            // Nobody hears it, but it must be told so that nobody keeps it.
            cx.shared.out.push_back(Output::Answer {
                call: call.id,
                result: Err(Error::closed(open.request.doing())),
            });
        }
        self.pump(cx);
    }

    /// A request could not be sent, since there is no token for it.
    pub(crate) fn unsent(&mut self, link: LinkId, id: u32, error: &Error, cx: &mut Cx<'_>) {
        let open = self.conn(link).and_then(|conn| conn.requests.end(id));
        if let Some(open) = open {
            self.settle(open, super::answers::Outcome::Unsent(error.clone()), cx);
        }
        self.pump(cx);
    }

    /// Requests that are overdue, and the ping.
    pub(super) fn tick_conn(&mut self, cx: &mut Cx<'_>) {
        loop {
            let Phase::Up(up) = &mut self.phase else {
                return;
            };
            let link = up.conn.link;
            let Some((id, open)) = up.conn.requests.expire(cx.now) else {
                break;
            };
            self.expired(link, id, open, cx);
        }
        let Phase::Up(up) = &mut self.phase else {
            return;
        };
        if !up.migration.old_is_lost() && !up.conn.check_alive(cx) {
            let link = up.conn.link;
            cx.shared.out.push_back(Output::Close {
                link,
                code: 1000,
                reason: "silent",
            });
            self.lost(link, &Lost::Silent(self.config.ping), cx);
        }
    }
}
