//! `tale players`: the online players with their chunks and positions.

use crate::context::Context;
use crate::failure::Failure;
use crate::output::error_line;
use crate::render;
use crate::server::Target;
use clap::Args;
use pytale::Console;
use pytale::console::commands::player;
use pytale::console::{Config, Error, ErrorKind};
use pytale::model::{Timestamp, UserId, Vector3, escaped};
use serde_json::{Value, json};
use std::io::IsTerminal as _;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// The screen of a terminal: move the cursor to the beginning and clear everything behind it.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// A list fails while a player joins. It is requested again after this pause.
const PAUSE: Duration = Duration::from_millis(500);

const ATTEMPTS: u32 = 3;

#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  tale players
  tale players --json | jq -r '.[].name'
  tale players --watch 5")]
pub(crate) struct PlayersOptions {
    /// Print the list as JSON in one line: an array of objects with id, name, chunk and position.
    #[arg(long)]
    json: bool,
    /// Print the list again and again, with so many seconds between two lists, until Ctrl-C. In a terminal, the new list replaces
    /// the old one.
    #[arg(long, value_name = "SECONDS", value_parser = crate::seconds::seconds)]
    watch: Option<Duration>,
}

/// A player of the list.
struct Row {
    id: UserId,
    name: String,
    /// `None` if the server has not sent it.
    chunk: Option<String>,
    position: Option<Vector3>,
}

pub(crate) async fn run(options: &PlayersOptions, context: &Context) -> Result<(), Failure> {
    let target = context.target()?;
    let console = crate::server::connect(&target, Config::default(), None).await?;
    let result = match options.watch {
        None => print_once(options, context, &console).await,
        Some(every) => {
            let ended = pin!(pytale::shutdown_signal());
            tokio::select! {
                result = watch(options, context, &console, &target, every) => result,
                () = ended => Ok(()),
                () = context.output.failed() => Ok(()),
            }
        }
    };
    console.close().await;
    result
}

async fn print_once(
    options: &PlayersOptions,
    context: &Context,
    console: &Console,
) -> Result<(), Failure> {
    let rows = list(console).await?;
    context
        .output
        .line(format_args!("{}", shown(options, &rows)));
    Ok(())
}

/// Prints lists until the console is closed. A failed list is told, and the next one is requested.
async fn watch(
    options: &PlayersOptions,
    context: &Context,
    console: &Console,
    target: &Target,
    every: Duration,
) -> Result<(), Failure> {
    let is_screen = !options.json && std::io::stdout().is_terminal();
    let mut ticks = interval(every);
    // A slow server is not asked twice at once.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let rows = match list(console).await {
            Ok(rows) => rows,
            Err(error) if matches!(error.kind(), ErrorKind::Closed { .. }) => {
                return Err(error.into());
            }
            Err(error) => {
                error_line(format_args!("tale: {error}"));
                continue;
            }
        };
        let list = shown(options, &rows);
        if options.json {
            context.output.line(format_args!("{list}"));
            continue;
        }
        let clear = if is_screen { CLEAR } else { "" };
        let heading = heading(target, &rows, every);
        context
            .output
            .line(format_args!("{clear}{heading}\n{list}"));
    }
}

fn heading(target: &Target, rows: &[Row], every: Duration) -> String {
    let now = Timestamp::now().to_string();
    let clock = now.split_once('T').and_then(|(_, clock)| clock.get(..8));
    let plural = if rows.len() == 1 { "" } else { "s" };
    format!(
        "-- {}: {} player{plural} at {} UTC, every {every:?}",
        target.name,
        rows.len(),
        clock.unwrap_or(&now)
    )
}

fn shown(options: &PlayersOptions, rows: &[Row]) -> String {
    if options.json {
        return rows.iter().map(row_json).collect::<Value>().to_string();
    }
    if rows.is_empty() {
        return "no player is online".to_owned();
    }
    let cells = rows.iter().map(|row| {
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        [
            row.id.to_string(),
            escaped(&row.name).to_string(),
            or_dash(row.chunk.as_deref().map(|chunk| escaped(chunk).to_string())),
            or_dash(row.position.map(position)),
        ]
    });
    render::table(render::width(), ["id", "name", "chunk", "position"], cells)
}

fn position(at: Vector3) -> String {
    format!("{:.1}, {:.1}, {:.1}", at.x, at.y, at.z)
}

fn row_json(row: &Row) -> Value {
    json!({
        "id": row.id,
        "name": row.name,
        "chunk": row.chunk,
        "position": row.position.map(|at| [at.x, at.y, at.z]),
    })
}

/// The players, with `player list` where the server lacks `player list-detailed`.
async fn list(console: &Console) -> Result<Vec<Row>, Error> {
    let mut attempt = 1;
    loop {
        let failed = match detailed(console).await {
            Err(error) if matches!(error.kind(), ErrorKind::CommandNotFound { .. }) => {
                simple(console).await
            }
            result => result,
        };
        match failed {
            Err(error) if is_transient(&error) && attempt < ATTEMPTS => {
                attempt += 1;
                sleep(PAUSE).await;
            }
            result => return result,
        }
    }
}

/// Returns whether a later list can succeed: the command fails while a player joins.
fn is_transient(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Server { .. })
}

async fn detailed(console: &Console) -> Result<Vec<Row>, Error> {
    let players = console.command(player::list_detailed()).await?;
    let rows = players.into_iter().map(|player| Row {
        id: player.id,
        chunk: player.chunk_name().map(str::to_owned),
        position: player.position,
        name: player.username,
    });
    Ok(rows.collect())
}

async fn simple(console: &Console) -> Result<Vec<Row>, Error> {
    let players = console.command(player::list()).await?;
    let rows = players.into_iter().map(|player| Row {
        id: player.id,
        name: player.username,
        chunk: None,
        position: None,
    });
    Ok(rows.collect())
}
