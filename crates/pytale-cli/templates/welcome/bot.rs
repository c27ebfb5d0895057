//! The bot against a simulated server. No game is needed.

mod support;

use pytale::prelude::*;
use pytale::testing::World;
use std::error::Error;

#[tokio::test]
async fn players_are_welcomed_before_and_after_a_restart() -> Result<(), Box<dyn Error>> {
    let world = World::start().await?;
    support::start(&world, {{crate}}::welcome(Duration::ZERO)).await?;
    for _ in 0..2 {
        world.wait_for_subscription::<PlayerJoined>().await?;
        let ashwick = world.player_joins("Ashwick")?;
        assert_eq!(world.message_to(ashwick).await?, "Welcome, Ashwick!");
        world.restart().await?;
    }
    Ok(())
}
