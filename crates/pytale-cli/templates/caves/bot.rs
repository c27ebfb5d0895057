//! The bot against a simulated server. No game is needed.

mod support;

use pytale::prelude::*;
use pytale::testing::World;
use std::error::Error;

#[tokio::test]
async fn a_player_in_a_cave_is_told_the_layer() -> Result<(), Box<dyn Error>> {
    let world = World::start().await?;
    support::start(&world, {{crate}}::cave_layers()).await?;
    world.wait_for_subscription::<PlayerMovedChunk>().await?;
    let ashwick = world.player_joins("Ashwick")?;
    world.player_moves(ashwick, "Cave Layer 2")?;
    assert_eq!(world.message_to(ashwick).await?, "Cave layer 2");
    Ok(())
}
