use crate::wire::json::Node;
use crate::wire::{lenient, main_content, main_socket};
use serde_json::Value;

/// A request on the main websocket.
pub(super) struct Request {
    pub(super) id: Node,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) authorization: Option<String>,
    pub(super) content: Value,
}

impl Request {
    /// Parses a text frame as leniently as REST parses bodies: single quotes, numbers in strings, names in any letter case.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let frame = lenient::parse(text.as_bytes())?;
        let text = |name: &str| lenient::text(&frame, name).map(str::to_owned);
        Some(Self {
            id: lenient::number(lenient::member(&frame, "id"))?.into(),
            method: text("method")?,
            path: text("path")?,
            authorization: text("authorization"),
            content: lenient::member(&frame, "content")
                .cloned()
                .unwrap_or_default(),
        })
    }

    /// The content, which is JSON or a string that holds JSON.
    pub(super) fn json_content(&self) -> Value {
        match &self.content {
            Value::String(text) => lenient::parse(text.as_bytes()).unwrap_or_default(),
            other => other.clone(),
        }
    }
}

/// A reply on the main websocket: a status, and the content as a string.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content: String,
}

impl Reply {
    /// 200 with this content.
    pub(super) fn ok(content: impl Into<String>) -> Self {
        Self {
            status: 200,
            content: content.into(),
        }
    }

    /// The error in a sample.
    pub(super) fn sample(name: &str) -> Self {
        let frame = main_socket(name, 0);
        let status = frame
            .get("responseCode")
            .map_or(400, |code| code.to_string().parse().unwrap_or(400));
        let content = frame
            .get("content")
            .and_then(Node::as_str)
            .unwrap_or_default()
            .to_owned();
        Self { status, content }
    }

    /// An error with this message and error code.
    pub(super) fn error(status: u16, message: &str, code: &str) -> Self {
        let content = main_content("subscribe-not-found");
        Self {
            status,
            content: content
                .with("message", message)
                .with("error_code", code)
                .to_string(),
        }
    }
}
