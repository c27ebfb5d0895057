//! A teleport button: whoever comes near a point, or reaches it with a hand, is teleported to another place, once per entry. The
//! player's home is restored, also after a failure, and also at the next start of the bot.

use att_console::Console;
use att_kit::conditions::{Condition, Zone};
use att_kit::homes::Homes;
use att_kit::players::Players;
use std::error::Error;
use std::path::PathBuf;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    run(Console::local()?, "homes.json".into()).await
}

/// The button, and the place to which it leads.
const BUTTON: [f64; 3] = [-870.5, 151.0, 98.0];
const PLACE: [f64; 3] = [-690.0, 124.0, 70.0];

pub(crate) async fn run(
    console: Console,
    file: PathBuf,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let homes = Homes::of(&console);
    homes.persist_at(file).await?;
    let body = Condition::from(Zone::sphere(BUTTON, 0.5));
    let touched = Condition::any([body, Condition::hand_within(0.5, BUTTON)]);
    let mut touches = Players::of(&console).when(touched).start();
    while let Some(touch) = touches.next_entry().await {
        if let Err(error) = homes.teleport_to(touch.player.id(), PLACE).await {
            eprintln!("{} stays: {error}", touch.player.name());
        }
    }
    Ok(())
}
