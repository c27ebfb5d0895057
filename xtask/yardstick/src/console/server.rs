//! The game server's part of the load server.
//!
//! It accepts any token and replies to every command at once. `flood N` sends N events of the names that the connection is
//! subscribed to, `pace R S` sends R events a second for S seconds, over all connections that are subscribed.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::events;
use crate::server::frames::Frames;
use crate::server::{Action, Protocol};

const GREETING: &str = r#"{"type":"SystemMessage","timeStamp":"2023-07-01T18:23:32.709941Z","eventType":"InfoLog","data":"Connection Succeeded, Authenticated as: 1 - bot"}"#;

thread_local! {
    /// Events by their names: encoded once for all connections.
    static ENCODED: RefCell<HashMap<Vec<String>, Arc<Frames>>> = RefCell::default();
}

fn encoded(names: &[String]) -> Arc<Frames> {
    ENCODED.with_borrow_mut(|encoded| {
        let frames = encoded
            .entry(names.to_vec())
            .or_insert_with(|| Arc::new(Frames::new(events::texts(names))));
        Arc::clone(frames)
    })
}

#[derive(Deserialize)]
struct Request<'a> {
    id: u64,
    #[serde(borrow)]
    content: Cow<'a, str>,
}

/// One connection.
pub(crate) struct Game {
    is_greeted: bool,
    names: Vec<String>,
}

impl Game {
    pub(crate) fn new() -> Self {
        Self {
            is_greeted: false,
            names: Vec::new(),
        }
    }
}

impl Protocol for Game {
    fn receive(&mut self, text: &[u8]) -> Vec<Action> {
        if !self.is_greeted {
            self.is_greeted = true;
            return vec![Action::Send(GREETING.to_owned())];
        }
        let Ok(Request { id, content }) = serde_json::from_slice(text) else {
            return Vec::new();
        };
        let words: Vec<&str> = content.split_ascii_whitespace().collect();
        match words[..] {
            ["flood", count] => vec![Action::Flood {
                events: encoded(&self.names),
                count: count.parse().unwrap_or_default(),
                then: reply(id, "flood", "Sent"),
            }],
            ["pace", rate, seconds] => {
                let lasting = Duration::from_secs_f64(seconds.parse().unwrap_or_default());
                let rate = rate.parse().unwrap_or(1.0);
                let pace = Action::Pace { rate, lasting };
                vec![Action::Send(reply(id, "pace", "Success")), pace]
            }
            ["websocket", "subscribe", name] => {
                if self.names.iter().any(|held| held == name) {
                    return vec![Action::Send(reply(id, "subscribe", "Unchanged"))];
                }
                self.names.push(name.to_owned());
                let reply = Action::Send(reply(id, "subscribe", "Success"));
                vec![reply, Action::Subscribe(encoded(&[name.to_owned()]))]
            }
            ["websocket", "unsubscribe", name] => {
                self.names.retain(|held| held != name);
                vec![Action::Send(reply(id, "unsubscribe", "Success"))]
            }
            [.., last] => vec![Action::Send(reply(id, last, "Success"))],
            [] => Vec::new(),
        }
    }
}

/// A reply of about 600 bytes, with the description of the command, as game servers send it.
fn reply(id: u64, name: &str, result: &str) -> String {
    format!(
        r#"{{"type":"CommandResult","timeStamp":"2023-07-01T18:23:33.120394Z","data":{{"Result":"{result}","ResultString":"{result}","Command":{{"Parameters":[{{"Type":"System.String","HasDefault":false,"Default":null,"Attributes":[],"Name":"eventType","FullName":"eventType"}},{{"Type":"System.Int32","HasDefault":true,"Default":0,"Attributes":[],"Name":"duration","FullName":"duration"}}],"IsProgressive":false,"ReturnType":"System.String","Priority":0,"Aliases":["{name}"],"FullName":"bench.{name}","Requirements":[],"Attributes":[],"Name":"{name}","Description":"Runs a command of the benchmark and returns its result"}}}},"commandId":{id}}}"#
    )
}
