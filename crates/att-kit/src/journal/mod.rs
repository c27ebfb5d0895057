//! A journal of consoles: events, commands, gaps and connection states, as JSON lines in a file or into a function.
//!
//! ```no_run
//! use att_console::Console;
//! use att_kit::journal::Journal;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let journal = Journal::to_rotated_file("journal.jsonl", 10 * 1024 * 1024, 5);
//! let recording = journal.record(&Console::local()?);
//! recording.ended().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Each line is an [`Entry`]:
//!
//! ```json
//! {"at":"2026-01-31T12:00:00Z","console":"my server","type":"started"}
//! {"at":"2026-01-31T12:00:00Z","console":"my server","type":"state","state":"connected"}
//! {"at":"2026-01-31T12:00:01Z","console":"my server","type":"event","event":"PlayerJoined","own":false,"data":{}}
//! {"at":"2026-01-31T12:05:02Z","console":"my server","type":"gap","since":"2026-01-31T12:04:00Z","until":"2026-01-31T12:05:02Z"}
//! ```
//!
//! Commands are the events `CommandExecuted`; `own` is true for those of this console.
//!
//! Missing events are marked: a `gap` where the connection was lost, a `lagged` where the disk was too slow, both with their times.
//! Nothing was recorded between a `stopped` and the next `started` of a console, and from the last line to the next `started` if the
//! program was killed.

mod counters;
mod entry;
mod file;
mod handle;
mod output;
mod record;
mod states;
#[cfg(test)]
mod tests;

pub use entry::{Entry, EntryKind};
pub use handle::{Journal, Recording, Written};
