//! Moving the simulator's clock.

use crate::error::{Error, ErrorKind};
use crate::sim::Sim;
use crate::state::State;
use alta_cloud::net::Clock;
use std::time::Duration;

impl Sim {
    /// Moves the clock of the simulator forward, as if this time had passed for the cloud and its game servers, but not for their
    /// clients. Everything that becomes due happens in its order, with its own time: heartbeats, events of the town, steps of
    /// players on [paths](Self::player_follows), actions of the [timeline](crate::Builder::at). Tokens, modified stats and delays of faults end.
    ///
    /// Each time at which something is due is a step: a jump of years needs
    /// [`Builder::without_heartbeats`](crate::Builder::without_heartbeats). A step waits until clients have been sent everything. A main websocket whose client sends nothing for
    /// [`Builder::socket_idle`](crate::Builder::socket_idle) by this clock, or that is older than
    /// [`Builder::socket_life`](crate::Builder::socket_life), is closed; that can be some milliseconds after the move.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] for more than 100 years in total, [`ErrorKind::TimedOut`] if a client reads nothing within
    /// [`Builder::timeout`](crate::Builder::timeout).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the clock has moved by a part of the time.
    pub async fn advance(&self, by: Duration) -> Result<(), Error> {
        let clock = &self.shared.env.clock;
        if clock.elapsed().saturating_add(by) > Clock::FURTHEST {
            let doing = format!("advancing the clock by {by:?}");
            return Err(Error::new(ErrorKind::Invalid, doing)
                .detail("the clock moves at most 100 years in total"));
        }
        let end = clock.after(by);
        loop {
            let now = clock.now();
            if now >= end {
                return Ok(());
            }
            let due = self.shared.look(State::due);
            let next = due.map_or(end, |due| due.min(end));
            clock.advance(now.duration_until(next).try_into().unwrap_or_default());
            self.shared.with(|_, _| ());
            self.wait_for_timeline().await?;
            self.flush().await?;
            // Tasks that wait for the clock get their turn.
            tokio::task::yield_now().await;
        }
    }
}
