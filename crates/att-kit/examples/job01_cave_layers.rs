//! Announces the cave layer to each player who enters one, at most once in ten seconds.

use att_console::{Console, event::PlayerMovedChunk};
use att_kit::messages::Messages;
use att_kit::timing::Cooldown;
use std::error::Error;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    run(Console::local()?).await
}

pub(crate) async fn run(console: Console) -> Result<(), Box<dyn Error + Send + Sync>> {
    let messages = Messages::of(&console);
    let cooldown = Cooldown::new(Duration::from_secs(10));
    let mut moves = console.subscribe::<PlayerMovedChunk>().await?;
    while let Some(event) = moves.next_event().await {
        let player = event.data.player.id;
        if let Some(layer) = event.data.new_cave_layer()
            && cooldown.try_start(player)
        {
            messages.to(player, format!("Cave layer {layer}")).spawn();
        }
    }
    Ok(())
}
