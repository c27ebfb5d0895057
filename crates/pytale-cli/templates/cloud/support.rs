//! Starts the bot in a simulated cloud.

use pytale::prelude::*;
use pytale::testing::World;
use std::error::Error;

pub async fn start(world: &World, handlers: Handlers) -> Result<(), Box<dyn Error>> {
    let bot = world.bot().managed().handlers(handlers).start().await?;
    tokio::spawn(async move { bot.run().await });
    Ok(())
}
