//! Welcomes players when they can see it. A player who has left meanwhile gets nothing.

use att_console::{Argument, Console, Error, event::PlayerJoined};
use att_kit::messages::Messages;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(Console::local()?, Duration::from_secs(25)).await
}

pub(crate) async fn run(console: Console, delay: Duration) -> Result<(), Error> {
    let messages = Messages::of(&console);
    let mut joins = console.subscribe::<PlayerJoined>().await?;
    while let Some(event) = joins.next_event().await {
        let player = &event.data.user;
        let text = Argument::typographic(format!("Welcome, {}!", player.username));
        messages.to(player, text).delay(delay).spawn();
    }
    Ok(())
}
