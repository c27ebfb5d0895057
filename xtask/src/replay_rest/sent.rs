//! Compares the requests with the fixture.

use super::recorded::{PAGING, Recorded};
use super::server::Sent;
use alta_model::Permission;
use serde_json::{Map, Value};

/// The differences between our requests and the fixture's, except the normalizations of `fixtures/README.md`. The request must be
/// sent once, and nothing else except requests that lead to it or follow from its reply.
pub(super) fn problems(recorded: &Recorded, received: &[Sent]) -> Vec<String> {
    let path = recorded.path();
    let wanted = &recorded.request;
    let (matching, others): (Vec<&Sent>, Vec<&Sent>) = received.iter().partition(|sent| {
        sent.method == wanted.method
            && sent.url.path() == path
            && value(sent, PAGING).as_ref() == wanted.query.get(PAGING)
    });
    let shown = |sent: &Sent| format!("{} {}", sent.method, sent.url);
    let [sent] = matching[..] else {
        let list: Vec<String> = received.iter().map(shown).collect();
        return vec![format!(
            "{} {path} was sent {} times: {list:?}",
            wanted.method,
            matching.len()
        )];
    };
    let mut problems: Vec<String> = others
        .into_iter()
        .filter(|sent| !belongs(recorded, sent))
        .map(|sent| format!("{} was also sent", shown(sent)))
        .collect();
    compare_queries(recorded, sent, &mut problems);
    compare_headers(recorded, sent, &mut problems);
    compare_bodies(recorded, sent, &mut problems);
    problems
}

/// Returns whether another request belongs to the fixture's.
fn belongs(recorded: &Recorded, sent: &Sent) -> bool {
    let (wanted, path) = (&recorded.request, sent.url.path());
    let is_paged = wanted.query.contains_key(PAGING)
        || recorded
            .response
            .headers
            .keys()
            .any(|name| name.eq_ignore_ascii_case(PAGING));
    let is_page = sent.method == wanted.method && path == recorded.path();
    let is_session = wanted.method == "PUT" && wanted.path == "/sessions";
    (is_paged && is_page) || (is_session && sent.method == "POST" && path == "/api/sessions")
}

fn pairs(sent: &Sent) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = sent.url.query_pairs().into_owned().collect();
    pairs.sort();
    pairs
}

fn value(sent: &Sent, wanted: &str) -> Option<String> {
    let mut pairs = sent.url.query_pairs();
    let (_, value) = pairs.find(|(name, _)| name == wanted)?;
    Some(value.into_owned())
}

fn compare_queries(recorded: &Recorded, sent: &Sent, problems: &mut Vec<String>) {
    let wanted = &recorded.request.query;
    let mut got = pairs(sent);
    // Our lists always request a page size; not every source does.
    if !wanted.contains_key("limit") {
        got.retain(|(name, _)| name != "limit");
    }
    if !got.iter().map(|(name, value)| (name, value)).eq(wanted) {
        problems.push(format!("the query is {got:?}, expected {wanted:?}"));
    }
}

fn compare_headers(recorded: &Recorded, sent: &Sent, problems: &mut Vec<String>) {
    for (name, wanted) in &recorded.request.headers {
        let got = sent.headers.get(&name.to_ascii_lowercase());
        if got != Some(wanted) {
            problems.push(format!("the header {name} is {got:?}, expected {wanted:?}"));
        }
    }
    if recorded.authorization().is_none() && sent.headers.contains_key("authorization") {
        problems.push("the header authorization is sent, and is not in the fixture".to_owned());
    }
    // Some proxies refuse requests without it.
    if sent.headers.get("user-agent").is_none_or(String::is_empty) {
        problems.push("the header user-agent is missing".to_owned());
    }
}

fn compare_bodies(recorded: &Recorded, sent: &Sent, problems: &mut Vec<String>) {
    let text = String::from_utf8_lossy(&sent.body);
    let is_same = match &recorded.request.body {
        Value::Null => text.is_empty(),
        // A form is compared byte by byte, JSON by its values.
        Value::String(wanted) => {
            *wanted == text
                || serde_json::from_str::<Value>(wanted).is_ok_and(|wanted| is_json(&text, wanted))
        }
        wanted => is_json(&text, wanted.clone()),
    };
    if !is_same {
        problems.push(format!(
            "the body, expected and sent:\n- {}\n+ {text}",
            recorded.request.body
        ));
    }
}

fn is_json(text: &str, wanted: Value) -> bool {
    serde_json::from_str(text).is_ok_and(|mut got: Value| {
        // Our types always write these fields; a fixture may omit them if they are empty.
        if let (Value::Object(got), Value::Object(wanted)) = (&mut got, &wanted) {
            got.retain(|name, value| *value != "" || wanted.contains_key(name));
        }
        normal(got) == normal(wanted)
    })
}

/// A body with py-tale's forms converted to ours: bools in strings, permissions by number.
fn normal(body: Value) -> Value {
    let Value::Object(fields) = body else {
        return body;
    };
    let fields = fields.into_iter().map(|(name, value)| {
        let value = match (name.as_str(), value) {
            ("should_launch" | "ignore_offline", Value::String(text)) => {
                text.parse().map_or(Value::String(text), Value::Bool)
            }
            ("permissions", list @ Value::Array(_)) => {
                serde_json::from_value::<Vec<Permission>>(list.clone())
                    .ok()
                    .and_then(|list| serde_json::to_value(list).ok())
                    .unwrap_or(list)
            }
            (_, value) => value,
        };
        (name, value)
    });
    Value::Object(fields.collect::<Map<_, _>>())
}
