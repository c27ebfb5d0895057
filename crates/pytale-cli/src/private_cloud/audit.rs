//! The audit log: a file with one JSON object on each line.

mod file;
#[cfg(test)]
mod tests;

use file::{Files, Limits};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The number of lines about connections that are kept until they can be written.
const LATE: usize = 1_024;

/// The longest text of a command in a line.
const LONGEST: usize = 4 * 1_024;

/// The person behind a line: the account and the server.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) account: Arc<str>,
    pub(crate) user_id: u64,
    pub(crate) server: Arc<str>,
    pub(crate) server_id: u64,
}

/// The log. Lines are written at once: a disk takes some microseconds for them, a thread of its own would take longer.
#[derive(Debug)]
pub(crate) struct Audit(Mutex<Lines>);

/// The files, and the lines about connections that could not be written yet.
#[derive(Debug)]
struct Lines {
    files: Files,
    late: VecDeque<String>,
    is_failing: bool,
}

impl Audit {
    /// Opens the log.
    pub(crate) fn open(path: &Path, limit: u64, keep: u32) -> io::Result<Self> {
        Ok(Self(Mutex::new(Lines {
            files: Files::open(path, Limits { size: limit, keep })?,
            late: VecDeque::new(),
            is_failing: false,
        })))
    }

    /// Writes a line about a command. A command without a line must not run; the error is the reason why it has none.
    pub(crate) fn command(
        &self,
        who: &Who,
        command: &str,
        refused: Option<&str>,
    ) -> Result<(), String> {
        let event = if refused.is_some() {
            "refused"
        } else {
            "command"
        };
        let mut line = line(who, event);
        line.insert("command".to_owned(), shortened(command).into());
        if let Some(reason) = refused {
            line.insert("reason".to_owned(), reason.into());
        }
        self.lines().add(&text(line))
    }

    /// Writes a line about a connection, later if it cannot be written now.
    pub(crate) fn connection(&self, who: &Who, event: &str, detail: &str) {
        let mut line = line(who, event);
        line.insert("detail".to_owned(), detail.into());
        let text = text(line);
        let mut lines = self.lines();
        if lines.add(&text).is_err() && lines.late.len() < LATE {
            lines.late.push_back(text);
        }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    /// Writes a line after the late ones. Logs the first of several failures.
    fn add(&mut self, text: &str) -> Result<(), String> {
        let result = self.write(text).map_err(|error| {
            let reason = format!("writing {}: {error}", self.files.path().display());
            if !self.is_failing {
                tracing::error!(
                    "the audit log cannot be written, so commands are refused: {reason}"
                );
            }
            reason
        });
        if self.is_failing && result.is_ok() {
            tracing::warn!("the audit log can be written again");
        }
        self.is_failing = result.is_err();
        result
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        while let Some(late) = self.late.front() {
            self.files.write(late)?;
            self.late.pop_front();
        }
        self.files.write(text)
    }
}

fn text(line: Map<String, Value>) -> String {
    let mut text = Value::Object(line).to_string();
    text.push('\n');
    text
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
