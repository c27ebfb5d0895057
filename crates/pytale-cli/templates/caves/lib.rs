//! The bot: handlers of events. `main.rs` runs them on a server, `tests/bot.rs` on a simulated one.

use pytale::kit::timing::Cooldown;
use pytale::prelude::*;
use std::error::Error;
use std::sync::Arc;

/// All handlers of the bot.
pub fn handlers() -> Result<Handlers, Box<dyn Error>> {
    Ok(cave_layers())
}

/// Tells each player who enters a cave layer its number, at most once in ten seconds.
pub fn cave_layers() -> Handlers {
    let cooldown = Arc::new(Cooldown::new(Duration::from_secs(10)));
    Handlers::new().on::<PlayerMovedChunk>(move |console, event| {
        let cooldown = Arc::clone(&cooldown);
        async move {
            let player = event.data.player.id;
            let Some(layer) = event.data.new_cave_layer() else {
                return Ok(());
            };
            if cooldown.try_start(player) {
                let text = format!("Cave layer {layer}");
                console.command(player::message(player, text)).await?;
            }
            Ok::<_, pytale::console::Error>(())
        }
    })
}
