//! The samples and constructed exchanges that every frame is built from.
//!
//! Nothing here is shared with the client crates: a field name that the client misspells meets the attested one.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::json::Node;

macro_rules! recordings {
    ($($name:literal,)*) => {
        const ALL: &[(&str, &str)] = &[$(($name, include_str!(concat!("../recordings/", $name, ".json")))),*];
    };
}

recordings! {
    "console/auth-accepted",
    "console/auth-refused",
    "console/auth-wrong-token-silence",
    "console/check-stat",
    "console/command-not-found",
    "console/double-answers",
    "console/event-atm-balance-changed",
    "console/event-command-executed",
    "console/event-info-log",
    "console/event-inventory-changed",
    "console/event-object-killed",
    "console/event-player-joined-2",
    "console/event-player-joined",
    "console/event-player-killed-by-player",
    "console/event-player-left",
    "console/event-player-moved-chunk",
    "console/event-population-modified",
    "console/event-sequence-death",
    "console/event-social-tablet",
    "console/event-state-customization",
    "console/event-trade-deck-used",
    "console/event-unknown",
    "console/file-download-result",
    "console/late-answers-after-load",
    "console/numeric-enums",
    "console/player-kill-result",
    "console/player-list",
    "console/result-string-exception",
    "console/select-find",
    "console/spawn-string-raw",
    "console/subscribe-not-found",
    "console/subscribe-success",
    "console/subscribe-unchanged",
    "console/websocket-subscriptions",
    "main-ws/batch-subscribe-failures",
    "main-ws/error-teapot",
    "main-ws/event-group-member-update",
    "main-ws/event-group-server-heartbeat",
    "main-ws/event-group-server-status-player-name",
    "main-ws/event-group-server-status",
    "main-ws/event-group-update",
    "main-ws/event-me-group-create",
    "main-ws/event-me-group-delete",
    "main-ws/event-me-group-invite-create",
    "main-ws/infrastructure-error",
    "main-ws/migrate-answer-without-id",
    "main-ws/migrate-refused",
    "main-ws/migrate",
    "main-ws/subscribe-not-found",
    "main-ws/subscribe",
    "main-ws/text-ping",
    "main-ws/unsubscribe-me-invite",
    "main-ws/unsubscribe",
    "rest/bad-request-model",
    "rest/console-access-allowed",
    "rest/console-access-forbidden",
    "rest/console-access-offline",
    "rest/console-access-townsharp",
    "rest/console-servers",
    "rest/friend-add",
    "rest/friends",
    "rest/group-bans",
    "rest/group-by-id",
    "rest/group-create",
    "rest/group-join-requests",
    "rest/group-member",
    "rest/group-members",
    "rest/group-outgoing-invites",
    "rest/invite-accept",
    "rest/invite-player",
    "rest/invite-reject",
    "rest/join-request-accept-405",
    "rest/join-request-accept",
    "rest/joined-groups-page-1",
    "rest/joined-groups-page-2",
    "rest/joined-groups",
    "rest/my-invites",
    "rest/permission-check",
    "rest/regions",
    "rest/server-by-id",
    "rest/server-by-id-2023",
    "rest/servers-by-name",
    "rest/session-login-refused",
    "rest/session-login",
    "rest/session-refresh",
    "rest/token-client-credentials",
    "rest/token-invalid-client",
    "rest/uninvite-player",
    "rest/user-by-id",
    "rest/user-search-by-name",
}

/// A fixture, taken apart.
#[derive(Debug)]
struct Recording {
    /// The body of a REST answer.
    body: Node,
    /// The frames that the server sent.
    frames: Vec<Node>,
    /// The contents of those frames that hold JSON as text.
    contents: Vec<Node>,
}

static NOTHING: Recording = Recording {
    body: Node::Null,
    frames: Vec::new(),
    contents: Vec::new(),
};

/// All fixtures, parsed once.
static PARSED: LazyLock<HashMap<&'static str, Recording>> = LazyLock::new(|| {
    ALL.iter()
        .filter_map(|(name, text)| Some((*name, Recording::parse(text)?)))
        .collect()
});

impl Recording {
    fn parse(text: &str) -> Option<Self> {
        let file = Node::parse(text)?;
        let frames: Vec<Node> = file
            .get("frames")
            .map_or(&[][..], Node::as_list)
            .iter()
            .filter(|frame| frame.get("direction").and_then(Node::as_str) == Some("server"))
            .map(|frame| {
                frame
                    .get("text")
                    .and_then(Node::as_str)
                    .and_then(Node::parse)
                    .unwrap_or(Node::Null)
            })
            .collect();
        let content = |frame: &Node| {
            frame
                .get("content")
                .and_then(Node::as_str)
                .and_then(Node::parse)
        };
        Some(Self {
            body: file
                .get("response")
                .and_then(|answer| answer.get("body"))
                .cloned()
                .unwrap_or(Node::Null),
            contents: frames
                .iter()
                .map(|frame| content(frame).unwrap_or(Node::Null))
                .collect(),
            frames,
        })
    }
}

/// A fixture as a whole.
fn recording(name: &str) -> &'static Recording {
    let found = PARSED.get(name);
    debug_assert!(found.is_some(), "there is no recording {name}");
    found.unwrap_or(&NOTHING)
}

/// The body of a fixture's REST answer.
pub(crate) fn rest_body(name: &str) -> Node {
    recording(&format!("rest/{name}")).body.clone()
}

/// The first item of a fixture's REST answer that is a list.
pub(crate) fn rest_item(name: &str) -> Node {
    first(recording(&format!("rest/{name}")).body.as_list())
}

fn first(nodes: &[Node]) -> Node {
    nodes.first().cloned().unwrap_or(Node::Null)
}

/// The `nth` frame that the server sent in a fixture of a console (from 0).
pub(crate) fn console(name: &str, nth: usize) -> Node {
    recording(&format!("console/{name}"))
        .frames
        .get(nth)
        .cloned()
        .unwrap_or(Node::Null)
}

/// The `data` of a frame in a fixture of a console.
pub(crate) fn console_data(name: &str, nth: usize) -> Node {
    let frame = recording(&format!("console/{name}")).frames.get(nth);
    frame
        .and_then(|frame| frame.get("data"))
        .cloned()
        .unwrap_or(Node::Null)
}

/// The `nth` frame that the server sent in a fixture of the main websocket (from 0).
pub(crate) fn main_socket(name: &str, nth: usize) -> Node {
    recording(&format!("main-ws/{name}"))
        .frames
        .get(nth)
        .cloned()
        .unwrap_or(Node::Null)
}

/// What the first such frame holds, decoded from its text.
pub(crate) fn main_content(name: &str) -> Node {
    first(&recording(&format!("main-ws/{name}")).contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recording_can_be_read() {
        assert_eq!(PARSED.len(), ALL.len());
    }

    #[test]
    fn every_recorded_server_frame_is_json() {
        for (name, recording) in PARSED.iter() {
            assert!(!recording.frames.contains(&Node::Null), "{name}");
            assert!(
                name.starts_with("rest/")
                    || name.contains("silence")
                    || !recording.frames.is_empty(),
                "{name}"
            );
        }
    }
}
