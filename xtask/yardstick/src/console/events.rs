//! The events of a busy game server: the same in every run.

use std::fmt::Write as _;

/// The names of the mix, the most frequent first.
pub(crate) const NAMES: [&str; 6] = [
    "PlayerMovedChunk",
    "PlayerStateChanged",
    "InventoryChanged",
    "TraceLog",
    "PlayerJoined",
    "PlayerLeft",
];

/// Of forty events 24 are moves, 8 states, 4 items, 2 logs, a join and a leave.
const CYCLE: [usize; 40] = [
    0, 0, 1, 0, 2, 0, 0, 1, 0, 3, 0, 0, 1, 0, 4, 0, 2, 0, 1, 0, 0, 0, 1, 0, 2, 0, 0, 1, 0, 3, 0, 0,
    1, 0, 5, 0, 2, 0, 1, 0,
];

/// The number of cycles, each with other players and places.
const CYCLES: usize = 100;

const PLAYERS: [&str; 8] = [
    "fernhollow",
    "Ashwick",
    "juno_9",
    "Old Bramble",
    "quill",
    "Marrow.of.the.Mine",
    "tansy",
    "Foxglove the Third",
];

const PLACES: [&str; 7] = [
    "Town Hall",
    "Chunk 12-40-7",
    "Mine Gate",
    "Lake Shore",
    "Cave Layer 3",
    "Old Tower",
    "Smithy",
];

const ITEMS: [&str; 5] = [
    "Iron Ingot",
    "Grass Clump",
    "Handle Short",
    "Stone Part",
    "Copper Ore",
];

/// The texts of the events with these names, in order.
pub(crate) fn texts(names: &[String]) -> Vec<String> {
    let all = (0..CYCLES * CYCLE.len()).map(|number| (NAMES[CYCLE[number % CYCLE.len()]], number));
    all.filter(|(name, _)| names.iter().any(|wanted| wanted == name))
        .map(|(name, number)| text(name, number))
        .collect()
}

fn text(name: &str, number: usize) -> String {
    let pick = |step: usize| number.wrapping_mul(2_654_435_761).rotate_right(7) / step;
    let user = |step: usize| {
        let at = pick(step) % PLAYERS.len();
        let (id, name) = (1_200_000_001 + at, PLAYERS[at]);
        format!(r#"{{"id":{id},"username":"{name}"}}"#)
    };
    let place = |step: usize| PLACES[pick(step) % PLACES.len()];
    let coordinate = |step: usize| f64::from(u32::try_from(pick(step) % 2_000_000).unwrap()) / 1e3;
    let data = match name {
        "PlayerMovedChunk" => format!(
            r#"{{"player":{},"oldChunk":"{}","newChunk":"{}"}}"#,
            user(1),
            place(3),
            place(5)
        ),
        "PlayerStateChanged" => {
            format!(r#"{{"user":{},"state":"Combat","isEnter":true}}"#, user(1))
        }
        "InventoryChanged" => item(&user(1), ITEMS[pick(3) % ITEMS.len()], number),
        "TraceLog" => format!(
            r#"{{"message":"Saved chunk {} at {:.3} with {} objects in it, none of them dirty","timeStamp":"2023-07-01T18:23:33.120394Z","logger":"Server.ChunkSaving"}}"#,
            place(3),
            coordinate(5),
            pick(7) % 900
        ),
        _ => format!(
            r#"{{"user":{},"mode":"OpenVR","position":[{:.3},{:.3},{:.3}]}}"#,
            user(1),
            coordinate(3),
            coordinate(5),
            coordinate(7)
        ),
    };
    format!(
        r#"{{"type":"Subscription","timeStamp":"2023-07-01T18:23:{:02}.120394Z","eventType":"{name}","data":{data}}}"#,
        number % 60
    )
}

/// The largest event: an item with the data to build it again.
fn item(user: &str, name: &str, number: usize) -> String {
    let mut save_string = String::new();
    for part in 0..60 {
        let _ = write!(
            save_string,
            "{},",
            number.wrapping_mul(part + 977) % 99_991_000
        );
    }
    format!(
        r#"{{"User":{user},"ItemName":"{name}","Quantity":{},"ItemHash":{},"Material":"Iron","SaveString":"{save_string}|3,{},1,","ChangeType":"Pickup","InventoryType":"Player","DestinationUser":null}}"#,
        number % 9 + 1,
        10_000 + number,
        number % 7
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_has_its_shares_and_its_mean_size() {
        let all = texts(&NAMES.map(str::to_owned));
        assert_eq!(all.len(), 4_000);
        for (name, share) in NAMES.iter().zip([2_400, 800, 400, 200, 100, 100]) {
            let count = texts(&[(*name).to_owned()]).len();
            assert_eq!(count, share, "{name}");
        }
        let bytes: usize = all.iter().map(String::len).sum();
        assert!((250..340).contains(&(bytes / all.len())), "{bytes}");
        for text in all {
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    }
}
