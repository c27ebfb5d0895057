//! Replaying a recording of another server.

use crate::error::{Error, ErrorKind};
use crate::sim::Sim;
use serde_json::Value;

impl Sim {
    /// Sends the events of a recording to the consoles of a server that have subscribed to them, in order, as fast as the slowest
    /// client reads. Returns the number of events.
    ///
    /// A recording has a JSON object a line, as the journals of `att-kit` do: `{"type": "event", "event": "PlayerJoined", "data": …}`.
    /// Lines of other types are skipped. The world stays as it is: a recorded player who joins is not on the server.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] for a line that is no such object, before anything is sent; [`ErrorKind::TimedOut`] if a client reads
    /// nothing within [`Builder::timeout`](crate::Builder::timeout).
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, no further events are sent.
    pub async fn replay(&self, server: u64, recording: &str) -> Result<usize, Error> {
        let mut events = Vec::new();
        for (number, line) in recording.lines().enumerate() {
            if !line.trim().is_empty() {
                events.extend(event(line).map_err(|problem| {
                    let doing = format!("replaying line {} of a recording", number + 1);
                    Error::new(ErrorKind::Invalid, doing).detail(problem)
                })?);
            }
        }
        let count = events.len();
        // No queue overflows.
        let burst = (self.shared.config.queue / 2).max(1);
        for (number, (name, data)) in events.into_iter().enumerate() {
            if number % burst == 0 {
                self.flush().await?;
            }
            self.emit_console_event(server, &name, data);
        }
        self.flush().await?;
        Ok(count)
    }
}

/// The name and the data of the event in this line; `None` for a line of another type.
fn event(line: &str) -> Result<Option<(String, Value)>, String> {
    let mut line: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let kind = line.get("type").and_then(Value::as_str);
    if kind.ok_or("it has no `type`")? != "event" {
        return Ok(None);
    }
    let name = line.get("event").and_then(Value::as_str);
    let name = name.ok_or("it has no `event`")?.to_owned();
    let data = line.get_mut("data").map(Value::take).unwrap_or_default();
    Ok(Some((name, data)))
}
