//! The audit log: a file with one JSON object on each line.

mod file;
#[cfg(test)]
mod tests;

use file::{Files, Limits};
use serde_json::{Map, Value, json};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// The number of lines that wait to be written. A full queue makes commands wait.
const QUEUE: usize = 1_024;

/// The longest text of a command in a line.
const LONGEST: usize = 4 * 1_024;

/// The pause after a failed write.
const PAUSE: Duration = Duration::from_secs(1);

/// The person behind a line: the account and the server.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) account: Arc<str>,
    pub(crate) user_id: u64,
    pub(crate) server: Arc<str>,
    pub(crate) server_id: u64,
}

/// Adds lines to the log. A thread writes them.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    lines: mpsc::Sender<String>,
    failure: watch::Receiver<Option<Arc<str>>>,
}

/// The thread that writes the log. It ends when all [`Audit`]s are dropped.
#[derive(Debug)]
pub(crate) struct Writer(thread::JoinHandle<()>);

impl Writer {
    /// Waits until all lines are written. Lines that cannot be written are lost.
    pub(crate) fn join(self) {
        // A panic of the thread has been reported by the thread.
        let _ = self.0.join();
    }
}

impl Audit {
    /// Opens the log.
    pub(crate) fn open(path: &Path, limit: u64, keep: u32) -> io::Result<(Self, Writer)> {
        let files = Files::open(path, Limits { size: limit, keep })?;
        let (lines, queue) = mpsc::channel(QUEUE);
        let (state, failure) = watch::channel(None);
        let thread = thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || write(files, queue, &state))?;
        Ok((Self { lines, failure }, Writer(thread)))
    }

    /// The reason why the log cannot be written at present.
    pub(crate) fn failure(&self) -> Option<Arc<str>> {
        self.failure.borrow().clone()
    }

    /// Adds a line about a command. Waits while the queue is full.
    pub(crate) async fn command(&self, who: &Who, command: &str, refused: Option<&str>) {
        let mut line = line(
            who,
            if refused.is_some() {
                "refused"
            } else {
                "command"
            },
        );
        line.insert("command".to_owned(), shortened(command).into());
        if let Some(reason) = refused {
            line.insert("reason".to_owned(), reason.into());
        }
        self.add(line).await;
    }

    /// Adds a line about a connection.
    pub(crate) async fn connection(&self, who: &Who, event: &str, detail: &str) {
        let mut line = line(who, event);
        line.insert("detail".to_owned(), detail.into());
        self.add(line).await;
    }

    async fn add(&self, line: Map<String, Value>) {
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        // The thread ends after all senders.
        let _ = self.lines.send(text).await;
    }
}

fn line(who: &Who, event: &str) -> Map<String, Value> {
    let line = json!({
        "time": pytale::model::Timestamp::now().to_string(),
        "event": event,
        "account": &*who.account,
        "user_id": who.user_id,
        "server": &*who.server,
        "server_id": who.server_id,
    });
    match line {
        Value::Object(line) => line,
        _ => Map::new(),
    }
}

/// The beginning of a long text.
fn shortened(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST);
    format!("{}… ({} bytes)", &text[..end], text.len())
}

/// Writes the lines. After a failure it tries again until the line is written or the program ends.
fn write(
    mut files: Files,
    mut queue: mpsc::Receiver<String>,
    state: &watch::Sender<Option<Arc<str>>>,
) {
    let mut batch = Vec::new();
    while queue.blocking_recv_many(&mut batch, QUEUE) > 0 {
        for line in batch.drain(..) {
            loop {
                match files.write(&line) {
                    Ok(()) => {
                        if state.borrow().is_some() {
                            tracing::warn!("the audit log can be written again");
                            state.send_replace(None);
                        }
                        break;
                    }
                    Err(error) => {
                        let reason = format!("writing {}: {error}", files.path().display());
                        if state.borrow().is_none() {
                            tracing::error!(
                                "the audit log cannot be written, so commands are refused: {reason}"
                            );
                        }
                        state.send_replace(Some(reason.into()));
                        // At the end of the program nobody waits for the disk.
                        if queue.is_closed() {
                            return;
                        }
                        thread::sleep(PAUSE);
                    }
                }
            }
        }
    }
}
