use super::player::{Player, sum};
use super::state::World;
use crate::samples;
use jiff::Timestamp;

impl World {
    pub(super) fn player_mut(&mut self, server: u64, player: u64) -> Option<&mut Player> {
        self.servers.get_mut(&server)?.players.get_mut(&player)
    }

    pub(crate) fn player(&self, server: u64, player: u64) -> Option<&Player> {
        self.servers.get(&server)?.players.get(&player)
    }

    /// Adds a player to a server. Returns `None` if the server is offline or the player is there already.
    pub(crate) fn join(&mut self, server: u64, username: &str, now: Timestamp) -> Option<u64> {
        let found = self.cloud.servers.get(&server)?;
        let (online, self_hosted) = (found.online, found.is_self_hosted());
        if !online {
            return None;
        }
        let id = self.user(username, self_hosted, now);
        let game = self.servers.get_mut(&server)?;
        if game.players.contains_key(&id) {
            return None;
        }
        let player = Player::new(id, username, game.entity_id(), now);
        let data = player.presence("event-player-joined");
        game.players.insert(id, player);
        self.emit(server, "PlayerJoined", data);
        self.cloud.player_joined(server, id, username, now);
        Some(id)
    }

    /// Removes a player from a server.
    pub(crate) fn leave(&mut self, server: u64, player: u64, now: Timestamp) -> Option<()> {
        let gone = self.servers.get_mut(&server)?.players.remove(&player)?;
        self.emit(server, "PlayerLeft", gone.presence("event-player-left"));
        self.cloud.player_left(server, player, now);
        Some(())
    }

    /// Moves a player to a chunk. A change is an event.
    pub(crate) fn move_to_chunk(&mut self, server: u64, player: u64, chunk: &str) -> Option<()> {
        let found = self.player_mut(server, player)?;
        if found.chunk == chunk {
            return Some(());
        }
        let old = std::mem::replace(&mut found.chunk, chunk.to_owned());
        let data = samples::console_data("event-player-moved-chunk", 0)
            .with("player", found.json())
            .with("oldChunk", old)
            .with("newChunk", chunk);
        self.emit(server, "PlayerMovedChunk", data);
        Some(())
    }

    /// Sets a player's position within the chunk.
    pub(crate) fn put_at(&mut self, server: u64, player: u64, position: [f64; 3]) -> Option<()> {
        self.player_mut(server, player)?.position = position;
        Some(())
    }

    /// Sets the positions of a player's hands. They follow the player from then on.
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

    /// Lets a player enter or leave a state.
    pub(crate) fn change_state(
        &mut self,
        server: u64,
        player: u64,
        state: &str,
        enter: bool,
    ) -> Option<()> {
        let data = samples::console_data("event-sequence-death", 0)
            .with("user", self.player(server, player)?.json())
            .with("state", state)
            .with("isEnter", enter);
        self.emit(server, "PlayerStateChanged", data);
        Some(())
    }
}
