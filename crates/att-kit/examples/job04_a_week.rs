//! Keeps a bot up for a week: the console reconnects, reads the token again and subscribes again by itself. An outage is one item
//! of the stream, with its length. A refused token ends the bot at once, with an error.

use att_console::{Console, event::PlayerJoined};
use std::error::Error;
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (lines, mut printed) = mpsc::channel(16);
    tokio::spawn(async move { while printed.recv().await.is_some() {} });
    run(Console::local()?, lines).await
}

pub(crate) async fn run(
    console: Console,
    lines: mpsc::Sender<String>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut joins = console.subscribe::<PlayerJoined>().await?;
    while let Some(item) = joins.next().await {
        let line = match item {
            Ok(event) => format!("{} has joined", event.data.user.username),
            Err(missed) => format!("not seen for {:?}", missed.gap_length().unwrap_or_default()),
        };
        lines.send(line).await?;
    }
    // The stream ends with the console: this is the reason.
    Ok(console.ready().await?)
}
