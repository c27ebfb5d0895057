//! Runs buffs and clean-ups on a clock. Nothing is made up for after an outage, and the failures of each command are counted.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use att_console::commands::player::god_mode;
use att_console::commands::wacky::destroy_free;
use att_console::{Console, Target};
use att_kit::schedule::Schedule;
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let schedule = schedule(Duration::from_secs(300));
    schedule.run(&Console::local()?).await?;
    Ok(())
}

pub(crate) fn schedule(period: Duration) -> Schedule {
    Schedule::new()
        .every(period, |console| async move {
            console.command(god_mode(Target::Everyone, true)).await
        })
        .named("buffs")
        .every(period, |console| async move {
            console.command(destroy_free("Arrow")).await.map(drop)
        })
        .named("clean-up")
        .on_failure(|failure| println!("{failure} (failure {})", failure.count))
}
