//! The players of a console as the players of a server.

use super::host::PrivateCloud;
use alta_cloud::Host as _;
use futures_util::future::OptionFuture;
use pytale::Console;
use pytale::console::{ErrorKind, Subscription};
use pytale::kit::players::{Online, Players};
use pytale::model::escaped;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// The events of joins and leaves.
const EVENTS: [&str; 2] = ["PlayerJoined", "PlayerLeft"];

/// Keeps the players of a console current at this interval, until its server has shown that it sends joins and leaves: bare servers accept
/// the subscription, and send none.
pub(super) async fn list(console: &Console, name: &str, every: Duration) -> Infallible {
    let players = Players::of(console);
    let mut statuses = console.statuses();
    while statuses
        .wait_for(|status| status.state.is_connected())
        .await
        .is_some()
    {
        // After a restart, the server can have other events.
        tokio::select! {
            _ = statuses.wait_for(|status| !status.state.is_connected()) => {}
            never = list_in_session(console, &players, name, every) => match never {},
        }
    }
    pending().await
}

async fn list_in_session(
    console: &Console,
    players: &Players,
    name: &str,
    every: Duration,
) -> Infallible {
    let mut events = match console.subscribe_to_any(EVENTS).await {
        Ok(events) => Some(events),
        Err(error) if matches!(error.kind(), ErrorKind::EventNotFound { .. }) => None,
        // The console is closed.
        Err(_) => return pending().await,
    };
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => players.refresh(),
            Some(Some(Ok(_))) = OptionFuture::from(events.as_mut().map(Subscription::next)) => {
                tracing::debug!("{} sends joins and leaves", escaped(name));
                return pending().await;
            }
        }
    }
}

/// Makes the players of a server those of the snapshot, with one status event for each change.
pub(super) fn sync(cloud: &PrivateCloud, server: u64, online: &Online) {
    let now_online: BTreeMap<u64, &str> = online
        .iter()
        .map(|player| (player.id().get().cast_unsigned(), player.name()))
        .collect();
    cloud.with_cloud(|cloud, now| {
        let found = cloud.servers.get(&server);
        let Some(found) = found.filter(|server| server.online) else {
            return;
        };
        let before = &found.players;
        let gone: Vec<u64> = before
            .keys()
            .copied()
            .filter(|id| !now_online.contains_key(id))
            .collect();
        let new: Vec<(u64, &str)> = now_online
            .into_iter()
            .filter(|(id, name)| before.get(id).is_none_or(|known| known != name))
            .collect();
        for player in gone {
            cloud.player_left(server, player, now);
        }
        for (player, name) in new {
            cloud.player_joined(server, player, name, now);
        }
    });
}
