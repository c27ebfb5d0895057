use super::Order;
use crate::config::Config;
use crate::name::EventName;
use alta_socket::{KeepAlive, LinkId, Requests, later};
use std::collections::BTreeMap;
use std::time::Instant;

/// How many frames may wait for the socket at once. More would only wait there instead of in the queue, where they can
/// still be taken back.
const WINDOW: usize = 16;

/// One connection from the acceptance of the token to its loss.
#[derive(Debug)]
pub(super) struct Session<R> {
    pub(super) link: LinkId,
    pub(super) since: Instant,
    pub(super) keepalive: KeepAlive,
    pub(super) requests: Requests<Purpose<R>>,
    /// Commands whose time is over and whose frame is being taken back.
    pub(super) recalling: BTreeMap<u32, Order<R>>,
    /// Frames that were handed to the link and not yet to the socket.
    pub(super) unwritten: usize,
    /// How many of the times to ask for all subscriptions again have passed.
    pub(super) asked_again: usize,
    stalled: bool,
}

/// What a request on the wire is for.
#[derive(Debug)]
pub(super) enum Purpose<R> {
    Command { order: Order<R>, written: bool },
    Subscribe(EventName),
    Unsubscribe(EventName),
}

impl<R> Session<R> {
    pub(super) fn new(link: LinkId, keepalive: KeepAlive, now: Instant) -> Self {
        Self {
            link,
            since: now,
            keepalive,
            requests: Requests::default(),
            recalling: BTreeMap::new(),
            unwritten: 0,
            asked_again: 0,
            stalled: false,
        }
    }

    pub(super) fn open_commands(&self) -> usize {
        self.requests.len() + self.recalling.len()
    }

    /// Whether another frame may be handed to the link.
    pub(super) fn has_room(&self) -> bool {
        self.unwritten < WINDOW
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// Looks whether the oldest request has waited too long for a server that works.
    pub(super) fn note_stall(&mut self, config: &Config, now: Instant) {
        self.stalled = self
            .requests
            .oldest()
            .is_some_and(|since| now.saturating_duration_since(since) >= config.stalled_after);
    }

    pub(super) fn deadline(&self, config: &Config) -> Option<Instant> {
        let stalls = self
            .requests
            .oldest()
            .filter(|_| !self.stalled)
            .map(|since| later(since, config.stalled_after));
        let asks_again = config
            .ask_again
            .get(self.asked_again)
            .map(|after| later(self.since, *after));
        [
            Some(self.keepalive.deadline()),
            self.requests.deadline(),
            stalls,
            asks_again,
        ]
        .into_iter()
        .flatten()
        .min()
    }
}
