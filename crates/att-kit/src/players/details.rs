//! `player list-detailed`.

use super::handle::Players;
use super::listed::listed;
use super::poll::{Polled, polls};
use super::snapshot::{Reading, Snapshot};
use super::snapshots::{Details, Snapshots};
use alta_model::console::result::PlayerDetailed;
use att_console::commands::player;
use att_console::{Error, WeakConsole};
use futures_core::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

impl Players {
    /// The positions, hands and chunks of all players, at this interval, as a stream.
    ///
    /// All readers of a console share one request: a request is sent at the smallest interval of the readers (at least
    /// 20 ms) while there are any, never before the reply to the last one, and after a pause that is at least as long as that reply took. After a
    /// failed request the pauses grow, up to half a minute, until the console connects again.
    pub fn details(&self, every: Duration) -> Details {
        Snapshots::new(&polls(self.console()), every)
    }

    /// The positions, hands and chunks of all players, at most this old: the newest snapshot, or else the next one. Callers
    /// share a request.
    ///
    /// # Errors
    ///
    /// The error of a request that was sent no earlier than the snapshot had to be; or the console is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn details_within(
        &self,
        max_age: Duration,
    ) -> Result<Arc<Snapshot<PlayerDetailed>>, Error> {
        let polls = polls(self.console());
        polls.within(max_age, "requesting the players").await
    }
}

impl Polled for PlayerDetailed {
    fn request(console: &WeakConsole) -> BoxFuture<'_, Result<Reading<Self>, Error>> {
        Box::pin(async move {
            let (list, reply) = console
                .command(player::list_detailed())
                .with_reply()
                .await?;
            let list = listed(list, &reply)?;
            let is_complete = list.skipped().count() == 0;
            let list = list.into_iter().map(|player| (player.id, player));
            let players: Vec<_> = list.collect();
            if is_complete && let Some(console) = console.upgrade() {
                let ids = players.iter().map(|(id, _)| *id).collect();
                Players::of(&console).compare(&ids);
            }
            Ok(Reading {
                players,
                is_complete,
            })
        })
    }
}
