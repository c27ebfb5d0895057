//! What the simulated town does: players come, walk, fight and leave; the server restarts once.

use super::BoxError;
use pytale::testing::Sim;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

const NAMES: [&str; 8] = [
    "Ashwick",
    "Brambletoe",
    "Cinder_Wick",
    "duskmoor42",
    "-Emberlyn-",
    "fernhollow",
    "Grimbolt7",
    "O'Hazel",
];

const PLACES: [&str; 4] = [
    "Chunk 18-33",
    "Townhall Building Chunk",
    "Chunk 12-20",
    "Chunk 7-41",
];

/// When things happen, as parts of the whole length.
const START: f64 = 0.06;
const STOP: f64 = 0.40;
const RESTART: f64 = 0.48;
const END: f64 = 0.97;

/// Tells the story; returns when nothing more will happen.
pub(crate) async fn tell(sim: Sim, length: Duration, seed: u64) -> Result<(), BoxError> {
    let begin = Instant::now();
    let at = |part: f64| begin + length.mul_f64(part);
    let server = sim.server();
    let mut story = Story {
        sim,
        server,
        present: Vec::new(),
        random: fastrand::Rng::with_seed(seed),
        step: length.mul_f64(0.012),
    };

    sleep_until(at(START)).await;
    story.sim.start_server(server)?;
    story.someone_listens().await?;
    story.live_until(at(STOP)).await?;
    story.sim.stop_server(server).await?;
    story.present.clear();
    sleep_until(at(RESTART)).await;
    story.sim.start_server(server)?;
    story.someone_listens().await?;
    story.live_until(at(END)).await
}

struct Story {
    sim: Sim,
    server: u64,
    present: Vec<u64>,
    random: fastrand::Rng,
    step: Duration,
}

impl Story {
    /// The first players come when somebody is there to greet them.
    async fn someone_listens(&mut self) -> Result<(), BoxError> {
        for event in ["PlayerJoined", "PlayerMovedChunk"] {
            self.sim
                .wait_for_console_subscription(self.server, event)
                .await?;
        }
        for layer in 1..=2 {
            let player = self.someone_joins()?;
            self.sim
                .player_moves(self.server, player, &format!("Cave Layer {layer}"))?;
        }
        Ok(())
    }

    async fn live_until(&mut self, end: Instant) -> Result<(), BoxError> {
        while Instant::now() + self.step < end {
            self.something_happens()?;
            sleep_until(Instant::now() + self.step).await;
        }
        Ok(())
    }

    fn something_happens(&mut self) -> Result<(), BoxError> {
        let Some(player) = self.random.choice(&self.present).copied() else {
            self.someone_joins()?;
            return Ok(());
        };
        match self.random.u32(0..10) {
            0..=1 => {
                self.someone_joins()?;
            }
            2 if self.present.len() > 2 => {
                self.present.retain(|present| *present != player);
                self.sim.player_leaves(self.server, player)?;
            }
            3 => self.sim.player_dies(self.server, player)?,
            4 => self
                .sim
                .player_kills(self.server, player, "Turabada Large Variant(Clone)")?,
            5..=6 => {
                let layer = self.random.u32(1..=12);
                self.sim
                    .player_moves(self.server, player, &format!("Cave Layer {layer}"))?;
            }
            _ => {
                let place = PLACES[self.random.usize(0..PLACES.len())];
                self.sim.player_moves(self.server, player, place)?;
            }
        }
        Ok(())
    }

    fn someone_joins(&mut self) -> Result<u64, BoxError> {
        let here = self.sim.players(self.server);
        let name = NAMES
            .into_iter()
            .find(|name| !here.iter().any(|(_, present)| present == name));
        match name {
            Some(name) => {
                let player = self.sim.player_joins(self.server, name)?;
                self.present.push(player);
                Ok(player)
            }
            // Everybody is here already: the first to come is as good as another.
            None => Ok(here[0].0),
        }
    }
}
