//! The bot against a simulated server. No game is needed.

mod support;

use pytale::prelude::*;
use pytale::testing::World;
use std::error::Error;

#[tokio::test]
async fn a_typed_command_sets_the_health_of_a_player() -> Result<(), Box<dyn Error>> {
    let world = World::start().await?;
    support::start(&world, {{crate}}::handlers()?).await?;
    world.wait_for_subscription::<CommandExecuted>().await?;
    let toad = world.player_joins("Elder Toad")?;

    // The user of another console types the command. The server does not know it.
    let other = world.console();
    other.command("heal \"Elder Toad\" 20").await.unwrap_err();
    world
        .wait_for_command(&format!("player set-stat {toad} health 20"))
        .await?;
    Ok(())
}
