//! A town with events that no test drives.

use crate::world::{Item, Missing, World};
use jiff::Timestamp;

/// The names of the players.
const NAMES: [&str; 12] = [
    "Ashwick",
    "Brambletoe",
    "Cinder_Wick",
    "duskmoor42",
    "-Emberlyn-",
    "fernhollow",
    "Grimbolt7",
    "hazelby-",
    "Iris_",
    "-Juno-",
    "kestrel2099",
    "larkspur",
];

/// The chunks that they visit.
const CHUNKS: [&str; 10] = [
    "Townhall Building Chunk",
    "Chunk 18-33",
    "Chunk 12-20 Meadow",
    "Chunk 18-5 Tower",
    "Blacksmith Building Chunk",
    "Cave Layer 1",
    "Cave Layer 2",
    "Cave Layer 3",
    "Cave Layer 4",
    "Cave Layer 5",
];

const CREATURES: [&str; 4] = [
    "Turabada Large Variant",
    "Spriggull",
    "Goblin Scout",
    "Wyrm",
];

/// The most players on a server.
const CROWD: usize = 8;

/// Adds one event on a server.
pub(crate) fn happen(world: &mut World, server: u64, now: Timestamp) -> Result<(), Missing> {
    let here: Vec<u64> = world.game(server)?.players.keys().copied().collect();
    let someone = here.get(world.rng.usize(..here.len().max(1))).copied();
    let other = here.iter().copied().find(|id| Some(*id) != someone);
    let Some(player) = someone else {
        join(world, server, now);
        return Ok(());
    };
    match world.rng.u32(..100) {
        0..15 if here.len() < CROWD => {
            join(world, server, now);
            Ok(())
        }
        0..60 => {
            let chunk = CHUNKS[world.rng.usize(..CHUNKS.len())];
            world.move_to_chunk(server, player, chunk)
        }
        60..70 => {
            world.change_state(server, player, "Combat", true)?;
            let creature = CREATURES[world.rng.usize(..CREATURES.len())];
            world.kill_object(server, creature, player)?;
            world.change_state(server, player, "Combat", false)
        }
        70..80 => {
            let item = any_item(world);
            let change = ["Pickup", "Drop", "Dock", "Undock"][world.rng.usize(..4)];
            world.handle_item(server, player, &item, change)
        }
        80..88 => {
            let Some(seller) = other else { return Ok(()) };
            let item = any_item(world);
            let quantity = world.rng.u64(1..4);
            let price = 0.5 * f64::from(world.rng.u8(1..20));
            world.trade(server, player, seller, &item, price, quantity)
        }
        88..92 => world.die(server, player, None, "Unknown"),
        92..95 => match other {
            Some(_) => world.die(server, player, other, "Impact"),
            None => Ok(()),
        },
        _ => world.leave(server, player, now),
    }
}

fn any_item(world: &mut World) -> Item {
    world.prefabs[world.rng.usize(..world.prefabs.len())].clone()
}

fn join(world: &mut World, server: u64, now: Timestamp) {
    let name = NAMES[world.rng.usize(..NAMES.len())];
    // A player who is on the server already does not join.
    let _ = world.join(server, name, now);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alta_cloud::state::{Cloud, Config};

    fn history(seed: u64) -> Vec<String> {
        let now = Timestamp::UNIX_EPOCH;
        let mut world = World::new(Cloud::new(Config::default(), seed), seed);
        let owner = world.user("Ashwick", false, now);
        let group = world.cloud.add_group("Thornwood Folk", owner, now);
        let server = world.add_server(Some(group), "Thornwood", now);
        world.set_online(server, true, now);
        world.take_events();
        for _ in 0..500 {
            happen(&mut world, server, now).unwrap();
        }
        world
            .take_events()
            .into_iter()
            .map(|event| format!("{} {}", event.name, event.data))
            .collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_events() {
        assert_eq!(history(7), history(7));
        assert_ne!(history(7), history(8));
    }

    #[test]
    fn a_town_has_the_events_that_bots_subscribe_to() {
        let story = history(1);
        let wanted = [
            "PlayerJoined",
            "PlayerLeft",
            "PlayerMovedChunk",
            "PlayerKilled",
            "ObjectKilled",
            "TradeDeckUsed",
            "InventoryChanged",
        ];
        for event in wanted {
            assert!(
                story.iter().any(|line| line.starts_with(event)),
                "no {event}"
            );
        }
        assert!(
            story
                .iter()
                .any(|line| line.contains("\"newChunk\":\"Cave Layer"))
        );
    }
}
