//! The record of everything that clients sent.

use bytes::Bytes;
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A service that clients connect to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Service {
    /// The token endpoint, REST and file downloads.
    Http,
    /// The main websocket.
    MainSocket,
    /// The console of the server with this id.
    Console(u64),
}

/// An entry of the journal: one action of a client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received {
    /// The number of the entry, from 0.
    pub number: u64,
    /// The time since the service started.
    pub at: Duration,
    /// The service that the client used.
    pub service: Service,
    /// The id of the connection, unique over all services.
    pub connection: u64,
    /// The action.
    pub action: ClientAction,
}

/// An action of a client.
#[derive(Clone)]
#[non_exhaustive]
pub enum ClientAction {
    /// An HTTP request, after its whole body was received.
    Request(HttpRequest),
    /// An accepted websocket handshake, with the headers of the upgrade request.
    Opened(Vec<(String, String)>),
    /// A refused websocket handshake, with the status and the headers of the upgrade request.
    Refused(u16, Vec<(String, String)>),
    /// The token of a console: the first text frame on its connection.
    Token(String),
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Bytes),
    /// A websocket ping.
    Ping,
    /// The end of the connection, with the client's close code, if it sent one.
    Closed(Option<u16>),
}

/// An HTTP request as received.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct HttpRequest {
    /// `GET`, `POST`, ...
    pub method: String,
    /// As sent: encoded, in the client's letter case.
    pub path: String,
    /// As sent, without the question mark; empty if there is none.
    pub query: String,
    /// Names and values; names are in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
}

impl HttpRequest {
    /// The value of a header; its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Received {
    /// The HTTP request, if the entry is one.
    pub fn request(&self) -> Option<&HttpRequest> {
        match &self.action {
            ClientAction::Request(request) => Some(request),
            _ => None,
        }
    }

    /// Returns whether the entry is an HTTP request with this method and a path that ends so, in any letter case.
    pub fn is_request(&self, method: &str, path_end: &str) -> bool {
        self.request().is_some_and(|request| {
            request.method == method
                && request
                    .path
                    .to_ascii_lowercase()
                    .ends_with(&path_end.to_ascii_lowercase())
        })
    }

    /// The text of a text frame; `None` for a console's token.
    pub fn text(&self) -> Option<&str> {
        match &self.action {
            ClientAction::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The line of a console command, which is the `content` of its frame.
    pub fn command(&self) -> Option<String> {
        if !matches!(self.service, Service::Console(_)) {
            return None;
        }
        let frame: Value = serde_json::from_str(self.text()?).ok()?;
        Some(frame.get("content")?.as_str()?.to_owned())
    }

    /// `METHOD path` of a request on the main websocket.
    pub fn socket_request(&self) -> Option<String> {
        if self.service != Service::MainSocket {
            return None;
        }
        let frame: Value = serde_json::from_str(self.text()?).ok()?;
        Some(format!(
            "{} {}",
            frame.get("method")?.as_str()?,
            frame.get("path")?.as_str()?
        ))
    }
}

const HIDDEN: &str = "<redacted>";

/// Hides tokens and passwords.
impl fmt::Debug for ClientAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(request) => f.debug_tuple("Request").field(request).finish(),
            Self::Opened(headers) => f.debug_tuple("Opened").field(&visible(headers)).finish(),
            Self::Refused(status, headers) => f
                .debug_tuple("Refused")
                .field(status)
                .field(&visible(headers))
                .finish(),
            Self::Token(_) => f.debug_tuple("Token").field(&HIDDEN).finish(),
            Self::Text(text) => f
                .debug_tuple("Text")
                .field(&without_authorization(text))
                .finish(),
            Self::Binary(bytes) => f.debug_tuple("Binary").field(&bytes.len()).finish(),
            Self::Ping => f.write_str("Ping"),
            Self::Closed(code) => f.debug_tuple("Closed").field(code).finish(),
        }
    }
}

/// Hides tokens and passwords.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = ["/connect/", "sessions", "users"]
            .iter()
            .any(|part| self.path.to_ascii_lowercase().contains(part));
        let body = if login && !self.body.is_empty() {
            HIDDEN.to_owned()
        } else {
            self.body_text()
        };
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("headers", &visible(&self.headers))
            .field("body", &body)
            .finish()
    }
}

fn visible(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    let show = |(name, value): &'_ (String, String)| {
        name == "authorization" || value.starts_with("Bearer ")
    };
    headers
        .iter()
        .map(|header| {
            (
                header.0.as_str(),
                if show(header) {
                    HIDDEN
                } else {
                    header.1.as_str()
                },
            )
        })
        .collect()
}

/// A frame of the main websocket without its token; other frames unchanged.
fn without_authorization(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(mut frame)) if frame.contains_key("authorization") => {
            frame.insert("authorization".to_owned(), HIDDEN.into());
            Value::Object(frame).to_string()
        }
        _ => text.to_owned(),
    }
}

/// The newest entries; when the limit is reached, the older half is dropped. With a limit of 0, there are none.
///
/// It has a lock of its own, and readers get a snapshot: they may use the service while they read.
#[derive(Debug)]
pub(super) struct Journal {
    kept: Mutex<Kept>,
    limit: usize,
}

#[derive(Debug)]
struct Kept {
    entries: Arc<Vec<Received>>,
    next: u64,
}

impl Journal {
    pub(super) fn new(limit: usize) -> Self {
        let kept = Kept {
            entries: Arc::default(),
            next: 0,
        };
        Self {
            kept: Mutex::new(kept),
            limit: if limit == 0 { 0 } else { limit.max(2) },
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.limit > 0
    }

    pub(super) fn add(
        &self,
        at: Duration,
        service: Service,
        connection: u64,
        action: ClientAction,
    ) {
        if self.limit == 0 {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let number = kept.next;
        kept.next += 1;
        // Copies only while a snapshot exists.
        let entries = Arc::make_mut(&mut kept.entries);
        if entries.len() >= self.limit {
            entries.drain(..self.limit / 2);
        }
        entries.push(Received {
            number,
            at,
            service,
            connection,
            action,
        });
    }

    pub(super) fn entries(&self) -> Arc<Vec<Received>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&kept.entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_no_token() {
        let frame =
            r#"{"id":1,"method":"POST","path":"subscription/a/1","authorization":"Bearer secret"}"#;
        let request = HttpRequest {
            method: "POST".to_owned(),
            path: "/connect/token".to_owned(),
            query: String::new(),
            headers: vec![("authorization".to_owned(), "Basic secret".to_owned())],
            body: Bytes::from_static(b"client_secret=secret"),
        };
        let shown = format!(
            "{:?} {:?} {:?} {request:?}",
            ClientAction::Token("secret".to_owned()),
            ClientAction::Text(frame.to_owned()),
            ClientAction::Opened(request.headers.clone()),
        );
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn the_journal_drops_the_oldest_entries_at_its_limit() {
        let journal = Journal::new(4);
        for _ in 0..5 {
            journal.add(Duration::ZERO, Service::Http, 1, ClientAction::Ping);
        }
        let numbers: Vec<u64> = journal.entries().iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, [2, 3, 4]);
        let none = Journal::new(0);
        none.add(Duration::ZERO, Service::Http, 1, ClientAction::Ping);
        assert!(none.entries().is_empty());
    }
}
