//! Builds: raises what stands near a player, keeps it as a file, sets a turned copy beside it, and puts it up again where it is
//! missing. The guard makes each function one unit: no other task of the program selects meanwhile.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use att_console::Console;
use att_kit::building::{Build, Direction, Loaded, Placement, Selection, Vector3};
use std::error::Error;
use std::path::Path;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (console, file) = (Console::local()?, Path::new("house.json"));
    println!("{} pieces", raise(&console, "Ashwick").await?);
    let entities = save(&console, "Ashwick", file).await?;
    println!("{entities} entities saved");
    println!("{:?}", copy(&console, "Ashwick").await?.outcomes);
    println!("{:?}", rebuild(&console, file).await?.outcomes);
    Ok(())
}

/// Moves everything near a player up by a meter.
pub(crate) async fn raise(
    console: &Console,
    player: &str,
) -> Result<usize, att_kit::building::Error> {
    let mut guard = Selection::of(console).lock().await;
    let found = guard.find(player, 10.0).await?;
    for entity in &found {
        guard.select(entity.identifier).await?;
        guard.move_by(Direction::Up, 1.0).await?;
    }
    Ok(found.len())
}

/// Saves everything near a player in a file.
pub(crate) async fn save(
    console: &Console,
    player: &str,
    file: &Path,
) -> Result<usize, Box<dyn Error + Send + Sync>> {
    let saved = Selection::of(console)
        .lock()
        .await
        .save_near(player, 10.0)
        .await?;
    std::fs::write(file, saved.build.to_json()?)?;
    Ok(saved.build.pieces().len())
}

/// Sets a copy beside it, turned by a quarter.
pub(crate) async fn copy(
    console: &Console,
    player: &str,
) -> Result<Loaded, att_kit::building::Error> {
    let mut guard = Selection::of(console).lock().await;
    let build = guard.save_near(player, 10.0).await?.build;
    let beside = Placement::offset(Vector3::new(20.0, 0.0, 0.0));
    let turned = beside
        .rotated(Vector3::new(0.0, 90.0, 0.0))
        .about(build.origin());
    Ok(guard.load_in_place(build.placed(&turned)?).await)
}

/// Puts the saved build up again at its old place.
pub(crate) async fn rebuild(
    console: &Console,
    file: &Path,
) -> Result<Loaded, Box<dyn Error + Send + Sync>> {
    let build = Build::from_json(&std::fs::read_to_string(file)?)?;
    Ok(Selection::of(console)
        .lock()
        .await
        .load_in_place(build)
        .await)
}
