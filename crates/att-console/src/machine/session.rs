use super::Order;
use super::own_commands::OwnCommands;
use super::stall::Stall;
use crate::config::Config;
use crate::wire::event_name::EventName;
use alta_socket::{KeepAlive, LinkId, Reply, Requests, later};
use std::collections::BTreeMap;
use std::time::Instant;

/// One connection from the acceptance of the token to its loss.
#[derive(Debug)]
pub(super) struct Session<R> {
    pub(super) link: LinkId,
    pub(super) since: Instant,
    pub(super) keepalive: KeepAlive,
    requests: Requests<Purpose<R>>,
    /// How many of the requests are commands.
    commands: usize,
    /// Commands whose time is over and whose frame is being taken back.
    pub(super) recalling: BTreeMap<u32, Box<Order<R>>>,
    /// How many of the times to ask for all subscriptions again have passed.
    pub(super) asked_again: usize,
    stall: Stall,
    /// What was sent while somebody listened to commands that are executed.
    pub(super) own: OwnCommands,
}

/// What a request on the wire is for.
#[derive(Debug)]
pub(super) enum Purpose<R> {
    Command { order: Box<Order<R>>, written: bool },
    Subscribe(EventName),
    Unsubscribe(EventName),
}

impl<R> Purpose<R> {
    fn is_command(&self) -> bool {
        matches!(self, Self::Command { .. })
    }
}

impl<R> Session<R> {
    pub(super) fn new(link: LinkId, config: &Config, now: Instant) -> Self {
        Self {
            link,
            since: now,
            keepalive: KeepAlive::new(config.ping_interval, now),
            requests: Requests::default(),
            commands: 0,
            recalling: BTreeMap::new(),
            asked_again: 0,
            stall: Stall::new(config.stalled_after, now),
            own: OwnCommands::default(),
        }
    }

    pub(super) fn open_commands(&self) -> usize {
        self.commands + self.recalling.len()
    }

    /// Opens a request, whose frame is handed to the link now, and returns its id.
    pub(super) fn begin(&mut self, purpose: Purpose<R>, now: Instant, deadline: Instant) -> u32 {
        self.commands += usize::from(purpose.is_command());
        self.stall.asked(now);
        self.requests.begin(purpose, now, deadline)
    }

    /// The frame of this request was handed to the socket. The command, if it is one.
    pub(super) fn written(&mut self, id: u32) -> Option<&Order<R>> {
        match self.requests.get_mut(id) {
            Some(Purpose::Command { order, written }) => {
                *written = true;
                Some(order)
            }
            _ => None,
        }
    }

    /// The frame of this request will never be handed to the socket.
    pub(super) fn not_written(&mut self, id: u32, now: Instant) {
        if let Some(purpose) = self.requests.end(id) {
            self.commands -= usize::from(purpose.is_command());
        }
        self.own.not_sent(id);
        self.stall.taken_back(self.requests.len(), now);
    }

    /// Ends the request that a reply belongs to. Any reply shows that the server works.
    pub(super) fn reply(&mut self, id: u32, now: Instant) -> Reply<Purpose<R>> {
        let reply = self.requests.reply(id);
        self.own.replied(id, now);
        if let Reply::To(purpose) = &reply {
            self.commands -= usize::from(purpose.is_command());
        }
        self.stall.replied(self.requests.len(), now);
        reply
    }

    /// Ends a request whose time is over.
    pub(super) fn expire(&mut self, now: Instant) -> Option<(u32, Purpose<R>)> {
        let (id, purpose) = self.requests.expire(now)?;
        self.commands -= usize::from(purpose.is_command());
        if !matches!(purpose, Purpose::Command { written: false, .. }) {
            self.stall.given_up();
        }
        Some((id, purpose))
    }

    /// Ends all requests, in the order of their ids.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Purpose<R>> + use<R> {
        self.commands = 0;
        self.requests.drain()
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.stall.is_stalled()
    }

    pub(super) fn note_stall(&mut self, now: Instant) {
        self.stall.look(|| self.requests.oldest(), now);
    }

    pub(super) fn deadline(&self, config: &Config) -> Option<Instant> {
        let asks_again = config
            .resubscribe_after
            .get(self.asked_again)
            .map(|after| later(self.since, *after));
        [
            Some(self.keepalive.deadline()),
            self.requests.deadline(),
            self.stall.deadline(),
            asks_again,
        ]
        .into_iter()
        .flatten()
        .min()
    }
}
