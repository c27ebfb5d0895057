//! `tale players`: the online players with their chunks and positions.

use crate::context::Context;
use crate::failure::Failure;
use crate::output::failure_line;
use crate::render::{self, Format, json_text};
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
  tale players --csv > players.csv
  tale players --watch 5
  tale players --watch 5 --profile home --profile away")]
pub(crate) struct PlayersOptions {
    #[command(flatten)]
    format: Format,
    /// Print the list again and again, with so many seconds between two lists, until Ctrl-C. In a terminal, the new list replaces
    /// the old one.
    #[arg(long, value_name = "SECONDS", value_parser = crate::seconds::seconds)]
    watch: Option<Duration>,
}

/// A player of the list.
struct Row {
    /// The server, if there are several.
    server: Option<String>,
    id: UserId,
    name: String,
    /// `None` if the server has not sent it.
    chunk: Option<String>,
    position: Option<Vector3>,
}

pub(crate) async fn run(options: &PlayersOptions, context: &Context) -> Result<(), Failure> {
    let targets = context.targets()?;
    let mut servers: Vec<Listed> = targets.into_iter().map(Listed::of).collect();
    if let [server] = servers.as_mut_slice() {
        server.connect().await?;
    }
    let result = match options.watch {
        None => print_once(options, context, &mut servers).await,
        Some(every) => {
            let ended = pin!(pytale::shutdown_signal());
            tokio::select! {
                result = watch(options, context, &mut servers, every) => result,
                () = ended => Ok(()),
                () = context.output.failed() => Ok(()),
            }
        }
    };
    for server in servers {
        if let Some(console) = server.console {
            console.close().await;
        }
    }
    result
}

/// A server whose players are listed.
struct Listed {
    target: Target,
    /// `None` before the first connection, and after the console was closed permanently.
    console: Option<Console>,
    /// The last failure that was told.
    told: Option<String>,
}

impl Listed {
    fn of(target: Target) -> Self {
        Self {
            target,
            console: None,
            told: None,
        }
    }

    async fn connect(&mut self) -> Result<(), Failure> {
        if self.console.is_none() {
            let connected = crate::server::connect(&self.target, Config::default(), None).await;
            self.console = Some(connected?);
        }
        Ok(())
    }

    async fn rows(&mut self) -> Result<Vec<Row>, Failure> {
        self.connect().await?;
        let Some(console) = &self.console else {
            return Ok(Vec::new());
        };
        match list(console).await {
            Ok(rows) => Ok(rows),
            Err(error) => {
                if matches!(error.kind(), ErrorKind::Closed { .. }) {
                    self.console = None;
                }
                Err(error.into())
            }
        }
    }
}

/// The players of all servers, and the failures of those that could not be listed. One server does not delay the others.
async fn rows_of_all(servers: &mut [Listed]) -> (Vec<Row>, Vec<(String, Failure)>) {
    let is_one = servers.len() == 1;
    let lists = servers.iter_mut().map(|server| async {
        let rows = server.rows().await;
        (server.target.name.clone(), rows)
    });
    let (mut all, mut failed) = (Vec::new(), Vec::new());
    for (name, rows) in futures_util::future::join_all(lists).await {
        match rows {
            Ok(rows) => all.extend(rows.into_iter().map(|row| Row {
                server: (!is_one).then(|| name.clone()),
                ..row
            })),
            Err(failure) => failed.push((name, failure)),
        }
    }
    (all, failed)
}

async fn print_once(
    options: &PlayersOptions,
    context: &Context,
    servers: &mut [Listed],
) -> Result<(), Failure> {
    let is_one = servers.len() == 1;
    let (rows, failed) = rows_of_all(servers).await;
    let mut first_failure = None;
    for (name, failure) in failed {
        if is_one {
            return Err(failure);
        }
        first_failure.get_or_insert(failure.status());
        failure_line(&failure.of(&name));
    }
    let list = shown(options.format, &rows, is_one)?;
    context.output.line(format_args!("{list}"));
    match first_failure {
        Some(status) => Err(Failure::new(status, "at least one server failed")),
        None => Ok(()),
    }
}

/// Prints lists until the only console is closed. A failed list is told, and the next one is requested.
async fn watch(
    options: &PlayersOptions,
    context: &Context,
    servers: &mut [Listed],
    every: Duration,
) -> Result<(), Failure> {
    let is_one = servers.len() == 1;
    let is_text = !options.format.json && !options.format.csv;
    let clear = if is_text && std::io::stdout().is_terminal() {
        CLEAR
    } else {
        ""
    };
    let mut ticks = interval(every);
    // A slow server is not asked twice at once.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (rows, failed) = rows_of_all(servers).await;
        if let ([(_, failure)], [Listed { console: None, .. }]) = (failed.as_slice(), &*servers) {
            return Err(failure.clone());
        }
        let told = tell(servers, &failed);
        if is_one && !failed.is_empty() {
            continue;
        }
        let list = shown(options.format, &rows, is_one)?;
        if !is_text {
            context.output.line(format_args!("{list}"));
            continue;
        }
        let heading = heading(servers, &rows, every);
        // A list of several servers says which are missing: the next list replaces the message on the terminal.
        let missing = if clear.is_empty() || told.is_empty() {
            String::new()
        } else {
            format!("\n{told}")
        };
        context
            .output
            .line(format_args!("{clear}{heading}{missing}\n{list}"));
    }
}

/// Tells each failure once, until the server is listed again. Returns all failures of this list.
fn tell(servers: &mut [Listed], failed: &[(String, Failure)]) -> String {
    for server in servers {
        let failure = failed.iter().find(|(name, _)| *name == server.target.name);
        let text = failure.map(|(_, failure)| failure.message().to_owned());
        if let Some((name, failure)) = failure
            && server.told != text
        {
            failure_line(&failure.clone().of(name));
        }
        server.told = text;
    }
    let lines = failed
        .iter()
        .map(|(name, failure)| format!("-- {}: {}", escaped(name), escaped(failure.message())));
    lines.collect::<Vec<_>>().join("\n")
}

fn heading(servers: &[Listed], rows: &[Row], every: Duration) -> String {
    let now = Timestamp::now().to_string();
    let clock = now.split_once('T').and_then(|(_, clock)| clock.get(..8));
    let plural = if rows.len() == 1 { "" } else { "s" };
    let names: Vec<&str> = servers
        .iter()
        .map(|server| server.target.name.as_str())
        .collect();
    format!(
        "-- {}: {} player{plural} at {} UTC, every {every:?}",
        escaped(names.join(", ")),
        rows.len(),
        clock.unwrap_or(&now)
    )
}

fn shown(format: Format, rows: &[Row], is_one: bool) -> Result<String, Failure> {
    if format.json {
        return json_text(&rows.iter().map(row_json).collect::<Value>());
    }
    if format.csv {
        return Ok(csv_of_rows(rows, is_one));
    }
    if rows.is_empty() {
        return Ok("no player is online".to_owned());
    }
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let cells = rows.iter().map(|row| {
        let server = row.server.as_ref().map(|name| escaped(name).to_string());
        let cells = [
            row.id.to_string(),
            escaped(&row.name).to_string(),
            or_dash(row.chunk.as_deref().map(|chunk| escaped(chunk).to_string())),
            or_dash(row.position.map(position)),
        ];
        server.into_iter().chain(cells).collect::<Vec<_>>()
    });
    let server = (!is_one).then_some("server");
    let headings = server
        .into_iter()
        .chain(["id", "name", "chunk", "position"]);
    Ok(render::table(render::width(), headings, cells))
}

fn csv_of_rows(rows: &[Row], is_one: bool) -> String {
    let cells = rows.iter().map(|row| {
        let at = row.position.map(|at| [at.x, at.y, at.z]);
        let values = json!([
            row.server,
            row.id,
            row.name,
            row.chunk,
            at.map(|at| at[0]),
            at.map(|at| at[1]),
            at.map(|at| at[2])
        ]);
        let cells = values.as_array().into_iter().flatten().map(render::cell);
        cells.skip(usize::from(is_one)).collect()
    });
    let headings = ["server", "id", "name", "chunk", "x", "y", "z"];
    render::csv(&headings[usize::from(is_one)..], cells)
}

fn position(at: Vector3) -> String {
    format!("{:.1}, {:.1}, {:.1}", at.x, at.y, at.z)
}

fn row_json(row: &Row) -> Value {
    let mut value = json!({
        "id": row.id,
        "name": row.name,
        "chunk": row.chunk,
        "position": row.position.map(|at| [at.x, at.y, at.z]),
    });
    if let Some(server) = &row.server {
        value["server"] = json!(server);
    }
    value
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
        server: None,
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
        server: None,
        id: player.id,
        name: player.username,
        chunk: None,
        position: None,
    });
    Ok(rows.collect())
}
