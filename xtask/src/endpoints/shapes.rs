//! The ways in which a call can fail, each of which must have a fixture.

use crate::fixture::Fixture;
use serde_json::Value;

/// A kind of error, and a test for a reply of that kind.
type Shape = (&'static str, fn(&Value) -> bool);

const SHAPES: [Shape; 11] = [
    ("400 with a message and a code", |reply| {
        is(reply, 400)
            && reply["body"]["message"].is_string()
            && reply["body"]["error_code"].is_string()
    }),
    ("401", |reply| is(reply, 401)),
    ("403", |reply| is(reply, 403)),
    ("404", |reply| is(reply, 404)),
    ("405", |reply| is(reply, 405)),
    ("429", |reply| is(reply, 429)),
    ("500 with HTML", |reply| is(reply, 500) && is_html(reply)),
    ("502", |reply| is(reply, 502)),
    ("an empty body in place of a value", |reply| {
        is(reply, 200) && reply["body"].is_null()
    }),
    ("a truncated body", |reply| reply["transfer"] == "cut"),
    ("HTML in place of JSON", |reply| {
        is(reply, 200) && is_html(reply)
    }),
];

/// The kinds without a fixture.
pub(super) fn missing(fixtures: &[Fixture]) -> Vec<String> {
    SHAPES
        .iter()
        .filter(|(_, fits)| {
            let mut replies = fixtures
                .iter()
                .map(|fixture| &fixture.recording["response"]);
            !replies.any(fits)
        })
        .map(|(name, _)| format!("no fixture of {name}"))
        .collect()
}

fn is(reply: &Value, status: u16) -> bool {
    reply["status"] == status
}

fn is_html(reply: &Value) -> bool {
    let kind = reply["headers"]["content-type"]
        .as_str()
        .unwrap_or_default();
    kind.starts_with("text/html") && reply["body"].is_string()
}
