use super::inventory::Inventory;
use super::stats::Stats;
use crate::samples;
use alta_cloud::state::user_json;
use alta_cloud::wire::json::Node;
use jiff::Timestamp;

/// A player on a server.
#[derive(Clone, Debug)]
pub(crate) struct Player {
    pub(crate) id: u64,
    pub(crate) username: String,
    pub(crate) mode: &'static str,
    pub(crate) position: [f64; 3],
    pub(crate) chunk: String,
    pub(crate) joined_at: Timestamp,
    pub(crate) body: u64,
    /// `false` while the player is still loading.
    pub(crate) has_body: bool,
    pub(crate) god_mode: bool,
    pub(crate) stats: Stats,
    pub(crate) items: Inventory,
    /// The positions of the hands, relative to the player's.
    pub(crate) left_offset: [f64; 3],
    pub(crate) right_offset: [f64; 3],
}

/// The chunk and the position where players appear.
const SPAWN_CHUNK: &str = "Townhall Building Chunk";
pub(super) const SPAWN_POSITION: [f64; 3] = [-689.8619, 129.247_986, 72.306_04];

/// The position of the head, relative to the player's.
const HEAD: [f64; 3] = [0.1, 1.65, 0.1];
/// The positions of the hands until they are set, relative to the player's.
const LEFT_HAND: [f64; 3] = [-0.2, 0.95, 0.3];
const RIGHT_HAND: [f64; 3] = [0.4, 0.95, 0.3];

pub(super) fn difference(one: [f64; 3], other: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|axis| one[axis] - other[axis])
}

pub(super) fn sum(one: [f64; 3], other: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|axis| one[axis] + other[axis])
}

impl Player {
    /// A player who has just joined.
    pub(super) fn new(id: u64, username: &str, body: u64, now: Timestamp) -> Self {
        Self {
            id,
            username: username.to_owned(),
            mode: if id % 2 == 1 { "MetaQuest" } else { "OpenVR" },
            position: SPAWN_POSITION,
            chunk: SPAWN_CHUNK.to_owned(),
            joined_at: now,
            body,
            has_body: true,
            god_mode: false,
            stats: Stats::default(),
            items: Inventory::new(),
            left_offset: LEFT_HAND,
            right_offset: RIGHT_HAND,
        }
    }

    /// The name of the player's body, as events write it.
    pub(super) fn tool_wielder(&self) -> String {
        format!("{} - VR Player Character New(Clone)", self.body)
    }

    pub(crate) fn json(&self) -> Node {
        user_json(self.id, &self.username)
    }

    /// `{user, mode, position}` of `PlayerJoined` and `PlayerLeft`.
    pub(super) fn presence(&self, recording: &str) -> Node {
        samples::console_data(recording, 0)
            .with("user", self.json())
            .with("mode", self.mode)
            .with("position", self.position)
    }

    /// The position, the hands and the head, as `player detailed` writes them.
    pub(crate) fn detailed(&self) -> Node {
        let at = |offset: [f64; 3]| Node::from(sum(self.position, offset));
        let forward = || Node::from([0.0, 0.0, 1.0]);
        let up = || Node::from([0.0, 1.0, 0.0]);
        let down = || Node::from([0.0, -1.0, 0.0]);
        Node::object([
            ("Position", self.position.into()),
            ("HeadPosition", at(HEAD)),
            ("HeadForward", forward()),
            ("HeadUp", up()),
            ("LeftHandPosition", at(self.left_offset)),
            ("LeftHandForward", down()),
            ("LeftHandUp", forward()),
            ("RightHandPosition", at(self.right_offset)),
            ("RightHandForward", down()),
            ("RightHandUp", forward()),
            ("Chunk", self.long_chunk().into()),
            (
                "Body",
                Node::object([
                    ("Identifier", self.body.into()),
                    ("Name", "VR Player Character New(Clone)".into()),
                ]),
            ),
            ("id", self.id.into()),
            ("username", self.username.as_str().into()),
        ])
    }

    fn long_chunk(&self) -> String {
        let class = if self.chunk.starts_with("Cave") {
            "CaveChunk"
        } else {
            "OverworldChunk"
        };
        format!("1180 - {} (Alta.Chunks.{class})", self.chunk)
    }
}
