//! Replaces names, ids, addresses and tokens, the same ones by the same ones, over all recordings of a run.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Number, Value};

use super::names::invented;
use crate::Error;
use alta_model::Redactor;

/// Ids below this are roles, presets and the like, which are nobody's.
const FIRST_ID: u64 = 1_000;

/// Numbers from this on are taken for ids wherever they stand: no count is as large.
const LARGE_ID: u64 = 1_000_000;

/// Texts shorter than this are not looked for inside of others: they would be found everywhere.
const SHORTEST: usize = 3;

/// The same for numbers: a shorter one may be a year.
const SHORTEST_ID: usize = 5;

/// Names of roles and words of the game that are everybody's.
const COMMON: [&str; 4] = ["Member", "Moderator", "Owner", "Admin"];

/// Fields that hold a name or what somebody wrote.
const NAMES: [&str; 9] = [
    "name",
    "username",
    "first_name",
    "last_name",
    "description",
    "email",
    "new_username",
    "referral",
    "pod_name",
];

/// What the originals are replaced by.
#[derive(Default)]
struct Replacements {
    ids: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    addresses: BTreeMap<String, String>,
    tokens: BTreeMap<String, String>,
}

/// Replaces what was somebody's.
///
/// # Errors
///
/// If an original value would remain anywhere: then nothing may be written.
pub(super) fn scrub(values: Vec<Value>) -> Result<Vec<Value>, Error> {
    let mut found = Replacements::default();
    for value in &values {
        found.gather("", value);
    }
    found.invent(&Value::from(values.clone()).to_string());
    let values: Vec<Value> = values
        .into_iter()
        .map(|value| found.replace("", value))
        .collect();
    found.check(&values)?;
    Ok(values)
}

impl Replacements {
    /// Notes what is to be replaced.
    fn gather(&mut self, field: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if !is_region(fields) || name != "name" {
                        self.gather(name, value);
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|value| self.gather(field, value)),
            Value::Number(number) => {
                if is_id(field, number) {
                    self.ids.insert(number.to_string(), String::new());
                }
            }
            Value::String(text) => self.gather_text(field, text),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn gather_text(&mut self, field: &str, text: &str) {
        let none = String::new;
        if field == "path" {
            for segment in text.split('/') {
                self.gather_id(segment);
            }
            // A name stands behind `name`.
            if let Some(name) = text.split("/name/").nth(1) {
                let name = percent_decode_str(name).decode_utf8_lossy();
                self.names.insert(name.into_owned(), none());
            }
        } else if text.is_empty() || is_taken_out(text) {
        } else if is_secret(field) || text.starts_with("eyJ") {
            self.tokens.insert(text.to_owned(), none());
        } else if field.contains("address") || text.parse::<IpAddr>().is_ok() {
            if !is_loopback(text) {
                self.addresses.insert(text.to_owned(), none());
            }
        } else if NAMES.contains(&field.to_ascii_lowercase().as_str()) {
            if !COMMON.contains(&text) {
                self.names.insert(text.to_owned(), none());
            }
        } else {
            self.gather_id(text);
        }
    }

    fn gather_id(&mut self, text: &str) {
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_digits && text.parse::<u64>().is_ok_and(|id| id >= FIRST_ID) {
            self.ids.insert(text.to_owned(), String::new());
        }
    }

    /// Chooses replacements, none of which occurs in the originals.
    fn invent(&mut self, originals: &str) {
        let names: Vec<String> = self.names.keys().cloned().collect();
        let is_new = |text: &String| {
            let holds = |name: &String| find(text, name).is_some();
            !originals.contains(text.as_str()) && !names.iter().any(holds)
        };
        let mut next = 0_u64;
        for (id, replacement) in &mut self.ids {
            // As many digits, so that large ids stay large.
            let base = 10_u64.saturating_pow(u32::try_from(id.len() - 1).unwrap_or(0));
            let mut candidates =
                (next + 1..).map(|number| base.saturating_mul(7).saturating_add(number));
            let chosen = candidates
                .find(|id| is_new(&id.to_string()))
                .unwrap_or(base);
            next = chosen - base.saturating_mul(7);
            *replacement = chosen.to_string();
        }
        let mut names = (0..).map(invented).filter(is_new);
        let mut hosts = (1..)
            .map(|number| format!("203.0.113.{number}"))
            .filter(is_new);
        let mut tokens = (1..).map(|number| format!("<token {number}>"));
        for (map, source) in [
            (
                &mut self.names,
                &mut names as &mut dyn Iterator<Item = String>,
            ),
            (&mut self.addresses, &mut hosts),
            (&mut self.tokens, &mut tokens),
        ] {
            for replacement in map.values_mut() {
                *replacement = source.next().unwrap_or_default();
            }
        }
    }

    fn replace(&self, field: &str, value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let kept = is_region(&fields);
                let fields = fields.into_iter().map(|(name, value)| {
                    let value = if kept && name == "name" {
                        value
                    } else {
                        self.replace(&name, value)
                    };
                    (name, value)
                });
                Value::Object(fields.collect())
            }
            Value::Array(list) => list
                .into_iter()
                .map(|value| self.replace(field, value))
                .collect(),
            Value::Number(number) => self
                .ids
                .get(&number.to_string())
                .filter(|_| is_id(field, &number))
                .and_then(|id| Some(Value::from(id.parse::<u64>().ok()?)))
                .unwrap_or(Value::Number(number)),
            Value::String(text) if field == "path" => Value::String(self.replace_path(&text)),
            Value::String(text) => Value::String(self.replace_text(&text)),
            other => other,
        }
    }

    fn replace_path(&self, path: &str) -> String {
        let segments: Vec<String> = path
            .split('/')
            .map(|segment| {
                let decoded = percent_decode_str(segment).decode_utf8_lossy().into_owned();
                let replaced = self.replace_text(&decoded);
                if replaced == decoded {
                    segment.to_owned()
                } else {
                    utf8_percent_encode(&replaced, NON_ALPHANUMERIC).to_string()
                }
            })
            .collect();
        segments.join("/")
    }

    /// Replaces a whole text, or the originals within it.
    fn replace_text(&self, text: &str) -> String {
        let maps = [&self.tokens, &self.addresses, &self.names, &self.ids];
        if let Some(whole) = maps.iter().find_map(|map| map.get(text)) {
            return whole.clone();
        }
        // A token that stands in a sentence is nobody's field.
        let text = &*Redactor::new().redact(text);
        if is_taken_out(text) {
            return text.to_owned();
        }
        let all: Vec<_> = maps.into_iter().flatten().collect();
        let (mut replaced, mut rest) = (String::new(), text);
        // The first of them, the longest if several begin there; what is put in is not looked at again.
        while let Some((at, original, replacement)) = all
            .iter()
            .filter_map(|(original, replacement)| {
                Some((find(rest, original)?, *original, *replacement))
            })
            .min_by_key(|(at, original, _)| (*at, std::cmp::Reverse(original.len())))
        {
            replaced.push_str(&rest[..at]);
            replaced.push_str(replacement);
            rest = &rest[at + original.len()..];
        }
        replaced + rest
    }

    fn check(&self, values: &[Value]) -> Result<(), Error> {
        let mut texts = BTreeSet::new();
        for value in values {
            leaves(value, &mut texts);
        }
        let maps = [&self.tokens, &self.addresses, &self.names, &self.ids];
        for original in maps.into_iter().flat_map(BTreeMap::keys) {
            let mut texts = texts.iter();
            if texts.any(|text| text == original || find(text, original).is_some()) {
                return Err("a value of the service would remain in a recording".into());
            }
        }
        Ok(())
    }
}

/// Where an original stands inside of a text: a number not within another one.
fn find(text: &str, original: &str) -> Option<usize> {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let is_id = original.bytes().all(|byte| byte.is_ascii_digit());
    if original.len() < if is_id { SHORTEST_ID } else { SHORTEST } {
        return None;
    }
    text.match_indices(original).map(|(at, _)| at).find(|at| {
        let (before, after) = text.as_bytes().split_at(*at);
        !is_id || !(is_digit(before.last()) || is_digit(after.get(original.len())))
    })
}

/// All texts and numbers, as they stand and decoded.
fn leaves(value: &Value, texts: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|value| leaves(value, texts)),
        Value::Array(list) => list.iter().for_each(|value| leaves(value, texts)),
        Value::String(text) => {
            texts.insert(percent_decode_str(text).decode_utf8_lossy().into_owned());
            texts.insert(text.clone());
        }
        Value::Number(number) => {
            texts.insert(number.to_string());
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Whether a number is somebody's id, by its field or its size.
fn is_id(field: &str, number: &Number) -> bool {
    let field = field.to_ascii_lowercase();
    let is_named = ["id", "servers"].contains(&&*field)
        || ["_id", "_ids", "_by", "_user", "identifier"]
            .iter()
            .any(|end| field.ends_with(end));
    let first = if is_named { FIRST_ID } else { LARGE_ID };
    number.as_u64().is_some_and(|number| number >= first)
}

fn is_secret(field: &str) -> bool {
    let field = field.to_ascii_lowercase();
    ["token", "secret", "password", "hash", "device_id", "code"]
        .iter()
        .any(|word| field.contains(word))
        && field != "error_code"
        && field != "country_code"
}

/// Regions are everybody's.
fn is_region(fields: &Map<String, Value>) -> bool {
    fields.contains_key("country_code")
}

fn is_loopback(text: &str) -> bool {
    text == "localhost" || text.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether it is a place from which something was taken already.
fn is_taken_out(text: &str) -> bool {
    let text = text.strip_prefix("Bearer ").unwrap_or(text);
    text.starts_with('<') && text.ends_with(" access token>")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_known_by_their_fields_or_by_their_size() {
        let values = vec![json!({"response": {"body": {
            "created_by": 66_003, "user_ids": [66_003, 5], "assignee": 77_000_004, "percent": 66, "bytes": 999_999,
        }}})];
        let scrubbed = scrub(values).unwrap();
        let body = &scrubbed[0]["response"]["body"];
        assert!(body["created_by"] != 66_003 && body["created_by"] == body["user_ids"][0]);
        assert_ne!(body["assignee"], 77_000_004);
        assert_eq!(
            (&body["user_ids"][1], &body["percent"], &body["bytes"]),
            (&json!(5), &json!(66), &json!(999_999))
        );
    }

    #[test]
    fn originals_are_replaced_wherever_they_stand_and_the_same_by_the_same() {
        let values = vec![
            json!({
                "request": {"path": "/servers/name/Quill%27s%20town", "query": {"paginationToken": "g+44001"}},
                "response": {
                    "headers": {"paginationToken": "g+44001"},
                    "body": [{"id": 44_001, "name": "Quill's town", "owner_id": "55002", "role_id": 2, "address": "192.0.2.77",
                        "local_address": "127.0.0.1", "token": "eyJhbGciOi", "region": "australia-agones",
                        "description": "Ask Quill at 192.0.2.77", "up_time": "7.09:36:59", "player_count": 44_001}],
                },
            }),
            json!({"response": {"body": {"username": "Quill", "last_name": "der", "message": "no Quill's town for 55002"}}}),
        ];
        let scrubbed = scrub(values).err();
        // A count that happens to be an id cannot be told from it.
        assert!(scrubbed.is_some());

        let values = vec![
            json!({
                "request": {"path": "/servers/name/Quill%27s%20town", "query": {"paginationToken": "g+44001"}},
                "response": {
                    "headers": {"paginationToken": "g+44001"},
                    "body": [{"id": 44_001, "name": "Quill's town", "owner_id": "55002", "role_id": 2, "address": "192.0.2.77",
                        "local_address": "127.0.0.1", "token": "eyJhbGciOi", "region": "australia-agones",
                        "description": "Ask Quill at 192.0.2.77", "up_time": "7.09:36:59"}],
                },
            }),
            json!({"response": {"body": {"username": "Quill", "last_name": "der", "message": "no Quill's town for 55002"}}}),
        ];
        let scrubbed = scrub(values).unwrap();
        let text = Value::from(scrubbed.clone()).to_string();
        for original in ["44001", "55002", "Quill", "192.0.2.77", "eyJ"] {
            assert!(!text.contains(original), "{original} in {text}");
        }
        let body = &scrubbed[0]["response"]["body"][0];
        let name = body["name"].as_str().unwrap();
        assert_eq!(
            scrubbed[0]["request"]["path"],
            format!("/servers/name/{name}")
        );
        assert_eq!(
            scrubbed[0]["request"]["query"]["paginationToken"],
            scrubbed[0]["response"]["headers"]["paginationToken"]
        );
        assert_eq!(
            scrubbed[1]["response"]["body"]["message"],
            format!("no {name} for {}", body["owner_id"].as_str().unwrap())
        );
        assert_eq!(
            (
                &body["role_id"],
                &body["local_address"],
                &body["region"],
                &body["up_time"]
            ),
            (
                &json!(2),
                &json!("127.0.0.1"),
                &json!("australia-agones"),
                &json!("7.09:36:59")
            )
        );
    }
}
