//! The future of one message. The machine decides.

use super::delivery::Delivery;
use super::post::{Audience, Post, Step, until_all_see};
use crate::players::{Online, PlayerChanges, Players};
use crate::timing::stay::Stay;
use alta_model::Timestamp;
use att_console::commands::player;
use att_console::{
    Argument, Console, Error, ErrorKind, PlayerRef, Sent, State, Statuses, Target, WeakConsole,
    WhenNotReady,
};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

pub(super) enum Recipient {
    Player(PlayerRef),
    Everyone,
}

/// A message that is being sent. It does not keep the console open.
pub(super) struct Sending {
    console: WeakConsole,
    statuses: Statuses,
    changes: PlayerChanges,
    post: Post,
    text: Argument,
    duration: Option<Duration>,
}

impl Sending {
    pub(super) fn new(
        players: &Players,
        to: Recipient,
        text: Argument,
        duration: Option<Duration>,
        post: impl FnOnce(Audience, Instant) -> Post,
    ) -> Self {
        let now = Instant::now();
        let wall = Timestamp::now();
        let audience = match to {
            Recipient::Player(player) => {
                players.expect(&player);
                Audience::Player(Stay::new(player, wall, now))
            }
            Recipient::Everyone => {
                let visible = now + until_all_see(&players.online(), wall);
                Audience::Everyone { visible }
            }
        };
        let console = players.console();
        Self {
            console: console.downgrade(),
            statuses: console.statuses(),
            changes: players.changes(),
            post: post(audience, now),
            text,
            duration,
        }
    }

    pub(super) async fn run(mut self) -> Result<Delivery, Error> {
        loop {
            let Some(console) = self.console.upgrade() else {
                return Ok(Delivery::Closed);
            };
            let state = console.status().state;
            if state.is_closed() {
                return Ok(Delivery::Closed);
            }
            let online = Players::of(&console).online();
            let is_ready = state == State::Ready;
            let step = self
                .post
                .step(&online, is_ready, Instant::now(), Timestamp::now());
            match step {
                Step::End(delivery) => return Ok(delivery),
                Step::Send(target) => {
                    if let Some(sent) = self.send(&console, target, &online).await {
                        return sent;
                    }
                    drop(console);
                    self.changed(self.post.expires).await;
                }
                Step::Wait(until) => {
                    drop(console);
                    self.changed(until).await;
                }
            }
        }
    }

    /// Waits until the players or the state of the console change, or until this instant.
    async fn changed(&mut self, until: Instant) {
        tokio::select! {
            _ = self.changes.next() => {}
            _ = self.statuses.next() => {}
            () = sleep_until(until) => {}
        }
    }

    /// Sends it. Returns `None` if the connection was lost before, so that it was certainly not sent.
    async fn send(
        &self,
        console: &Console,
        target: Target,
        online: &Online,
    ) -> Option<Result<Delivery, Error>> {
        let is_empty = online.is_complete() && online.is_empty();
        let nobody = is_empty && target == Target::Everyone;
        let message = player::message(target, self.text.clone());
        let message = match self.duration {
            Some(duration) => console.command(message.duration(duration)),
            None => console.command(message),
        };
        let error = match message.when_not_ready(WhenNotReady::Fail).await {
            Ok(()) => return Some(Ok(Delivery::Sent)),
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::NobodyOnline { .. } => Some(Ok(Delivery::Nobody)),
            ErrorKind::Server { .. } if nobody => Some(Ok(Delivery::Nobody)),
            ErrorKind::NotReady
            | ErrorKind::Disconnected {
                sent: Sent::NotSent,
                ..
            } => None,
            ErrorKind::Closed { .. } => Some(Ok(Delivery::Closed)),
            _ => Some(Err(error)),
        }
    }
}
