//! The machine of one message. It has no I/O: it is fed with snapshots, the state of the console and a clock.

use super::delivery::Delivery;
use crate::clock::NEVER;
use crate::players::Online;
use crate::timing::stay::{Presence, Stay};
use alta_model::Timestamp;
use att_console::Target;
use std::time::Duration;
use tokio::time::Instant;

/// The time after a join from which on a player sees messages. Within 15 s a player sees none, after 25 to 30 s all.
pub(crate) const VISIBLE_AFTER: Duration = Duration::from_secs(25);

/// A message that has not been sent.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) audience: Audience,
    pub(super) when_visible: bool,
    /// Not before this.
    pub(super) due: Instant,
    /// Not after this.
    pub(super) expires: Instant,
}

#[derive(Clone, Debug)]
pub(super) enum Audience {
    Player(Stay),
    /// Everyone; the instant at which those who were online at the beginning can see it.
    Everyone {
        visible: Instant,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Send(Target),
    /// Look again at this instant, or when the players or the state of the console change.
    Wait(Instant),
    End(Delivery),
}

impl Post {
    pub(super) fn new(
        audience: Audience,
        when_visible: bool,
        delay: Duration,
        max_age: Duration,
        now: Instant,
    ) -> Self {
        let due = now + delay.min(NEVER);
        Self {
            audience,
            when_visible,
            due,
            expires: due + max_age.min(NEVER),
        }
    }

    /// Returns the next step. `is_ready`: the server replies to commands.
    pub(super) fn step(
        &mut self,
        online: &Online,
        is_ready: bool,
        now: Instant,
        wall: Timestamp,
    ) -> Step {
        let (visible, target) = match &mut self.audience {
            Audience::Everyone { visible } => (*visible, Some(Target::Everyone)),
            Audience::Player(stay) => {
                let visible = match stay.look(online, now) {
                    Presence::Gone => return Step::End(Delivery::Left),
                    Presence::Here(since) => now + until_visible(since, wall),
                    Presence::UnknownUntil(known) => return self.wait(known, now),
                    // Only an event has reported the player: the plan is as old as the stay.
                    Presence::Unknown => self.due,
                };
                (visible, stay.player().map(Target::Id))
            }
        };
        let due = if self.when_visible {
            self.due.max(visible)
        } else {
            self.due
        };
        if now > self.expires || due > self.expires {
            Step::End(Delivery::TooOld)
        } else if due > now {
            Step::Wait(due)
        } else {
            match target.filter(|_| is_ready) {
                Some(target) => Step::Send(target),
                None => self.wait(self.expires, now),
            }
        }
    }

    /// Waits until this instant, or until the message is too old.
    fn wait(&self, until: Instant, now: Instant) -> Step {
        if now >= self.expires {
            Step::End(Delivery::TooOld)
        } else {
            Step::Wait(until.min(self.expires))
        }
    }
}

/// The time until everyone who is online can see a message.
pub(super) fn until_all_see(online: &Online, wall: Timestamp) -> Duration {
    let waits = online
        .iter()
        .map(|player| until_visible(player.since, wall));
    waits.max().unwrap_or_default()
}

fn until_visible(since: Timestamp, wall: Timestamp) -> Duration {
    // A clock that was set back does not extend the time.
    VISIBLE_AFTER.saturating_sub(wall.saturating_duration_since(since))
}
