//! The differences between replays and fixtures, each with its reason. The lists are exact: an entry that is not needed is a
//! problem too.

use super::play::Play;
use super::side::Side::{self, Client, Server};
use serde_json::Value;

/// The difference between a frame of our client and that of the fixture's client.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ours {
    /// The same request, written in another way: this function converts the fixture's.
    Rewritten(fn(&mut Value)),
    /// Our client does not send it; the server's frames are played as if it had.
    Nothing,
}

/// A frame that our client sends in another way than the fixture's.
#[derive(Debug)]
pub(super) struct Departure {
    pub(super) recording: &'static str,
    /// Its position in the fixture.
    pub(super) frame: usize,
    /// The interface with the difference; both if `None`.
    pub(super) play: Option<Play>,
    pub(super) ours: Ours,
    /// The reason.
    pub(super) reason: &'static str,
}

pub(super) const DEPARTURES: &[Departure] = &[
    Departure {
        recording: "console/double-replies",
        frame: 1,
        play: None,
        ours: Ours::Nothing,
        reason: "ours sends no command before the reply to the token; this fixture is the reason",
    },
    Departure {
        recording: "console/player-kill-result",
        frame: 0,
        play: Some(Play::Typed),
        ours: Ours::Rewritten(|frame| frame["content"] = r#"player kill "Ashwick""#.into()),
        reason: "ours always writes a name in quotes",
    },
    Departure {
        recording: "console/result-string-exception",
        frame: 0,
        play: Some(Play::Typed),
        ours: Ours::Rewritten(|frame| {
            frame["content"] = r#"player check-stat "Nobody" health"#.into();
        }),
        reason: "ours always writes a name in quotes",
    },
    Departure {
        recording: "main-ws/text-ping",
        frame: 0,
        play: None,
        ours: Ours::Nothing,
        reason: "ours pings as the websocket protocol does",
    },
];

/// The difference of our client for a frame, if there is one.
pub(super) fn departure(recording: &str, frame: usize, play: Play) -> Option<&'static Departure> {
    DEPARTURES
        .iter()
        .find(|departure| departure.recording == recording && departure.frame == frame)
        .filter(|departure| departure.play.is_none_or(|only| only == play))
}

/// A frame that a fixture omits before its `frame`.
pub(super) struct Missing {
    pub(super) recording: &'static str,
    pub(super) frame: usize,
    pub(super) from: Side,
    pub(super) text: &'static str,
}

const fn missing(recording: &'static str, frame: usize, from: Side, text: &'static str) -> Missing {
    Missing {
        recording,
        frame,
        from,
        text,
    }
}

/// Requests for replies that a fixture contains without their requests.
pub(super) const MISSING: &[Missing] = &[
    missing("console/numeric-enums", 0, Client, "<console token>"),
    missing(
        "console/numeric-enums",
        1,
        Client,
        r#"{"id":1,"content":"websocket subscribe PlayerJoined"}"#,
    ),
    missing(
        "main-ws/error-teapot",
        0,
        Client,
        r#"{"id":1,"method":"GET","path":"coffee","authorization":"Bearer <bot access token>"}"#,
    ),
    // With one request in flight, an error without an id belongs to it.
    missing(
        "main-ws/infrastructure-error",
        0,
        Client,
        r#"{"id":1,"method":"GET","path":"coffee","authorization":"Bearer <bot access token>"}"#,
    ),
    // The first half of these migrations, as in main-ws/migrate.
    missing(
        "main-ws/migrate-reply-without-id",
        0,
        Client,
        r#"{"id":6,"path":"migrate","method":"GET","authorization":"Bearer <bot access token>"}"#,
    ),
    missing(
        "main-ws/migrate-reply-without-id",
        0,
        Server,
        r#"{"id":6,"event":"response","key":"GET /ws/migrate","content":"{\"token\":\"<migration token>\"}","responseCode":200}"#,
    ),
    missing(
        "main-ws/migrate-refused",
        0,
        Client,
        r#"{"id":7,"path":"migrate","method":"GET","authorization":"Bearer <bot access token>"}"#,
    ),
    missing(
        "main-ws/migrate-refused",
        0,
        Server,
        r#"{"id":7,"event":"response","key":"GET /ws/migrate","content":"{\"token\":\"<stale token>\"}","responseCode":200}"#,
    ),
];

/// The frames to insert before a frame of a fixture.
pub(super) fn missing_before(
    recording: &str,
    frame: usize,
) -> impl Iterator<Item = (Side, &'static str)> {
    MISSING
        .iter()
        .filter(move |missing| missing.recording == recording && missing.frame == frame)
        .map(|missing| (missing.from, missing.text))
}
