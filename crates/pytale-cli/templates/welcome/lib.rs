//! The bot: handlers of events. `main.rs` runs them on a server, `tests/bot.rs` on a simulated one.

use pytale::kit::messages::Messages;
use pytale::prelude::*;
use std::error::Error;

/// The game shows no messages to a player who has just joined.
const DELAY: Duration = Duration::from_secs(25);

/// All handlers of the bot.
pub fn handlers() -> Result<Handlers, Box<dyn Error>> {
    Ok(welcome(DELAY))
}

/// Welcomes each player who joins, unless the player leaves before the delay has passed.
pub fn welcome(delay: Duration) -> Handlers {
    Handlers::new().on::<PlayerJoined>(move |console, event| async move {
        let player = event.data.user;
        println!("{}: {} joined", console.label(), player.username);
        // A name may contain characters that an argument cannot contain.
        let text = Argument::typographic(format!("Welcome, {}!", player.username));
        Messages::of(&console).to(player, text).delay(delay).spawn();
    })
}
