use super::missing::Missing;
use super::state::World;
use super::walk::{Walk, Waypoint};
use jiff::Timestamp;

impl World {
    /// Lets a player follow a path, from now on and from the present place.
    pub(crate) fn walk(
        &mut self,
        server: u64,
        player: u64,
        path: &[Waypoint],
        now: Timestamp,
    ) -> Result<(), Missing> {
        let found = self.player(server, player)?;
        let walk = Walk::new(found, &self.game(server)?.map, path, now);
        self.walks.insert((server, player), walk);
        Ok(())
    }

    /// Ends the path of a player at the present place.
    pub(crate) fn stand(&mut self, server: u64, player: u64) {
        self.walks.remove(&(server, player));
    }

    /// The time at which a player on a path next reaches another chunk.
    pub(crate) fn next_step(&self) -> Option<Timestamp> {
        self.walks.values().filter_map(Walk::next_crossing).min()
    }

    /// Moves the players on paths to their places at a time, and to the chunks that they have reached by then.
    pub(crate) fn step(&mut self, now: Timestamp) {
        let mut walks = std::mem::take(&mut self.walks);
        walks.retain(|&(server, player), walk| {
            while let Some(chunk) = walk.take_chunk(now) {
                // A player on a path is on the server.
                let _ = self.move_to_chunk(server, player, &chunk);
            }
            if let Ok(player) = self.player_mut(server, player) {
                walk.place(player, now);
            }
            !walk.is_over(now)
        });
        self.walks = walks;
    }
}
