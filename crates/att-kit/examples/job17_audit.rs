//! Keeps an audit log: every event and command, also of unknown kinds, as JSON lines, with gaps marked and without the token.

use att_console::Console;
use att_kit::journal::Journal;
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    run(Console::local()?, "audit.jsonl".to_owned()).await
}

pub(crate) async fn run(
    console: Console,
    path: String,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let journal = Journal::to_rotated_file(path, 10 * 1024 * 1024, 9);
    journal.record(&console).ended().await?;
    Ok(())
}
