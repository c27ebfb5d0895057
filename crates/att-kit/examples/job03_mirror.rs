//! Mirrors joins, leaves, deaths, zones and trades to any asynchronous destination. A slow destination loses nothing silently.

use att_console::Console;
use att_kit::journal::{Entry, EntryKind, Journal};
use std::error::Error;
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (lines, mut mirrored) = mpsc::channel(16);
    tokio::spawn(async move { while mirrored.recv().await.is_some() {} });
    run(Console::local()?, lines).await
}

/// The channel stands for any destination, such as a web hook.
pub(crate) async fn run(
    console: Console,
    lines: mpsc::Sender<String>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let journal = Journal::to_function(move |entry| {
        let (lines, line) = (lines.clone(), line(&entry));
        async move { lines.send(line).await }
    });
    let names = [
        "PlayerJoined",
        "PlayerLeft",
        "PlayerKilled",
        "PlayerMovedChunk",
        "TradeDeckUsed",
    ];
    let written = journal.only(names).record(&console).ended().await?;
    eprintln!("{} events were missed", written.missed);
    Ok(())
}

fn line(entry: &Entry) -> String {
    match &entry.kind {
        EntryKind::Event { event, data, .. } => format!("{}: {event} {data}", entry.console),
        other => format!("{}: {other:?}", entry.console),
    }
}
