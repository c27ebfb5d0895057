//! Counts the kills of each player in SQLite, and prints the best players after each kill.
//!
//! `LEADERBOARD` names the file; without it the counts are kept in memory. Without `ALTA_CLIENT_ID` this runs in a
//! simulated town.
#![allow(clippy::print_stdout, reason = "an example prints to the terminal")]

mod common;

use pytale::prelude::*;
use rusqlite::Connection;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (settings, _town) = common::settings().await?;
    let database = match std::env::var_os("LEADERBOARD") {
        Some(file) => Connection::open(file)?,
        None => Connection::open_in_memory()?,
    };
    database.execute_batch(
        "CREATE TABLE IF NOT EXISTS kills (player INTEGER PRIMARY KEY, name TEXT NOT NULL, kills INTEGER NOT NULL)",
    )?;
    let bot = settings.connect().await?;
    for server in bot.request_consoles().await? {
        bot.create_console(server.id).await?;
    }
    let mut creatures = bot.subscribe::<ObjectKilled>().await?;
    let mut players = bot.subscribe::<PlayerKilled>().await?;
    loop {
        let killer = tokio::select! {
            Some((_, event)) = creatures.next_event() => event.data.killer_player,
            Some((_, event)) = players.next_event() => event.data.killer_player,
            else => break Ok(()),
        };
        // Hunger and falls have no killer.
        let Some(killer) = killer else { continue };
        // Blocks the task for one row of a local file: faster than a call on another thread.
        database.execute(
            "INSERT INTO kills VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET name = ?2, kills = kills + 1",
            (killer.id.get(), killer.username),
        )?;
        let mut best = database
            .prepare_cached("SELECT name, kills FROM kills ORDER BY kills DESC, name LIMIT 5")?;
        let best = best.query_map((), |row| {
            Ok(format!(
                "{} {}",
                row.get::<_, String>(0)?,
                row.get::<_, i64>(1)?
            ))
        })?;
        println!("{}", best.collect::<Result<Vec<_>, _>>()?.join(", "));
    }
}
