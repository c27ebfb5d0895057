//! Testing a bot of one's own, without a server: a town in which the test makes things happen.
//!
//! In a project of your own this is a `#[tokio::test]`, with `pytale = { …, features = ["testing"] }` as a dev-dependency.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use pytale::prelude::*;
use pytale::testing::Sim;

/// The bot: it knows nothing of being tested.
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
    let sim = Sim::builder().bare().start().await?;
    let town = sim.add_self_hosted("Thornwood")?;
    let access = ConsoleAccess::new(sim.console_url(town)?.parse()?, sim.console_token(town));
    let bot = tokio::spawn(welcome(Console::open(access)));

    sim.wait_for_console_subscription(town, "PlayerJoined")
        .await?;
    sim.player_joins(town, "Ashwick")?;
    sim.wait_until(|sim| sim.messages(town).len() == 1).await?;

    sim.stop_server(town).await?;
    sim.wait_for_consoles(town, 0).await?;
    sim.start_server(town)?;
    sim.wait_for_console_subscription(town, "PlayerJoined")
        .await?;
    let again = sim.player_joins(town, "Ashwick")?;
    sim.wait_until(|sim| sim.messages(town).len() == 2).await?;
    assert_eq!(sim.messages(town)[1].player, again);

    println!("the bot greets, and greets again after a restart");
    bot.abort();
    Ok(())
}
