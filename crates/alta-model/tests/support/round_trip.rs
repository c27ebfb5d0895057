//! Reads each fixture with its model, writes it again, and compares the two.
//!
//! The tests of this crate and `cargo xtask test-fixtures` include this file.

use alta_model::console::{event, result};
use alta_model::{
    ApiError, Friend, FriendResult, Group, GroupAllowance, GroupDetailed, InvitedGroup, JoinResult,
    JoinedGroup, Member, Membership, Permission, PermissionCheck, QuickGroup, Region, Server,
    ShopAccount, Statistics, User, UserRights,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Fields in fixtures that no source attests, on purpose.
const UNDOCUMENTED: [(&str, &str); 1] = [("console/event-unknown", "newField")];

/// Spellings that differ from the written one in more than their case.
const ALIASES: [(&str, &str); 3] = [
    ("name", "username"),
    ("allowed_server_count", "allowed_servers_count"),
    ("player", "user"),
];

/// The round trip of one value of a fixture.
#[derive(Debug)]
pub struct Trip {
    /// The type that read it.
    pub model: String,
    /// The differences; empty if the values are equal.
    pub problems: Vec<String>,
}

type Check = fn(&str) -> Vec<String>;

/// A model with its name in the table of results.
struct Model {
    name: String,
    check: Check,
}

fn one<T: DeserializeOwned + Serialize + PartialEq>() -> Model {
    Model {
        name: short_name::<T>(),
        check: check::<T>,
    }
}

fn list<T: DeserializeOwned + Serialize + PartialEq>() -> Model {
    Model {
        name: format!("[{}]", short_name::<T>()),
        check: check::<Vec<T>>,
    }
}

fn short_name<T>() -> String {
    let name = std::any::type_name::<T>();
    name.rsplit("::").next().unwrap_or(name).to_owned()
}

/// The round trips of all values of the fixture `name` (`rest/user-by-id`).
pub fn trips(name: &str, fixture: &Value) -> Vec<Trip> {
    let values = match fixture["kind"].as_str() {
        Some("rest") => rest(fixture),
        Some("main-ws") => main_ws(fixture),
        Some("console") => console(fixture),
        _ => Vec::new(),
    };
    values
        .into_iter()
        .map(|(model, json)| Trip {
            problems: (model.check)(&json)
                .into_iter()
                .filter(|problem| !is_undocumented(name, problem))
                .collect(),
            model: model.name,
        })
        .collect()
}

fn is_undocumented(name: &str, problem: &str) -> bool {
    UNDOCUMENTED
        .iter()
        .any(|(file, field)| *file == name && problem.ends_with(&format!(".{field}: not read")))
}

fn rest(fixture: &Value) -> Vec<(Model, String)> {
    let (request, response) = (&fixture["request"], &fixture["response"]);
    // A string is a body that is not JSON, such as HTML or cut JSON.
    if response["body"].is_null() || response["body"].is_string() {
        return Vec::new();
    }
    let model = if response["status"].as_u64() < Some(400) {
        rest_model(
            request["method"].as_str().unwrap_or_default(),
            request["path"].as_str().unwrap_or_default(),
        )
    } else if response["body"]["error"].is_string() {
        // alta-auth reads the errors of the token endpoint.
        None
    } else {
        Some(one::<ApiError>())
    };
    model
        .map(|model| (model, response["body"].to_string()))
        .into_iter()
        .collect()
}

/// The model of a reply. alta-auth reads the replies of `/sessions` and of the token endpoint.
fn rest_model(method: &str, path: &str) -> Option<Model> {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    Some(match (method, segments.as_slice()) {
        ("GET", ["groups", "joined"]) => list::<JoinedGroup>(),
        ("GET", ["groups", "invites"]) => list::<InvitedGroup>(),
        ("GET", ["groups"] | ["groups", "requested"]) => list::<Group>(),
        ("GET", ["groups", "create-check"]) => one::<GroupAllowance>(),
        ("POST", ["groups"]) => one::<Group>(),
        ("POST", ["groups", "quick-create"]) => one::<QuickGroup>(),
        ("GET" | "PATCH", ["groups", _]) => one::<GroupDetailed>(),
        ("GET", ["groups", _, "members" | "requests" | "invites" | "bans"]) => list::<Member>(),
        (
            _,
            ["groups", "invites", _]
            | ["groups", _, "members" | "requests" | "invites" | "bans", _]
            | ["groups", _, "members", _, "role", _]
            | ["groups", _, "requests"],
        ) => one::<Member>(),
        ("POST", ["groups", _, "servers"]) => one::<Server>(),
        ("POST", ["groups" | "servers", _, _, "permissions", "check"]) => one::<PermissionCheck>(),
        (_, ["groups" | "servers", _, _, "permissions"]) => list::<Permission>(),
        ("GET", ["servers", "regions"] | ["regions"]) => list::<Region>(),
        ("GET", ["servers", id]) if id.starts_with(|first: char| first.is_ascii_digit()) => {
            one::<Server>()
        }
        ("GET", ["servers"] | ["servers", _] | ["servers", "name" | "players", _]) => {
            list::<Server>()
        }
        ("POST", ["servers", _, "console" | "join"]) => one::<JoinResult>(),
        ("GET", ["users", _])
        | ("POST", ["users"] | ["users", "search", "username"] | ["users", _, "verification"]) => {
            one::<User>()
        }
        ("GET", ["users", _, "statistics"]) => one::<Statistics>(),
        ("GET", ["users", _, "permissions"]) => one::<UserRights>(),
        ("GET", ["users", _, "membership"]) => one::<Membership>(),
        (_, ["friends", "oculus"])
        | ("GET", ["friends"] | ["friends", _] | ["friends", _, "sent"]) => list::<Friend>(),
        ("GET", ["friends", ..]) => one::<Friend>(),
        ("POST", ["friends", ..]) => one::<FriendResult>(),
        ("GET", ["shop", "account"]) => one::<ShopAccount>(),
        _ => return None,
    })
}

fn frames<'a>(fixture: &'a Value, direction: &'a str) -> impl Iterator<Item = Value> + 'a {
    let frames = fixture["frames"].as_array();
    frames
        .into_iter()
        .flatten()
        .filter(move |frame| frame["direction"] == direction)
        .filter_map(|frame| serde_json::from_str(frame["text"].as_str()?).ok())
}

fn main_ws(fixture: &Value) -> Vec<(Model, String)> {
    frames(fixture, "server")
        .filter_map(|frame| {
            let model = match frame["event"].as_str()? {
                "response" if frame["responseCode"].as_u64() >= Some(400) => one::<ApiError>(),
                event => main_ws_model(event)?,
            };
            Some((model, frame["content"].as_str()?.to_owned()))
        })
        .collect()
}

/// The model of an event's content. alta-ws reads the replies (migration token, batch).
fn main_ws_model(event: &str) -> Option<Model> {
    Some(match event {
        "me-group-create" | "me-group-delete" => one::<JoinedGroup>(),
        "me-group-invite-create" | "me-group-invite-delete" => one::<InvitedGroup>(),
        "me-group-request-create" | "me-group-request-delete" => one::<Group>(),
        "group-update" => one::<GroupDetailed>(),
        _ if event.starts_with("group-server-") => one::<Server>(),
        _ if event.starts_with("group-") => one::<Member>(),
        _ => return None,
    })
}

fn console(fixture: &Value) -> Vec<(Model, String)> {
    let commands: Vec<Value> = frames(fixture, "client").collect();
    frames(fixture, "server")
        .flat_map(|frame| {
            let data = &frame["data"];
            let is = |name: &str, number: u64| frame["type"] == name || frame["type"] == number;
            let values = if is("Subscription", 1) {
                vec![(frame["eventType"].as_str().and_then(event_model), data)]
            } else if is("CommandResult", 2) {
                let command = commands
                    .iter()
                    .find(|command| command["id"] == frame["commandId"])
                    .and_then(|command| command["content"].as_str());
                vec![
                    (command.and_then(result_model), &data["Result"]),
                    (Some(one::<result::CommandInfo>()), &data["Command"]),
                    (Some(one::<result::Exception>()), &data["Exception"]),
                ]
            } else {
                Vec::new()
            };
            values
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .filter_map(|(model, value)| Some((model?, value.to_string())))
                .collect::<Vec<_>>()
        })
        .collect()
}

macro_rules! event_models {
    ($($name:ident),* $(,)?) => {
        /// The model of an event's data.
        fn event_model(event: &str) -> Option<Model> {
            match event {
                $(stringify!($name) => Some(one::<event::$name>()),)*
                _ => None,
            }
        }
    };
}

alta_model::for_each_console_event!(event_models);

/// The model of a command's result.
fn result_model(command: &str) -> Option<Model> {
    let words: Vec<&str> = command.split(' ').collect();
    Some(match words.as_slice() {
        ["player", "list"] => list::<User>(),
        ["player", "list-detailed"] => list::<result::PlayerDetailed>(),
        ["player", "detailed", ..] => one::<result::PlayerDetailed>(),
        ["player", "inventory", ..] => list::<Option<result::Inventory>>(),
        ["player", "check-stat", ..] => one::<result::StatValue>(),
        ["player", "list-stats", ..] => list::<result::StatInfo>(),
        ["select", "find", ..] => list::<result::EntityRef>(),
        ["select", "get", ..] => one::<result::EntityInfo>(),
        ["spawn", "string-raw", ..] => one::<result::EntityRef>(),
        ["spawn", "list"] => list::<result::PrefabEntry>(),
        ["chunks", "print-all" | "print-loaded"] => one::<result::FileDownload>(),
        ["help", "modules"] => list::<result::Module>(),
        ["websocket", "subscriptions"] => list::<result::EventListing>(),
        ["websocket", "subscribe" | "unsubscribe", _] => one::<result::SubscriptionResult>(),
        _ => return None,
    })
}

/// The differences between a value and the value that its model writes.
pub fn check<T: DeserializeOwned + Serialize + PartialEq>(json: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if let Err(error) = check_into::<T>(json, &mut problems) {
        problems.push(error.to_string());
    }
    problems
}

fn check_into<T: DeserializeOwned + Serialize + PartialEq>(
    json: &str,
    problems: &mut Vec<String>,
) -> Result<(), serde_json::Error> {
    let original: Value = serde_json::from_str(json)?;
    let typed: T = serde_json::from_str(json)?;
    let written = serde_json::to_string(&typed)?;
    let again: T = serde_json::from_str(&written)?;
    // Secrets are not written, so they differ.
    if typed != again && serde_json::to_string(&again)? != written {
        problems.push("reading the written value returns another value".to_owned());
    }
    let mut found = Vec::new();
    compare("", &original, &serde_json::from_str(&written)?, &mut found);
    problems.extend(found.iter().map(ToString::to_string));
    Ok(())
}

/// One difference between a fixture's value and the value that its type wrote.
#[derive(Debug)]
pub struct Difference {
    /// The path, `.roles[0].name`.
    pub at: String,
    /// The value in the fixture, if there is one.
    pub original: Option<Value>,
    /// The written value, if there is one.
    pub written: Option<Value>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = &self.at;
        match (&self.original, &self.written) {
            (Some(original), Some(written)) => write!(f, "{at}: {original} became {written}"),
            (_, None) => write!(f, "{at}: not read"),
            (None, Some(written)) => write!(f, "{at}: not sent, but written as {written}"),
        }
    }
}

/// Adds the differences between a fixture's value and the value that its type wrote.
pub fn compare(at: &str, original: &Value, written: &Value, found: &mut Vec<Difference>) {
    match (original, written) {
        (Value::Object(original), Value::Object(written)) => {
            let mut met = Vec::new();
            for (name, value) in original {
                let at = format!("{at}.{name}");
                match spelled(name, written) {
                    Some(spelling) => {
                        met.push(spelling);
                        compare(&at, value, &written[spelling], found);
                    }
                    None if value.is_null() => {}
                    None => found.push(Difference {
                        at,
                        original: Some(value.clone()),
                        written: None,
                    }),
                }
            }
            for (name, value) in written {
                if !met.contains(&name.as_str()) && !is_empty(value) {
                    found.push(Difference {
                        at: format!("{at}.{name}"),
                        original: None,
                        written: Some(value.clone()),
                    });
                }
            }
        }
        (Value::Array(original), Value::Array(written)) if original.len() == written.len() => {
            for (index, (original, written)) in original.iter().zip(written).enumerate() {
                compare(&format!("{at}[{index}]"), original, written, found);
            }
        }
        _ if is_same(original, written) => {}
        _ => found.push(Difference {
            at: at.to_owned(),
            original: Some(original.clone()),
            written: Some(written.clone()),
        }),
    }
}

/// The written name of a field of the fixture.
fn spelled<'a>(name: &str, written: &'a serde_json::Map<String, Value>) -> Option<&'a str> {
    let alias = ALIASES
        .iter()
        .find(|(other, _)| *other == name)
        .map(|(_, first)| *first);
    let keys = || written.keys().map(String::as_str);
    keys()
        .find(|key| *key == name)
        .or_else(|| keys().find(|key| key.eq_ignore_ascii_case(name)))
        .or_else(|| keys().find(|key| Some(*key) == alias))
}

/// Returns whether two scalars are equal after the normalizations of `fixtures/README.md`. A number that became a string is the
/// value of an enum; `check` reads the string again, which proves that it is the right one.
fn is_same(original: &Value, written: &Value) -> bool {
    match (original, written) {
        (Value::String(text), Value::Number(number)) => *text == number.to_string(),
        (Value::String(_), Value::String(other)) if other == "<redacted>" => true,
        (Value::String(one), Value::String(other)) => one.eq_ignore_ascii_case(other),
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64()
        }
        (Value::Number(_), Value::String(_)) => true,
        (Value::Null, other) => is_empty(other),
        (one, other) => one == other,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) => false,
    }
}
