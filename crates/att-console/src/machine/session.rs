use super::PendingCommand;
use super::own_commands::OwnCommands;
use super::stall::Stall;
use crate::config::Config;
use crate::wire::event_name::EventName;
use alta_socket::{KeepAlive, LinkId, Reply, Requests, deadline_after};
use std::collections::BTreeMap;
use std::time::Instant;

/// One connection from the acceptance of the token to its loss.
#[derive(Debug)]
pub(super) struct Session<R> {
    pub(super) link: LinkId,
    pub(super) since: Instant,
    pub(super) keepalive: KeepAlive,
    requests: Requests<Purpose<R>>,
    /// The number of the requests that are commands.
    commands: usize,
    /// Timed-out commands whose frames are being canceled.
    pub(super) recalling: BTreeMap<u32, Box<PendingCommand<R>>>,
    /// The number of past times at which all subscriptions were requested again.
    pub(super) resubscribed: usize,
    stall: Stall,
    /// Commands that were sent while a stream was subscribed to executed commands.
    pub(super) own: OwnCommands,
}

/// The purpose of a request.
#[derive(Debug)]
pub(super) enum Purpose<R> {
    Command {
        command: Box<PendingCommand<R>>,
        written: bool,
    },
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
            resubscribed: 0,
            stall: Stall::new(config.stalled_after, now),
            own: OwnCommands::default(),
        }
    }

    pub(super) fn open_commands(&self) -> usize {
        self.commands + self.recalling.len()
    }

    /// Opens a request, whose frame is passed to the link now, and returns its id.
    pub(super) fn begin(&mut self, purpose: Purpose<R>, now: Instant, deadline: Instant) -> u32 {
        self.commands += usize::from(purpose.is_command());
        self.stall.sent(now);
        self.requests.begin(purpose, now, deadline)
    }

    /// The frame of this request was sent. Returns the command, if it is one.
    pub(super) fn written(&mut self, id: u32) -> Option<&PendingCommand<R>> {
        match self.requests.get_mut(id) {
            Some(Purpose::Command { command, written }) => {
                *written = true;
                Some(command)
            }
            _ => None,
        }
    }

    /// The frame of this request will not be sent.
    pub(super) fn not_written(&mut self, id: u32, now: Instant) {
        if let Some(purpose) = self.requests.end(id) {
            self.commands -= usize::from(purpose.is_command());
        }
        self.own.not_sent(id);
        self.stall.canceled(self.requests.len(), now);
    }

    /// Ends the request of a reply. Any reply shows that the server works.
    pub(super) fn reply(&mut self, id: u32, now: Instant) -> Reply<Purpose<R>> {
        let reply = self.requests.reply(id);
        self.own.replied(id, now);
        if let Reply::To(purpose) = &reply {
            self.commands -= usize::from(purpose.is_command());
        }
        self.stall.replied(self.requests.len(), now);
        reply
    }

    /// Ends a timed-out request.
    pub(super) fn expire(&mut self, now: Instant) -> Option<(u32, Purpose<R>)> {
        let (id, purpose) = self.requests.expire(now)?;
        self.commands -= usize::from(purpose.is_command());
        if !matches!(purpose, Purpose::Command { written: false, .. }) {
            self.stall.timed_out();
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

    pub(super) fn check_stall(&mut self, now: Instant) {
        self.stall.check(|| self.requests.oldest(), now);
    }

    pub(super) fn deadline(&self, config: &Config) -> Option<Instant> {
        let asks_again = config
            .resubscribe_after
            .get(self.resubscribed)
            .map(|after| deadline_after(self.since, *after));
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
