//! A spell: a player who holds a torch and raises both hands above the head for half a second gets a message, at most once in two
//! seconds.

use att_console::Console;
use att_console::commands::player::message;
use att_kit::conditions::Condition;
use att_kit::players::Players;
use std::error::Error;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    run(Console::local()?).await
}

pub(crate) async fn run(console: Console) -> Result<(), Box<dyn Error + Send + Sync>> {
    let raises_hands = Condition::details(|player| {
        let head = player.head_position?.y;
        Some(player.left_hand_position?.y > head && player.right_hand_position?.y > head)
    });
    let gesture = Condition::all([raises_hands, Condition::holds("Torch")]);
    let spells = Players::of(&console).when(gesture);
    let spells = spells
        .every(Duration::from_millis(100))
        .hold(Duration::from_millis(500));
    let mut spells = spells.cooldown(Duration::from_secs(2)).start();
    while let Some(spell) = spells.next_entry().await {
        let shown = console.command(message(spell.player.id(), "The fire obeys you."));
        if let Err(error) = shown.await {
            eprintln!("{} saw no fire: {error}", spell.player.name());
        }
    }
    Ok(())
}
