//! `player inventory` of everyone.

use super::handle::Players;
use super::poll::{Polled, polls};
use super::snapshot::{Reading, Snapshot};
use super::snapshots::{Inventories, Snapshots};
use alta_model::console::result::Inventory;
use alta_model::{Listing, UserId};
use att_console::commands::player;
use att_console::{Closed, Error, ErrorKind, WeakConsole};
use futures_core::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The longest time to wait for a complete list of the players.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);

impl Players {
    /// The items of all players, at this interval, as a stream. A player without a body is not in it.
    ///
    /// Requests are shared and paced as those of [`details`](Self::details). A request names the players who are
    /// [online](Self::online): the reply has no ids. If the server replies with an error, as it can while a player has no body, the
    /// next requests name fewer players.
    pub fn inventories(&self, every: Duration) -> Inventories {
        Snapshots::new(&polls(self.console()), every)
    }

    /// The items of all players, at most this old: the newest snapshot, or else the next one. Callers share a request.
    ///
    /// # Errors
    ///
    /// The error of a request that was sent no earlier than the snapshot had to be; or the console is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn inventories_within(
        &self,
        max_age: Duration,
    ) -> Result<Arc<Snapshot<Inventory>>, Error> {
        let polls = polls(self.console());
        polls.within(max_age, "requesting the inventories").await
    }
}

impl Polled for Inventory {
    /// Waits for a list of the players: the reply has no ids.
    fn prepare(console: &WeakConsole) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            let listed = players(console)?.when_listed();
            let is_listed = timeout(LIST_TIMEOUT, listed).await.is_ok();
            // An incomplete list is enough if it has players.
            if is_listed || !players(console)?.online().is_empty() {
                return Ok(());
            }
            let (after, because) = (LIST_TIMEOUT, None);
            let kind = ErrorKind::NotReadyWithin { after, because };
            Err(Error::new(kind, "listing the players"))
        })
    }

    fn request(console: &WeakConsole) -> BoxFuture<'_, Result<Reading<Self>, Error>> {
        Box::pin(async move {
            let online = players(console)?.online();
            let ids: Vec<_> = online.iter().map(|player| player.id()).collect();
            let reading = of_all(console, ids).await?;
            if !reading.is_complete {
                players(console)?.doubt();
            }
            let is_complete = reading.is_complete && online.is_complete();
            Ok(Reading {
                is_complete,
                ..reading
            })
        })
    }
}

/// The players of the console, which is closed if its last handle was dropped.
fn players(console: &WeakConsole) -> Result<Players, Error> {
    let console = console.upgrade().ok_or_else(|| {
        let because = Closed::ByUs;
        Error::new(ErrorKind::Closed { because }, "requesting the inventories")
    })?;
    Ok(Players::of(&console))
}

/// Requests the items of these players. A group that the server refuses is halved until the player is found for whom it does.
async fn of_all(console: &WeakConsole, ids: Vec<UserId>) -> Result<Reading<Inventory>, Error> {
    let (mut players, mut is_complete, mut refusal) = (Vec::new(), true, None);
    let mut groups = vec![ids];
    while let Some(mut ids) = groups.pop() {
        if ids.is_empty() {
            continue;
        }
        match of_some(console, &ids).await {
            Ok(list) => {
                is_complete &= list.skipped().count() == 0;
                let found = ids.into_iter().zip(list);
                players.extend(found.filter_map(|(id, items)| Some((id, items?))));
            }
            Err(error) if !is_about_players(&error) => return Err(error),
            Err(error) => {
                let half = ids.split_off(ids.len().div_ceil(2));
                if half.is_empty() {
                    is_complete = false;
                    refusal = Some(error);
                } else {
                    groups.extend([half, ids]);
                }
            }
        }
    }
    match refusal {
        Some(refusal) if players.is_empty() => Err(refusal),
        _ => Ok(Reading {
            players,
            is_complete,
        }),
    }
}

/// Requests the items of these players: an entry for each.
async fn of_some(
    console: &WeakConsole,
    ids: &[UserId],
) -> Result<Listing<Option<Inventory>>, Error> {
    let command = player::inventory(ids.iter().copied().collect::<att_console::Target>());
    let mut list = console.command(command).await?;
    if list.len() != ids.len() {
        // A server may send another null beside the entries of the players.
        list.retain(Option::is_some);
    }
    if list.len() != ids.len() {
        let (asked, sent) = (ids.len(), list.len());
        let reason = format!("{sent} inventories for {asked} players");
        return Err(Error::new(
            ErrorKind::Decode { reason },
            "reading inventories",
        ));
    }
    Ok(list)
}

/// Returns whether one of several players can be the cause of the error.
fn is_about_players(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Server { .. } | ErrorKind::Decode { .. }
    )
}
