//! Starts the handlers of the bot on a simulated server.

use pytale::kit::Consoles;
use pytale::prelude::*;
use pytale::testing::World;
use std::error::Error;

pub async fn start(world: &World, handlers: Handlers) -> Result<(), Box<dyn Error>> {
    let consoles = Consoles::new();
    consoles.open("test", world.access());
    tokio::spawn(Runner::new(consoles, handlers).run());
    Ok(())
}
