//! The events of the simulated town: players join, walk, fight and leave; the server restarts once.

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

/// The times of the server's starts and stops, as fractions of the duration.
const START: f64 = 0.06;
const STOP: f64 = 0.40;
const RESTART: f64 = 0.48;
const END: f64 = 0.97;

/// Runs the story to its end.
pub(crate) async fn run(sim: Sim, length: Duration, seed: u64) -> Result<(), BoxError> {
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
    story.start_with_subscriber().await?;
    story.live_until(at(STOP)).await?;
    story.sim.stop_server(server).await?;
    story.present.clear();
    sleep_until(at(RESTART)).await;
    story.sim.start_server(server)?;
    story.start_with_subscriber().await?;
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
    /// Waits until the bot has subscribed, then lets the first players join.
    async fn start_with_subscriber(&mut self) -> Result<(), BoxError> {
        for event in ["PlayerJoined", "PlayerMovedChunk"] {
            self.sim
                .wait_for_console_subscription(self.server, event)
                .await?;
        }
        for layer in 1..=2 {
            let player = self.join()?;
            self.sim
                .player_moves(self.server, player, &format!("Cave Layer {layer}"))?;
        }
        Ok(())
    }

    async fn live_until(&mut self, end: Instant) -> Result<(), BoxError> {
        while Instant::now() + self.step < end {
            self.next_event()?;
            sleep_until(Instant::now() + self.step).await;
        }
        Ok(())
    }

    fn next_event(&mut self) -> Result<(), BoxError> {
        let Some(player) = self.random.choice(&self.present).copied() else {
            self.join()?;
            return Ok(());
        };
        match self.random.u32(0..10) {
            0..=1 => {
                self.join()?;
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

    fn join(&mut self) -> Result<u64, BoxError> {
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
            // All players are on the server already.
            None => Ok(here[0].0),
        }
    }
}
