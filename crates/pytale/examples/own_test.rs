//! A test of your own bot without a server: the test controls a simulated town.
//!
//! In a project of your own this is a `#[tokio::test]`, with `pytale = { …, features = ["testing"] }` as a dev-dependency.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use pytale::prelude::*;
use pytale::testing::World;

/// The bot, unchanged for the test.
async fn welcome(console: Console) -> Result<(), pytale::console::Error> {
    let mut joins = console.subscribe::<PlayerJoined>().await?;
    while let Some(event) = joins.next_event().await {
        let greeting = player::message(event.data.user, "Welcome!");
        if let Err(error) = console.command(greeting).await {
            eprintln!("{error}");
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = World::start().await?;
    let bot = tokio::spawn(welcome(world.console()));

    world.wait_for_subscription::<PlayerJoined>().await?;
    let ashwick = world.player_joins("Ashwick")?;
    assert_eq!(world.message_to(ashwick).await?, "Welcome!");

    world.restart().await?;
    world.wait_for_subscription::<PlayerJoined>().await?;
    let ashwick = world.player_joins("Ashwick")?;
    assert_eq!(world.message_to(ashwick).await?, "Welcome!");

    println!("the bot greets, and greets again after a restart");
    bot.abort();
    Ok(())
}
