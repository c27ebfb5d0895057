//! The content of a transcript, in the order in which a replay needs it.

use super::frames::{Kind, Request, objects};
use crate::failure::Failure;
use crate::transcript::{Recorded, Way, read};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// The beginning of a command that subscribes to an event.
pub(super) const SUBSCRIBE: &str = "websocket subscribe ";

/// The beginning of a command that ends a subscription.
pub(super) const UNSUBSCRIBE: &str = "websocket unsubscribe ";

#[derive(Debug, Default)]
pub(super) struct Script {
    /// The first reply to the token.
    pub(super) login: Option<String>,
    /// The replies to each command line, in order.
    pub(super) replies: HashMap<String, Vec<String>>,
    pub(super) events: Vec<Timed>,
}

/// An event, or a notice without a name, which needs no subscription.
#[derive(Debug)]
pub(super) struct Timed {
    /// The time since the first subscription of the transcript.
    pub(super) after: Duration,
    /// In lower case.
    pub(super) name: Option<String>,
    pub(super) frame: String,
}

impl Script {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let mut reading = Reading::default();
        read(path, |recorded| reading.take(&recorded))?;
        Ok(reading.script())
    }
}

#[derive(Default)]
struct Reading {
    script: Script,
    /// The command lines of the current connection that have no reply.
    pending: HashMap<u32, String>,
    /// A token was sent, and the next notice is the reply to it.
    logging_in: bool,
    first_subscription: Option<Duration>,
}

impl Reading {
    fn take(&mut self, recorded: &Recorded) {
        match recorded.direction {
            Way::Sent => self.sent(&recorded.frame),
            Way::Received => {
                for object in objects(&recorded.frame) {
                    self.received(recorded.at, object);
                }
            }
        }
    }

    fn sent(&mut self, frame: &str) {
        if let Ok(Request { id, content }) = serde_json::from_str(frame) {
            self.pending.insert(id, content.trim().to_owned());
        } else {
            // The token of a new connection, whose ids begin again.
            self.logging_in = true;
            self.pending.clear();
        }
    }

    fn received(&mut self, at: Duration, frame: &str) {
        match Kind::of(frame) {
            Some(Kind::Reply(id)) => {
                let Some(line) = id.and_then(|id| self.pending.remove(&id)) else {
                    return;
                };
                if line.starts_with(SUBSCRIBE) {
                    self.first_subscription.get_or_insert(at);
                }
                self.script
                    .replies
                    .entry(line)
                    .or_default()
                    .push(frame.to_owned());
            }
            Some(Kind::Notice) if self.logging_in => {
                self.logging_in = false;
                self.script.login.get_or_insert_with(|| frame.to_owned());
            }
            Some(kind) => {
                let name = match kind {
                    Kind::Event(name) => Some(name.to_ascii_lowercase()),
                    _ => None,
                };
                self.script.events.push(Timed {
                    after: at,
                    name,
                    frame: frame.to_owned(),
                });
            }
            None => {}
        }
    }

    fn script(mut self) -> Script {
        let first_event = self.script.events.first().map(|event| event.after);
        let start = self.first_subscription.into_iter().chain(first_event).min();
        for event in &mut self.script.events {
            event.after = event.after.saturating_sub(start.unwrap_or_default());
        }
        self.script
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_belong_to_the_lines_of_their_connection_and_events_have_their_times() {
        let mut reading = Reading::default();
        let lines = [
            (Way::Sent, 0, "<redacted>"),
            (
                Way::Received,
                1,
                r#"{"type":"SystemMessage","data":"Connection Succeeded"}"#,
            ),
            (Way::Sent, 1, r#"{"id":1,"content":"player list"}"#),
            (
                Way::Sent,
                1,
                r#"{"id":2,"content":"websocket subscribe PlayerLeft"}"#,
            ),
            (
                Way::Received,
                2,
                r#"{"type":"CommandResult","data":{"Result":[]},"commandId":1}"#,
            ),
            (
                Way::Received,
                3,
                r#"{"type":"CommandResult","data":{"Result":"Success"},"commandId":2}"#,
            ),
            (
                Way::Received,
                5,
                r#"{"type":"Subscription","eventType":"PlayerLeft","data":{}}"#,
            ),
            (Way::Sent, 6, "<redacted>"),
            (
                Way::Received,
                6,
                r#"{"type":"SystemMessage","data":"again"}"#,
            ),
            (
                Way::Received,
                6,
                r#"{"type":"CommandResult","data":{},"commandId":1}"#,
            ),
        ];
        for (direction, at, frame) in lines {
            reading.take(&Recorded {
                at: Duration::from_secs(at),
                direction,
                frame: frame.to_owned(),
            });
        }
        let script = reading.script();
        assert!(script.login.unwrap().contains("Connection Succeeded"));
        assert_eq!(script.replies["player list"].len(), 1);
        assert_eq!(script.events.len(), 1);
        assert_eq!(script.events[0].after, Duration::from_secs(2));
        assert_eq!(script.events[0].name.as_deref(), Some("playerleft"));
    }
}
