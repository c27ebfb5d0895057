//! Prints the positions of all players, twice a second, with the age of the data.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use att_console::Console;
use att_kit::players::Players;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    run(Console::local()?, |line| println!("{line}")).await;
    Ok(())
}

/// Shows a line for each player of each snapshot, until the console is closed.
pub(crate) async fn run(console: Console, show: impl Fn(&str)) {
    let mut details = Players::of(&console).details(Duration::from_millis(500));
    while let Some(snapshot) = details.next().await {
        for (_, player) in snapshot.iter() {
            let (name, position, age) = (&player.username, player.position, snapshot.age());
            show(&format!("{name}: {position:?}, {age:.1?} ago"));
        }
    }
}
