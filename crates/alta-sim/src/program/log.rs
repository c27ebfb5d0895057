//! The log of the actions of clients, without tokens and passwords.

use crate::{ClientAction, HttpRequest, Received, Service, Sim};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// The longest text of a client in a line, in characters.
const LONGEST: usize = 400;

/// The pause after each batch of lines. Each batch takes a snapshot of the journal.
const PAUSE: Duration = Duration::from_millis(20);

/// The log. After a failure it writes nothing more.
pub(super) struct Log {
    to: Option<Box<dyn Write + Send>>,
    /// The file, for the error.
    name: String,
    /// The number of the next entry of the journal.
    next: u64,
}

impl Log {
    /// Without a path, the log is on standard error.
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let (to, name): (Box<dyn Write + Send>, _) = match path {
            None => (Box::new(io::stderr()), "standard error".to_owned()),
            Some(path) => (Box::new(File::create(path)?), path.display().to_string()),
        };
        Ok(Self {
            to: Some(to),
            name,
            next: 0,
        })
    }

    /// Writes entries as they come, without end.
    pub(super) async fn follow(&mut self, sim: &Sim) {
        let mut changes = sim.shared.env.changes();
        loop {
            self.catch_up(sim);
            tokio::time::sleep(PAUSE).await;
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Writes the entries since the last call.
    pub(super) fn catch_up(&mut self, sim: &Sim) {
        let Some(to) = &mut self.to else { return };
        let text = {
            let entries = sim.shared.env.received();
            lines(&entries, &mut self.next)
        };
        if text.is_empty() {
            return;
        }
        if let Err(error) = to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
            self.to = None;
            // If it is standard error that failed, nobody reads this.
            let _ = writeln!(
                io::stderr(),
                "the log ends, since writing to {} failed: {error}",
                self.name
            );
        }
    }
}

/// The lines of the entries from a number on, which becomes the number of the next one.
fn lines(entries: &[Received], next: &mut u64) -> String {
    let begin = entries.partition_point(|entry| entry.number < *next);
    let new = &entries[begin..];
    let mut text = String::new();
    if let Some(first) = new.first().filter(|first| first.number > *next) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} entries are missing", first.number - *next);
    }
    for entry in new {
        let at = entry.at.as_secs_f64();
        let (connection, service) = (entry.connection, service(entry.service));
        let action = action(entry);
        let _ = writeln!(text, "{at:>10.3} #{connection} {service}: {action}");
    }
    *next = entries.last().map_or(*next, |last| last.number + 1);
    text
}

fn service(service: Service) -> String {
    match service {
        Service::Http => "HTTP".to_owned(),
        Service::MainSocket => "main websocket".to_owned(),
        Service::Console(server) => format!("console of server {server}"),
        _ => "another service".to_owned(),
    }
}

fn action(entry: &Received) -> String {
    match &entry.action {
        ClientAction::Request(request) => request_line(request),
        ClientAction::Opened(_) => "opened".to_owned(),
        ClientAction::Refused(status, _) => format!("refused with status {status}"),
        ClientAction::Token(_) => "token".to_owned(),
        ClientAction::Text(text) => match entry.command().or_else(|| entry.socket_request()) {
            Some(line) => printable(&line),
            None => format!("a text frame of {} bytes", text.len()),
        },
        ClientAction::Binary(bytes) => format!("a binary frame of {} bytes", bytes.len()),
        ClientAction::Ping => "ping".to_owned(),
        ClientAction::Closed(None) => "closed".to_owned(),
        ClientAction::Closed(Some(code)) => format!("closed with code {code}"),
        _ => "another action".to_owned(),
    }
}

fn request_line(request: &HttpRequest) -> String {
    let line = format!("{} {}", request.method, request.path);
    let query: Vec<String> = request.query.split('&').map(visible).collect();
    match query.join("&") {
        query if query.is_empty() => printable(&line),
        query => printable(&format!("{line}?{query}")),
    }
}

/// A parameter of a query without its value, if that is a secret.
fn visible(parameter: &str) -> String {
    let name = parameter.split('=').next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let is_secret = ["token", "secret", "password"]
        .iter()
        .any(|part| lower.contains(part));
    if is_secret && lower != "paginationtoken" {
        return format!("{name}=<redacted>");
    }
    parameter.to_owned()
}

/// A text of a client on one line, without control characters.
fn printable(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .flat_map(|letter| {
            let escaped = letter.is_control().then(|| letter.escape_default());
            let itself = escaped.is_none().then_some(letter);
            escaped.into_iter().flatten().chain(itself)
        })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_a_client_stays_on_its_line() {
        assert_eq!(printable("player list"), "player list");
        assert_eq!(printable("a\nb\u{1b}[2J"), r"a\nb\u{1b}[2J");
        let long = printable(&"ä".repeat(LONGEST + 1));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with("ä…"));
    }

    #[test]
    fn secrets_in_a_query_are_hidden() {
        assert_eq!(visible("access_token=abc"), "access_token=<redacted>");
        assert_eq!(visible("limit=5"), "limit=5");
        assert_eq!(visible("paginationToken=x"), "paginationToken=x");
    }
}
