//! Tries a bot without a server: players walk, trade and die, the server stops, starts and falls silent, and the recording of a
//! real server is replayed. The bot is the same as for a real server.

use pytale::kit::Consoles;
use pytale::prelude::*;
use pytale::testing::World;
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&["Ashwick", "Elder Toad"]).await
}

/// The bot.
fn handlers() -> Handlers {
    Handlers::new()
        .on::<PlayerMovedChunk>(|console, event| async move {
            let Some(layer) = event.data.new_cave_layer() else {
                return Ok(());
            };
            let text = format!("Cave layer {layer}");
            console
                .command(player::message(event.data.player, text))
                .await
        })
        .on::<TradeDeckUsed>(|console, event| async move {
            let Some(buyer) = event.data.buyer else {
                return Ok(());
            };
            console
                .command(player::message(buyer, "Well bought!"))
                .await
        })
        .on::<PlayerKilled>(|console, event| async move {
            console
                .command(player::message(event.data.killed_player, "Rest well!"))
                .await
        })
}

/// A journal of `att-kit`.
const RECORDING: &str = r#"{"type": "started"}
{"type": "event", "event": "PlayerMovedChunk", "data": {"player": {"id": 71, "username": "Grimbolt"}, "newChunk": "Cave Layer 9"}}"#;

/// The test.
pub(crate) async fn run(names: &[&str]) -> Result<(), Box<dyn Error>> {
    let world = World::start().await?.with_timeout(Duration::from_secs(60));
    let consoles = Consoles::new();
    consoles.add("Thornwood", world.console());
    tokio::spawn(Runner::new(consoles, handlers()).run());
    for name in names {
        world.wait_for_subscription::<PlayerMovedChunk>().await?;
        world.wait_for_subscription::<PlayerKilled>().await?;
        world.wait_for_subscription::<TradeDeckUsed>().await?;
        let player = world.player_joins(name)?;
        world.player_moves(player, "Cave Layer 3")?;
        assert_eq!(world.message_to(player).await?, "Cave layer 3");
        world.player_trades(player, player)?;
        assert_eq!(world.message_to(player).await?, "Well bought!");
        world.sim().stall_console(world.sim().server());
        world.player_dies(player)?;
        world.sim().resume_console(world.sim().server());
        assert_eq!(world.message_to(player).await?, "Rest well!");
        world.restart().await?;
    }
    world.wait_for_subscription::<PlayerMovedChunk>().await?;
    world.replay(RECORDING).await?;
    assert_eq!(
        world.wait_for_command("player message 71").await?,
        "player message 71 \"Cave layer 9\""
    );
    Ok(())
}
