use std::collections::BTreeMap;

use jiff::Timestamp;

use super::entities::Item;
use super::{World, render};
use crate::json::Node;
use crate::recordings;

/// Somebody playing on a server.
#[derive(Clone, Debug)]
pub(crate) struct Player {
    pub(crate) id: u64,
    pub(crate) username: String,
    pub(crate) mode: &'static str,
    pub(crate) position: [f64; 3],
    pub(crate) chunk: String,
    pub(crate) joined_at: Timestamp,
    pub(crate) body: u64,
    pub(crate) god_mode: bool,
    /// What commands have set: the present value and the base.
    pub(crate) stats: BTreeMap<String, (f64, f64)>,
    pub(crate) left_hand: Option<Item>,
    pub(crate) right_hand: Option<Item>,
    /// Where the hands are, from the player's position.
    pub(crate) left_offset: [f64; 3],
    pub(crate) right_offset: [f64; 3],
}

/// Where players appear.
const SPAWN_CHUNK: &str = "Townhall Building Chunk";
const SPAWN_POSITION: [f64; 3] = [-689.8619, 129.247_986, 72.306_04];

/// Where the head is, from the player's position.
const HEAD: [f64; 3] = [0.1, 1.65, 0.1];
/// Where hands are that nobody placed.
const LEFT_HAND: [f64; 3] = [-0.2, 0.95, 0.3];
const RIGHT_HAND: [f64; 3] = [0.4, 0.95, 0.3];

fn sum(one: [f64; 3], other: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|axis| one[axis] + other[axis])
}

impl Player {
    pub(crate) fn json(&self) -> Node {
        render::user(self.id, &self.username)
    }

    /// `{user, mode, position}` of `PlayerJoined` and `PlayerLeft`.
    fn presence(&self, recording: &str) -> Node {
        recordings::console_data(recording, 0)
            .with("user", self.json())
            .with("mode", self.mode)
            .with("position", self.position)
    }

    /// Position, hands and head, as `player detailed` shows them.
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

impl World {
    fn player_mut(&mut self, server: u64, player: u64) -> Option<&mut Player> {
        self.servers.get_mut(&server)?.players.get_mut(&player)
    }

    pub(crate) fn player(&self, server: u64, player: u64) -> Option<&Player> {
        self.servers.get(&server)?.players.get(&player)
    }

    /// Lets somebody join. `None`: no such server, offline, or there already.
    pub(crate) fn join(&mut self, server: u64, username: &str, now: Timestamp) -> Option<u64> {
        let found = self.servers.get(&server).filter(|server| server.online)?;
        let self_hosted = found.self_hosted;
        let id = self.person(username, self_hosted, now);
        let found = self.servers.get_mut(&server)?;
        if found.players.contains_key(&id) {
            return None;
        }
        let body = found.entity_id();
        let mode = if id % 2 == 1 { "MetaQuest" } else { "OpenVR" };
        let player = Player {
            id,
            username: username.to_owned(),
            mode,
            position: SPAWN_POSITION,
            chunk: SPAWN_CHUNK.to_owned(),
            joined_at: now,
            body,
            god_mode: false,
            stats: BTreeMap::new(),
            left_hand: None,
            right_hand: None,
            left_offset: LEFT_HAND,
            right_offset: RIGHT_HAND,
        };
        let data = player.presence("event-player-joined");
        found.players.insert(id, player);
        self.tell_console(server, "PlayerJoined", data);
        self.tell_server("group-server-status", server, now);
        Some(id)
    }

    pub(crate) fn leave(&mut self, server: u64, player: u64, now: Timestamp) -> Option<()> {
        let gone = self.servers.get_mut(&server)?.players.remove(&player)?;
        self.tell_console(server, "PlayerLeft", gone.presence("event-player-left"));
        self.tell_server("group-server-status", server, now);
        Some(())
    }

    /// Moves a player to a chunk; says so if it is another one.
    pub(crate) fn move_to_chunk(&mut self, server: u64, player: u64, chunk: &str) -> Option<()> {
        let found = self.player_mut(server, player)?;
        if found.chunk == chunk {
            return Some(());
        }
        let old = std::mem::replace(&mut found.chunk, chunk.to_owned());
        let data = recordings::console_data("event-player-moved-chunk", 0)
            .with("player", found.json())
            .with("oldChunk", old)
            .with("newChunk", chunk);
        self.tell_console(server, "PlayerMovedChunk", data);
        Some(())
    }

    /// Puts a player at a place without changing the chunk.
    pub(crate) fn put_at(&mut self, server: u64, player: u64, position: [f64; 3]) -> Option<()> {
        self.player_mut(server, player)?.position = position;
        Some(())
    }

    /// Puts a player's hands at places. They go with the player from then on.
    pub(crate) fn put_hands(
        &mut self,
        server: u64,
        player: u64,
        left: [f64; 3],
        right: [f64; 3],
    ) -> Option<()> {
        let found = self.player_mut(server, player)?;
        let back = found.position.map(|axis| -axis);
        found.left_offset = sum(left, back);
        found.right_offset = sum(right, back);
        Some(())
    }

    pub(crate) fn change_state(
        &mut self,
        server: u64,
        player: u64,
        state: &str,
        enter: bool,
    ) -> Option<()> {
        let data = recordings::console_data("event-sequence-death", 0)
            .with("user", self.player(server, player)?.json())
            .with("state", state)
            .with("isEnter", enter);
        self.tell_console(server, "PlayerStateChanged", data);
        Some(())
    }

    /// A death in the fixture's order of six frames; by another player if one is given.
    pub(crate) fn die(
        &mut self,
        server: u64,
        player: u64,
        killer: Option<u64>,
        source: &str,
    ) -> Option<()> {
        let victim = self.player(server, player)?.json();
        let killer = match killer {
            Some(killer) => Some(self.player(server, killer)?.clone()),
            None => None,
        };
        let changes = [
            ("Combat", false),
            ("Downed", true),
            ("Downed", false),
            ("Playing", false),
            ("Dead", true),
        ];
        for (state, enter) in changes {
            self.change_state(server, player, state, enter)?;
        }
        let data = match killer {
            None => recordings::console_data("event-sequence-death", 5),
            Some(killer) => recordings::console_data("event-player-killed-by-player", 0)
                .with("killerPlayer", killer.json())
                .with(
                    "toolWielder",
                    format!("{} - VR Player Character New(Clone)", killer.body),
                ),
        };
        self.tell_console(
            server,
            "PlayerKilled",
            data.with("killedPlayer", victim).with("source", source),
        );
        let found = self.player_mut(server, player)?;
        found.position = SPAWN_POSITION;
        found.stats.clear();
        Some(())
    }

    /// Uses a trade deck.
    pub(crate) fn trade(
        &mut self,
        server: u64,
        buyer: u64,
        seller: u64,
        item: &Item,
        price: f64,
        quantity: u64,
    ) -> Option<()> {
        self.servers.get(&server)?;
        let data = recordings::console_data("event-trade-deck-used", 0)
            .with("itemName", &*item.name)
            .with("itemHash", item.hash)
            .with("price", price)
            .with("quantity", quantity)
            .with("buyer", buyer)
            .with("seller", seller);
        self.tell_console(server, "TradeDeckUsed", data);
        Some(())
    }

    /// Changes somebody's money and says so.
    pub(crate) fn change_balance(&mut self, server: u64, user: u64, change: i64) -> Option<i64> {
        let username = self.username(user);
        let balance = self
            .servers
            .get_mut(&server)?
            .balances
            .entry(user)
            .or_insert(0);
        *balance = balance.saturating_add(change);
        let balance = *balance;
        let data = recordings::console_data("event-atm-balance-changed", 0)
            .with("user", render::user(user, &username))
            .with("Change", change)
            .with("CurrentBalance", balance);
        self.tell_console(server, "AtmBalanceChanged", data);
        Some(balance)
    }

    /// Something in the world is killed by a player.
    pub(crate) fn kill_object(&mut self, server: u64, name: &str, killer: u64) -> Option<()> {
        let killer = self.player(server, killer)?.clone();
        let identifier = self.servers.get_mut(&server)?.entity_id();
        let data = recordings::console_data("event-object-killed", 0)
            .with("identifier", identifier)
            .with("name", format!("{name}(Clone)"))
            .with(
                "toolWielder",
                format!("{} - VR Player Character New(Clone)", killer.body),
            )
            .with("killerPlayer", killer.json());
        self.tell_console(server, "ObjectKilled", data);
        Some(())
    }

    /// A player picks an item up, drops, docks or undocks it.
    pub(crate) fn handle_item(
        &mut self,
        server: u64,
        player: u64,
        item: &Item,
        change: &str,
    ) -> Option<()> {
        let found = self.player_mut(server, player)?;
        found.right_hand = matches!(change, "Pickup" | "Undock").then(|| item.clone());
        // Where it is now, as far as the one sample shows: an item docked in the world has World.
        let kind = if found.right_hand.is_some() {
            "Player"
        } else {
            "World"
        };
        let data = recordings::console_data("event-inventory-changed", 0)
            .with("User", found.json())
            .with("ItemName", &*item.name)
            .with("ItemHash", item.hash)
            .with(
                "Material",
                format!("36956 - {}(Clone) (PhysicalMaterialPart)", item.name),
            )
            .with("ChangeType", change)
            .with("InventoryType", kind);
        self.tell_console(server, "InventoryChanged", data);
        Some(())
    }
}
