//! The players of the load server.

use serde_json::json;

const PLAYERS: usize = 50;

/// All players as JSON. With their bodies, every other one walks on with each list.
pub(super) fn list(is_detailed: bool, turn: usize) -> String {
    let player = |number: usize| {
        let (id, name) = (1_200_000_000 + number, format!("Townsperson {number}"));
        if !is_detailed {
            return json!({"id": id, "username": name});
        }
        let walked = if number.is_multiple_of(2) {
            turn as f64
        } else {
            0.0
        };
        let at = |height: f64| json!([-870.512 + walked * 0.25, 150.257 + height, 98.031]);
        let (forward, up) = (json!([0.0, 0.0, 1.0]), json!([0.0, 1.0, 0.0]));
        json!({
            "Position": at(0.0),
            "HeadPosition": at(1.65), "HeadForward": forward, "HeadUp": up,
            "LeftHandPosition": at(0.95), "LeftHandForward": forward, "LeftHandUp": up,
            "RightHandPosition": at(0.96), "RightHandForward": forward, "RightHandUp": up,
            "Chunk": "1180 - Chunk 12-20 Meadow (Alta.Chunks.OverworldChunk)",
            "Body": {"Identifier": 40_123 + number, "Name": "VR Player Character New(Clone)"},
            "id": id,
            "username": name,
        })
    };
    json!((0..PLAYERS).map(player).collect::<Vec<_>>()).to_string()
}
