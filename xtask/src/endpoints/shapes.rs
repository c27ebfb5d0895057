//! The ways in which a call can fail, each of which must have a fixture.

use serde_json::Value;

use crate::fixtures::Fixture;

/// A kind of error, and whether an answer is one.
type Shape = (&'static str, fn(&Value) -> bool);

const SHAPES: [Shape; 11] = [
    ("400 with words and a code", |answer| {
        is(answer, 400)
            && answer["body"]["message"].is_string()
            && answer["body"]["error_code"].is_string()
    }),
    ("401", |answer| is(answer, 401)),
    ("403", |answer| is(answer, 403)),
    ("404", |answer| is(answer, 404)),
    ("405", |answer| is(answer, 405)),
    ("429", |answer| is(answer, 429)),
    ("500 with HTML", |answer| is(answer, 500) && is_html(answer)),
    ("502", |answer| is(answer, 502)),
    ("an empty body where there should be one", |answer| {
        is(answer, 200) && answer["body"].is_null()
    }),
    ("a body that is cut", |answer| answer["transfer"] == "cut"),
    ("HTML in place of JSON", |answer| {
        is(answer, 200) && is_html(answer)
    }),
];

/// The kinds of which there is no fixture.
pub(super) fn missing(fixtures: &[Fixture]) -> Vec<String> {
    SHAPES
        .iter()
        .filter(|(_, fits)| {
            let mut answers = fixtures
                .iter()
                .map(|fixture| &fixture.recording["response"]);
            !answers.any(fits)
        })
        .map(|(name, _)| format!("no recording of {name}"))
        .collect()
}

fn is(answer: &Value, status: u16) -> bool {
    answer["status"] == status
}

fn is_html(answer: &Value) -> bool {
    let kind = answer["headers"]["content-type"]
        .as_str()
        .unwrap_or_default();
    kind.starts_with("text/html") && answer["body"].is_string()
}
