//! Players on paths, and the chunks that they cross.

use crate::error::{Error, ErrorKind};
use crate::sim::Sim;
use crate::world::{Chunk, Waypoint};

impl Sim {
    /// Lets a player follow a path, from the present place on. Body and hands move evenly from each waypoint to the next one, by
    /// the simulator's clock ([`advance`](Self::advance)), and stay at the last one. Commands such as `player detailed` show the
    /// place of the moment. When the body reaches another [chunk](Self::add_chunk), `PlayerMovedChunk` is sent.
    ///
    /// If a waypoint places the hands, the path places them all the way, and [`player_hands`](Self::player_hands) has no effect.
    ///
    /// A waypoint at the time of the one before it is reached without a way. Another path replaces this one. It ends when the
    /// player is [placed elsewhere](Self::player_at), teleports, dies or leaves.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the player is not on the server. [`ErrorKind::Invalid`] if the path has no waypoint, its times
    /// go backward, a coordinate is not finite, or it takes more than 100 years.
    ///
    /// ```
    /// # async fn run() -> Result<(), alta_sim::Error> {
    /// use alta_sim::{Sim, Waypoint};
    /// use std::time::Duration;
    ///
    /// let sim = Sim::builder().start().await?;
    /// let server = sim.server();
    /// sim.add_chunk(server, "Cave Layer 1", [-20.0, -40.0, -20.0], [20.0, 0.0, 20.0])?;
    /// let ashwick = sim.player_joins(server, "Ashwick")?;
    /// sim.player_at(server, ashwick, [0.0, 10.0, 0.0])?;
    /// let seconds = Duration::from_secs;
    /// let path = [
    ///     Waypoint::new(seconds(10), [0.0, -10.0, 0.0]),
    ///     Waypoint::new(seconds(12), [0.0, -10.0, 0.0]).hands([0.0, -8.0, 0.0], [0.3, -9.0, 0.0]),
    /// ];
    /// sim.player_follows(server, ashwick, &path)?;
    /// sim.advance(seconds(11)).await?;
    /// assert_eq!(sim.chunk_of(server, ashwick).as_deref(), Some("Cave Layer 1"));
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run()).unwrap();
    /// ```
    pub fn player_follows(&self, server: u64, player: u64, path: &[Waypoint]) -> Result<(), Error> {
        let doing = "letting a player follow a path";
        if let Err(reason) = Waypoint::check(path) {
            return Err(Error::new(ErrorKind::Invalid, doing).detail(reason));
        }
        self.change(doing, |state, now| {
            state.world.walk(server, player, path, now)
        })
    }

    /// Adds a chunk to the world of a server: a box with these corners, in meters. A player whose body comes into it is in this
    /// chunk, on a [path](Self::player_follows) or by [`player_at`](Self::player_at), a teleport or a new life. Outside of all
    /// boxes, players keep their chunk. Where boxes overlap, the one that was added first counts. A path regards the chunks that
    /// exist when it begins.
    ///
    /// By default a server has no boxes, and only [`player_moves`](Self::player_moves) and teleports change chunks.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server. [`ErrorKind::Invalid`] if `min` is above `max` on an axis, or a
    /// coordinate is not a number.
    pub fn add_chunk(
        &self,
        server: u64,
        name: &str,
        min: [f64; 3],
        max: [f64; 3],
    ) -> Result<(), Error> {
        let doing = "adding a chunk";
        if !min.iter().zip(max).all(|(min, max)| *min <= max) {
            let reason = format!("{min:?} is not below {max:?} on every axis");
            return Err(Error::new(ErrorKind::Invalid, doing).detail(reason));
        }
        self.change(doing, |state, _| {
            let name = name.to_owned();
            state
                .world
                .game_mut(server)?
                .map
                .add(Chunk { name, min, max });
            Ok(())
        })
    }
}
