use super::missing::Missing;
use super::player::{Player, SPAWN_POSITION, difference};
use super::state::World;
use crate::samples;
use jiff::Timestamp;

impl World {
    pub(crate) fn player_mut(&mut self, server: u64, player: u64) -> Result<&mut Player, Missing> {
        let players = &mut self.game_mut(server)?.players;
        let found = players.get_mut(&player);
        found.ok_or(Missing::Player { server, player })
    }

    pub(crate) fn player(&self, server: u64, player: u64) -> Result<&Player, Missing> {
        let found = self.game(server)?.players.get(&player);
        found.ok_or(Missing::Player { server, player })
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
        let mut player = Player::new(id, username, game.entity_id(), now);
        if let Some(chunk) = game.map.chunk_at(SPAWN_POSITION) {
            chunk.clone_into(&mut player.chunk);
        }
        let data = player.presence("event-player-joined");
        game.players.insert(id, player);
        self.emit(server, "PlayerJoined", data);
        self.cloud.player_joined(server, id, username, now);
        Some(id)
    }

    /// Removes a player from a server.
    pub(crate) fn leave(
        &mut self,
        server: u64,
        player: u64,
        now: Timestamp,
    ) -> Result<(), Missing> {
        let players = &mut self.game_mut(server)?.players;
        let gone = players.remove(&player);
        let gone = gone.ok_or(Missing::Player { server, player })?;
        self.stand(server, player);
        self.emit(server, "PlayerLeft", gone.presence("event-player-left"));
        self.cloud.player_left(server, player, now);
        Ok(())
    }

    /// Moves a player to a chunk. A change is an event.
    pub(crate) fn move_to_chunk(
        &mut self,
        server: u64,
        player: u64,
        chunk: &str,
    ) -> Result<(), Missing> {
        let found = self.player_mut(server, player)?;
        if found.chunk == chunk {
            return Ok(());
        }
        let old = std::mem::replace(&mut found.chunk, chunk.to_owned());
        let data = samples::console_data("event-player-moved-chunk", 0)
            .with("player", found.json())
            .with("oldChunk", old)
            .with("newChunk", chunk);
        self.emit(server, "PlayerMovedChunk", data);
        Ok(())
    }

    /// Sets a player's position, and the chunk if the map has one there.
    pub(crate) fn put_at(
        &mut self,
        server: u64,
        player: u64,
        position: [f64; 3],
    ) -> Result<(), Missing> {
        self.player_mut(server, player)?.position = position;
        self.stand(server, player);
        let chunk = self.game(server)?.map.chunk_at(position);
        match chunk.map(str::to_owned) {
            Some(chunk) => self.move_to_chunk(server, player, &chunk),
            None => Ok(()),
        }
    }

    /// Sets the positions of a player's hands. They follow the player from then on.
    pub(crate) fn put_hands(
        &mut self,
        server: u64,
        player: u64,
        left: [f64; 3],
        right: [f64; 3],
    ) -> Result<(), Missing> {
        let found = self.player_mut(server, player)?;
        found.left_offset = difference(left, found.position);
        found.right_offset = difference(right, found.position);
        Ok(())
    }

    /// Lets a player enter or leave a state.
    pub(crate) fn change_state(
        &mut self,
        server: u64,
        player: u64,
        state: &str,
        enter: bool,
    ) -> Result<(), Missing> {
        let data = samples::console_data("event-sequence-death", 0)
            .with("user", self.player(server, player)?.json())
            .with("state", state)
            .with("isEnter", enter);
        self.emit(server, "PlayerStateChanged", data);
        Ok(())
    }
}
