//! The content of a transcript, in the order in which a replay needs it.

use super::frames::{Kind, Request, objects};
use crate::failure::Failure;
use crate::transcript::{Content, Recorded, Way, read};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

/// The beginning of a command that subscribes to an event.
pub(super) const SUBSCRIBE: &str = "websocket subscribe ";

/// The beginning of a command that ends a subscription.
pub(super) const UNSUBSCRIBE: &str = "websocket unsubscribe ";

/// The connections of a transcript, of which at least one exists. All times count from its first subscription.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) parts: Vec<Part>,
}

/// One connection of the transcript.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The time from which on a client can connect.
    pub(super) start: Duration,
    /// The time of the disconnection. `None` if the transcript ends before it.
    pub(super) end: Option<Duration>,
    /// The reply to the token.
    pub(super) login: Option<String>,
    /// The replies to each command line, in order.
    pub(super) replies: HashMap<String, Vec<String>>,
    pub(super) events: Vec<Timed>,
}

/// An event, or a notice without a name, which needs no subscription.
#[derive(Debug)]
pub(super) struct Timed {
    pub(super) at: Duration,
    /// In lower case.
    pub(super) name: Option<String>,
    pub(super) frame: String,
}

impl Script {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let mut reading = Reading::default();
        read(path, |recorded| reading.take(recorded))?;
        Ok(reading.script())
    }

    /// The replies to a line: those of this part, or else those of the nearest one before it, or else those of the next one.
    pub(super) fn replies(&self, part: usize, line: &str) -> Option<&[String]> {
        let (before, after) = self.parts.split_at_checked(part + 1)?;
        let mut parts = before.iter().rev().chain(after);
        parts.find_map(|part| part.replies.get(line).map(Vec::as_slice))
    }

    /// The reply to the token on the connection of a part.
    pub(super) fn login(&self, part: usize) -> Option<&str> {
        let own = self.parts.get(part)?.login.as_deref();
        own.or_else(|| self.parts.iter().find_map(|part| part.login.as_deref()))
    }
}

#[derive(Default)]
struct Reading {
    parts: Vec<Part>,
    part: Part,
    /// The server has sent something on the current connection.
    is_used: bool,
    /// The command lines of the current connection that have no reply.
    pending: HashMap<u32, String>,
    /// A token was sent, and the next notice is the reply to it.
    logging_in: bool,
    first_subscription: Option<Duration>,
}

impl Reading {
    fn take(&mut self, recorded: Recorded) {
        let at = recorded.at;
        match recorded.content {
            Content::Frame(Way::Sent, frame) => self.sent(at, &frame),
            Content::Frame(Way::Received, frame) => {
                for object in objects(&frame) {
                    self.received(at, object);
                }
            }
            Content::Disconnected => self.end(at),
        }
    }

    fn sent(&mut self, at: Duration, frame: &str) {
        if let Ok(Request { id, content }) = serde_json::from_str(frame) {
            self.pending.insert(id, content.trim().to_owned());
        } else {
            // The token of a new connection.
            self.end(at);
            self.part.start = at;
            self.logging_in = true;
        }
    }

    /// Ends the current connection. One on which the server has sent nothing is a part of the time without a connection.
    fn end(&mut self, at: Duration) {
        let mut part = std::mem::take(&mut self.part);
        if std::mem::take(&mut self.is_used) {
            part.end = Some(at);
            self.parts.push(part);
        }
        // The ids of the next connection begin again.
        self.pending.clear();
        self.logging_in = false;
    }

    fn received(&mut self, at: Duration, frame: &str) {
        let Some(kind) = Kind::of(frame) else {
            return;
        };
        self.is_used = true;
        let name = match kind {
            Kind::Reply(id) => {
                if let Some(line) = id.and_then(|id| self.pending.remove(&id)) {
                    if line.starts_with(SUBSCRIBE) {
                        self.first_subscription.get_or_insert(at);
                    }
                    let replies = self.part.replies.entry(line).or_default();
                    replies.push(frame.to_owned());
                }
                return;
            }
            Kind::Notice if std::mem::take(&mut self.logging_in) => {
                self.part.login = Some(frame.to_owned());
                return;
            }
            Kind::Notice => None,
            Kind::Event(name) => Some(name.to_ascii_lowercase()),
        };
        let frame = frame.to_owned();
        self.part.events.push(Timed { at, name, frame });
    }

    fn script(mut self) -> Script {
        if self.is_used || self.parts.is_empty() {
            self.parts.push(self.part);
        }
        let events = self.parts.iter().flat_map(|part| &part.events);
        let first_event = events.map(|event| event.at).next();
        let start = self.first_subscription.into_iter().chain(first_event).min();
        let start = start.unwrap_or_default();
        let mut parts: Vec<Part> = Vec::with_capacity(self.parts.len());
        for mut part in self.parts {
            // A connection that ended before the time begins cannot be repeated, but its replies can.
            if let Some(before) = parts.pop_if(|before| before.end.is_some_and(|end| end <= start))
            {
                for (line, mut replies) in before.replies {
                    let later = part.replies.remove(&line).unwrap_or_default();
                    replies.extend(later);
                    part.replies.insert(line, replies);
                }
                part.login = part.login.or(before.login);
            }
            parts.push(part);
        }
        for part in &mut parts {
            part.start = part.start.saturating_sub(start);
            part.end = part.end.map(|end| end.saturating_sub(start));
            for event in &mut part.events {
                event.at = event.at.saturating_sub(start);
            }
        }
        Script { parts }
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
            reading.take(Recorded {
                at: Duration::from_secs(at),
                content: Content::Frame(direction, frame.to_owned()),
            });
        }
        let script = reading.script();
        assert!(script.login(0).unwrap().contains("Connection Succeeded"));
        assert!(script.login(1).unwrap().contains("again"));
        let [first, second] = &script.parts[..] else {
            panic!("{script:?}");
        };
        assert_eq!(first.replies["player list"].len(), 1);
        assert_eq!(script.replies(1, "player list").unwrap().len(), 1);
        assert_eq!(script.replies(1, "player kick 7"), None);
        assert_eq!(first.events.len(), 1);
        assert_eq!(first.events[0].at, Duration::from_secs(2));
        assert_eq!(first.events[0].name.as_deref(), Some("playerleft"));
        // Without a line for the disconnection, it is at the next token.
        assert_eq!(first.end, Some(Duration::from_secs(3)));
        assert_eq!((second.start, second.end), (Duration::from_secs(3), None));
    }

    #[test]
    fn a_connection_without_a_frame_of_the_server_belongs_to_the_outage() {
        let mut reading = Reading::default();
        let frame = |way, text: &str| Content::Frame(way, text.to_owned());
        let notice = r#"{"type":"SystemMessage","data":"x"}"#;
        for (at, content) in [
            (0, Content::Disconnected),
            (1, frame(Way::Sent, "<redacted>")),
            (2, frame(Way::Received, notice)),
            (4, frame(Way::Received, notice)),
            (5, Content::Disconnected),
            (6, frame(Way::Sent, "<redacted>")),
            (7, Content::Disconnected),
            (8, frame(Way::Sent, "<redacted>")),
            (9, frame(Way::Received, notice)),
            (10, Content::Disconnected),
        ] {
            let at = Duration::from_secs(at);
            reading.take(Recorded { at, content });
        }
        let parts = reading.script().parts;
        let times = parts.iter().map(|part| {
            let seconds = |time: Duration| time.as_secs();
            (seconds(part.start), part.end.map(seconds))
        });
        // From the first event on.
        assert_eq!(times.collect::<Vec<_>>(), [(0, Some(1)), (4, Some(6))]);
    }

    #[test]
    fn a_transcript_without_frames_has_one_part() {
        assert_eq!(Reading::default().script().parts.len(), 1);
    }
}
