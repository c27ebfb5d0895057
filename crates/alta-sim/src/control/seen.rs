//! What clients did, as JSON.

use super::reply::Failure;
use crate::action::{self, Reference};
use crate::sim::Sim;
use alta_cloud::net::{ClientAction, Received, Service};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The kinds of things that clients do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum What {
    /// Commands on consoles. `text` is the line.
    Commands,
    /// HTTP requests. `text` is `METHOD /path?query`.
    Requests,
    /// Requests on main websockets. `text` is `METHOD path`.
    SocketRequests,
    /// Messages that commands have shown to players. `text` is the text.
    Messages,
    /// The present subscriptions of consoles and main websockets. `text` is the event, or `event/key`.
    Subscriptions,
    /// The open consoles whose token was accepted, and the open main websockets. `text` is `console` or `main-websocket`.
    Connections,
    /// Everything that clients sent, also handshakes, tokens, frames that are no requests, and the end of connections. `text` is
    /// `request`, `opened`, `refused`, `token`, `text`, `binary`, `ping` or `closed`.
    Journal,
}

impl What {
    pub(super) const ALL: [(Self, &'static str); 7] = [
        (Self::Commands, "commands"),
        (Self::Requests, "requests"),
        (Self::SocketRequests, "socket-requests"),
        (Self::Messages, "messages"),
        (Self::Subscriptions, "subscriptions"),
        (Self::Connections, "connections"),
        (Self::Journal, "journal"),
    ];

    pub(super) fn name(self) -> &'static str {
        let found = Self::ALL.into_iter().find(|(what, _)| *what == self);
        found.map_or("", |(_, name)| name)
    }
}

/// The things that a request asks for.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub(super) what: What,
    /// Only of this server.
    pub(super) server: Option<u64>,
    /// Only entries of the journal from this number on.
    pub(super) from: u64,
    /// A string that `text` contains, or an object of fields with their values.
    pub(super) matching: Option<Value>,
}

impl Filter {
    /// A filter for everything of a kind since the latest reset.
    pub(super) fn all(what: What, first: u64) -> Self {
        Self {
            what,
            server: None,
            from: first,
            matching: None,
        }
    }

    pub(super) fn matching(mut self, matching: Option<Value>) -> Result<Self, Failure> {
        if !matches!(matching, None | Some(Value::String(_) | Value::Object(_))) {
            let reason = "`matching`: expected a string, which `text` contains, or an object of fields with their values";
            return Err(Failure::new(400, reason));
        }
        self.matching = matching;
        Ok(self)
    }

    pub(super) fn server(mut self, sim: &Sim, server: Option<&Reference>) -> Result<Self, Failure> {
        self.server = match server {
            None => None,
            Some(server) => Some(action::find_server(sim, server)?),
        };
        Ok(self)
    }

    /// Skips the entries of the journal up to this number.
    pub(super) fn after(mut self, number: Option<u64>) -> Self {
        let next = number.map_or(0, |number| number.saturating_add(1));
        self.from = self.from.max(next);
        self
    }

    pub(super) fn passes(&self, item: &Value) -> bool {
        let of_server = self.server.is_none_or(|server| item["server"] == server);
        of_server
            && match &self.matching {
                None => true,
                Some(Value::String(part)) => item["text"]
                    .as_str()
                    .is_some_and(|text| text.to_lowercase().contains(&part.to_lowercase())),
                Some(wanted) => contains(item, wanted),
            }
    }
}

/// Returns whether the fields of an object have the wanted values; it can have more fields.
fn contains(item: &Value, wanted: &Value) -> bool {
    match (item, wanted) {
        (Value::Object(item), Value::Object(wanted)) => wanted
            .iter()
            .all(|(name, wanted)| item.get(name).is_some_and(|value| contains(value, wanted))),
        _ => item == wanted,
    }
}

/// The query of a request for what clients did.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    server: Option<String>,
    matching: Option<String>,
    after: Option<u64>,
    limit: Option<usize>,
}

impl Query {
    pub(super) fn filter(&self, sim: &Sim, what: What, first: u64) -> Result<Filter, Failure> {
        let server = self.server.as_ref().map(|text| match text.parse() {
            Ok(id) => Reference::Id(id),
            Err(_) => Reference::Name(text.clone()),
        });
        Filter::all(what, first)
            .after(self.after)
            .matching(self.matching.clone().map(Value::String))?
            .server(sim, server.as_ref())
    }

    pub(super) fn limit(&self) -> usize {
        self.limit.unwrap_or(1_000)
    }
}

/// The things that pass a filter, oldest first.
pub(super) fn items(sim: &Sim, filter: &Filter) -> Vec<Value> {
    let items = match filter.what {
        What::Messages => messages(sim),
        What::Subscriptions => subscriptions(sim),
        What::Connections => connections(sim),
        _ => {
            return sim
                .shared
                .env
                .received()
                .iter()
                .filter_map(|entry| of_entry(filter, entry))
                .collect();
        }
    };
    items
        .into_iter()
        .filter(|item| filter.passes(item))
        .collect()
}

/// The item of an entry of the journal, if it passes a filter.
pub(super) fn of_entry(filter: &Filter, entry: &Received) -> Option<Value> {
    if entry.number < filter.from {
        return None;
    }
    let fields = match filter.what {
        What::Commands => json!({ "text": entry.command()? }),
        What::Requests => request(entry)?,
        What::SocketRequests => socket_request(entry)?,
        _ => anything(entry),
    };
    let mut item: Map<String, Value> = match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    item.insert("number".to_owned(), entry.number.into());
    item.insert("at".to_owned(), entry.at.as_secs_f64().into());
    item.insert("connection".to_owned(), entry.connection.into());
    if let Service::Console(server) = entry.service {
        item.insert("server".to_owned(), server.into());
    }
    let item = Value::Object(item);
    filter.passes(&item).then_some(item)
}

fn request(entry: &Received) -> Option<Value> {
    let request = entry.request()?;
    let mark = if request.query.is_empty() { "" } else { "?" };
    Some(json!({
        "text": format!("{} {}{mark}{}", request.method, request.path, request.query),
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": headers(&request.headers),
        "body": json_or_text(&request.body_text()),
    }))
}

fn socket_request(entry: &Received) -> Option<Value> {
    let text = entry.socket_request()?;
    let frame: Value = serde_json::from_str(entry.text()?).ok()?;
    Some(json!({
        "text": text,
        "method": frame["method"],
        "path": frame["path"],
        "content": frame["content"],
        "id": frame["id"],
    }))
}

fn anything(entry: &Received) -> Value {
    match &entry.action {
        ClientAction::Request(request) => {
            json!({ "text": "request", "method": request.method, "path": request.path })
        }
        ClientAction::Opened(names) => json!({ "text": "opened", "headers": headers(names) }),
        ClientAction::Refused(status, names) => {
            json!({ "text": "refused", "status": status, "headers": headers(names) })
        }
        ClientAction::Token(token) => json!({ "text": "token", "frame": token }),
        ClientAction::Text(frame) => json!({ "text": "text", "frame": json_or_text(frame) }),
        ClientAction::Binary(bytes) => json!({ "text": "binary", "bytes": bytes.len() }),
        ClientAction::Closed(code) => json!({ "text": "closed", "code": code }),
        _ => json!({ "text": "ping" }),
    }
}

/// Names and values. Values of one name are separated by commas.
fn headers(headers: &[(String, String)]) -> Value {
    let mut object: Map<String, Value> = Map::new();
    for (name, value) in headers {
        let value = match object.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.clone(),
        };
        object.insert(name.clone(), value.into());
    }
    Value::Object(object)
}

fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn messages(sim: &Sim) -> Vec<Value> {
    let on = |(server, _): (u64, String)| {
        let messages = sim.messages(server).into_iter();
        messages.map(move |message| {
            json!({
                "text": message.text,
                "server": server,
                "player": message.player,
                "player_name": sim.shared.look(|state| state.world.username(message.player)),
                "duration": message.duration,
                "since_join": message.since_join.as_secs_f64(),
            })
        })
    };
    sim.servers().into_iter().flat_map(on).collect()
}

fn subscriptions(sim: &Sim) -> Vec<Value> {
    let on = |(server, _): (u64, String)| {
        let subscriptions = sim.console_subscriptions(server).into_iter();
        subscriptions.map(move |(connection, event)| {
            json!({ "text": event, "server": server, "connection": connection, "event": event })
        })
    };
    let main = sim.main_socket_subscriptions().into_iter();
    let main = main.map(|(connection, event, key)| {
        let text = format!("{event}/{key}");
        json!({ "text": text, "connection": connection, "event": event, "key": key })
    });
    sim.servers().into_iter().flat_map(on).chain(main).collect()
}

fn connections(sim: &Sim) -> Vec<Value> {
    let on = |(server, _): (u64, String)| {
        let consoles = sim.console_connections(server).into_iter();
        consoles.map(move |id| json!({ "text": "console", "server": server, "connection": id }))
    };
    let main = sim.main_sockets().into_iter();
    let main = main.map(|id| json!({ "text": "main-websocket", "connection": id }));
    sim.servers().into_iter().flat_map(on).chain(main).collect()
}
