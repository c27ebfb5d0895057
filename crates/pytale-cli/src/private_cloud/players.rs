//! The players of a console as the players of a server.

use super::host::PrivateCloud;
use alta_cloud::Host as _;
use pytale::kit::players::Online;
use std::collections::BTreeMap;

/// Makes the players of a server those of the snapshot, with one status event for each change.
pub(super) fn sync(cloud: &PrivateCloud, server: u64, online: &Online) {
    let now_online: BTreeMap<u64, &str> = online
        .iter()
        .map(|player| (player.id().get().cast_unsigned(), player.name()))
        .collect();
    cloud.with_cloud(|cloud, now| {
        let Some(found) = cloud.servers.get(&server) else {
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
