//! Finds personal values and chooses their replacements.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use pytale::model::Redactor;
use serde_json::{Map, Number, Value};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Smaller ids are those of roles, presets and the like, which are public.
pub(super) const FIRST_ID: u64 = 1_000;

/// Numbers from this on count as ids in every field: no count is as large.
const LARGE_ID: u64 = 1_000_000;

/// Shorter originals are not searched for inside strings: they would match everywhere.
const SHORTEST: usize = 3;

/// The same for numbers: a shorter one can be a year.
const SHORTEST_ID: usize = 5;

/// Public names of roles.
const PUBLIC: [&str; 4] = ["Member", "Moderator", "Owner", "Admin"];

/// Fields that hold a name or free text of a person.
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

/// The originals, each with its replacement.
#[derive(Default)]
pub(super) struct Replacements {
    ids: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    addresses: BTreeMap<String, String>,
    tokens: BTreeMap<String, String>,
}

impl Replacements {
    /// Finds all originals in these values and chooses a replacement for each.
    pub(super) fn of(values: &[Value]) -> Self {
        Self::except(values, |_| false)
    }

    /// The same, without the names that are public.
    pub(super) fn except(values: &[Value], is_public: impl Fn(&str) -> bool) -> Self {
        let mut found = Self::default();
        for value in values {
            found.gather("", value);
        }
        found.names.retain(|name, _| !is_public(name));
        found.choose(&Value::from(values).to_string());
        found
    }

    fn gather(&mut self, field: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if !(is_region(fields) && name == "name") {
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
            Value::String(text) => match nested(text) {
                Some(inner) => self.gather(field, &inner),
                None => self.gather_text(field, text),
            },
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn gather_text(&mut self, field: &str, text: &str) {
        let none = String::new;
        if field == "path" {
            for segment in text.split('/') {
                self.gather_id(segment);
            }
            // A name follows `name`.
            if let Some(name) = text.split("/name/").nth(1) {
                let name = percent_decode_str(name).decode_utf8_lossy();
                self.names.insert(name.into_owned(), none());
            }
        } else if text.is_empty() || is_placeholder(text) {
        } else if is_secret(field) || text.starts_with("eyJ") {
            self.tokens.insert(text.to_owned(), none());
        } else if field.contains("address") || text.parse::<IpAddr>().is_ok() {
            if !is_loopback(text) {
                self.addresses.insert(text.to_owned(), none());
            }
        } else if NAMES.contains(&field.to_ascii_lowercase().as_str()) {
            if !PUBLIC.contains(&text) {
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

    /// Chooses replacements that do not occur in the originals.
    fn choose(&mut self, originals: &str) {
        let names: Vec<String> = self.names.keys().cloned().collect();
        let is_new = |text: &String| {
            let holds = |name: &String| find(text, name).is_some();
            !originals.contains(text.as_str()) && !names.iter().any(holds)
        };
        let mut last = 0_u64;
        for (id, replacement) in &mut self.ids {
            // As many digits as the original, so that large ids stay large.
            let digits = u32::try_from(id.len() - 1).unwrap_or(0);
            let base = 10_u64.saturating_pow(digits).saturating_mul(7);
            let mut candidates = (last + 1..).map(|number| base.saturating_add(number));
            let chosen = candidates.find(|id| is_new(&id.to_string()));
            let chosen = chosen.unwrap_or(base);
            last = chosen - base;
            *replacement = chosen.to_string();
        }
        let mut names = (0..).map(invented_name).filter(is_new);
        let mut hosts = (1..)
            .map(|number| format!("203.0.113.{number}"))
            .filter(is_new);
        let mut tokens = (1..).map(|number| format!("<token {number}>"));
        let sources: [(_, &mut dyn Iterator<Item = String>); 3] = [
            (&mut self.names, &mut names),
            (&mut self.addresses, &mut hosts),
            (&mut self.tokens, &mut tokens),
        ];
        for (map, source) in sources {
            for replacement in map.values_mut() {
                *replacement = source.next().unwrap_or_default();
            }
        }
    }

    pub(super) fn replace(&self, value: Value) -> Value {
        self.replace_in("", value)
    }

    fn replace_in(&self, field: &str, value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let keeps_name = is_region(&fields);
                let replace = |(name, value): (String, Value)| {
                    let value = if keeps_name && name == "name" {
                        value
                    } else {
                        self.replace_in(&name, value)
                    };
                    (name, value)
                };
                Value::Object(fields.into_iter().map(replace).collect())
            }
            Value::Array(list) => list
                .into_iter()
                .map(|value| self.replace_in(field, value))
                .collect(),
            Value::Number(number) => self
                .ids
                .get(&number.to_string())
                .filter(|_| is_id(field, &number))
                .and_then(|id| Some(Value::from(id.parse::<u64>().ok()?)))
                .unwrap_or(Value::Number(number)),
            Value::String(text) => Value::String(match nested(&text) {
                Some(inner) => self.replace_in(field, inner).to_string(),
                None if field == "path" => self.replace_path(&text),
                None => self.replace_text(&text),
            }),
            other => other,
        }
    }

    fn replace_path(&self, path: &str) -> String {
        let replace = |segment: &str| {
            let decoded = percent_decode_str(segment).decode_utf8_lossy().into_owned();
            let replaced = self.replace_text(&decoded);
            if replaced == decoded {
                segment.to_owned()
            } else {
                utf8_percent_encode(&replaced, NON_ALPHANUMERIC).to_string()
            }
        };
        path.split('/').map(replace).collect::<Vec<_>>().join("/")
    }

    /// Replaces a whole string, or the originals within it.
    fn replace_text(&self, text: &str) -> String {
        if let Some(whole) = self.maps().iter().find_map(|map| map.get(text)) {
            return whole.clone();
        }
        // A token inside a sentence is not the value of a field.
        let text = &*Redactor::new().redact(text);
        if is_placeholder(text) {
            return text.to_owned();
        }
        let all: Vec<_> = self.maps().into_iter().flatten().collect();
        let (mut replaced, mut rest) = (String::new(), text);
        // Takes the first original, the longest if several begin there, and continues after it.
        while let Some((at, original, replacement)) = all
            .iter()
            .filter_map(|(original, replacement)| {
                Some((find(rest, original)?, *original, *replacement))
            })
            .min_by_key(|(at, original, _)| (*at, Reverse(original.len())))
        {
            replaced.push_str(&rest[..at]);
            replaced.push_str(replacement);
            rest = &rest[at + original.len()..];
        }
        replaced + rest
    }

    fn maps(&self) -> [&BTreeMap<String, String>; 4] {
        [&self.tokens, &self.addresses, &self.names, &self.ids]
    }

    /// Returns whether one of the originals is still in these values.
    pub(super) fn remain_in(&self, values: &[Value]) -> bool {
        let mut texts = BTreeSet::new();
        for value in values {
            leaves(value, &mut texts);
        }
        let originals = self.maps().into_iter().flat_map(BTreeMap::keys);
        originals.into_iter().any(|original| {
            texts.contains(original) || texts.iter().any(|text| find(text, original).is_some())
        })
    }
}

/// The JSON object or array that a string holds: frames contain their content in this form.
fn nested(text: &str) -> Option<Value> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Finds an original inside a string. A number is not found within a longer number.
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

/// Collects all strings and numbers; strings also percent-decoded and parsed.
fn leaves(value: &Value, texts: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|value| leaves(value, texts)),
        Value::Array(list) => list.iter().for_each(|value| leaves(value, texts)),
        Value::String(text) => {
            texts.insert(percent_decode_str(text).decode_utf8_lossy().into_owned());
            texts.insert(text.clone());
            if let Some(inner) = nested(text) {
                leaves(&inner, texts);
            }
        }
        Value::Number(number) => {
            texts.insert(number.to_string());
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// Returns whether a number is the id of a person or a thing, by its field or its size.
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
    let words = ["token", "secret", "password", "hash", "device_id", "code"];
    words.iter().any(|word| field.contains(word))
        && field != "error_code"
        && field != "country_code"
}

/// The names of regions are public.
fn is_region(fields: &Map<String, Value>) -> bool {
    fields.contains_key("country_code")
}

fn is_loopback(text: &str) -> bool {
    text == "localhost" || text.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Returns whether a token has been replaced by a placeholder before, as in fixtures.
fn is_placeholder(text: &str) -> bool {
    let text = text.strip_prefix("Bearer ").unwrap_or(text);
    text.starts_with('<') && text.ends_with(" access token>")
}

fn invented_name(number: usize) -> String {
    const NAMES: [&str; 8] = [
        "Alder", "Bracken", "Clover", "Dock", "Elder", "Foxglove", "Gorse", "Hazel",
    ];
    let name = NAMES[number % NAMES.len()];
    match number / NAMES.len() {
        0 => name.to_owned(),
        round => format!("{name}_{round}"),
    }
}
