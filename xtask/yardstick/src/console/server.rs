//! The game server's part of the load server.
//!
//! It accepts any token and replies to every command at once.
//!
//! - `flood N` sends N events of the names that the connection is subscribed to.
//! - `pace R S` sends R events a second for S seconds, over all connections that are subscribed.
//! - `trickle R` sends R events a second over this connection; `trickle R bytes` sends them byte by byte, R bytes a second.
//! - `large N` is replied to with about N bytes.
//! - `player list` and `player list-detailed` are replied to with 50 players, half of whom move.
//! - `deaf` changes nothing. It and `trickle` are the last commands that are read.

use super::{events, players};
use crate::server::frames::Frames;
use crate::server::{Action, Connection, Protocol};
use serde::Deserialize;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

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
    /// The number of lists of players that were sent.
    lists: usize,
    names: Vec<String>,
}

impl Game {
    pub(crate) fn new() -> Self {
        Self {
            is_greeted: false,
            lists: 0,
            names: Vec::new(),
        }
    }
}

impl Protocol for Game {
    fn receive(&mut self, text: &[u8], connection: &mut Connection) -> Option<Action> {
        if !self.is_greeted {
            self.is_greeted = true;
            connection.send(GREETING);
            return None;
        }
        let Request { id, content } = serde_json::from_slice(text).ok()?;
        let mut words = content.split_ascii_whitespace();
        let (verb, first, second) = (words.next()?, words.next(), words.next());
        let number = |word: Option<&str>| word.and_then(|word| word.parse().ok());
        let (result, action) = match (verb, first, second) {
            ("flood", Some(count), None) => {
                let count = count.parse().ok()?;
                let then = reply(id, verb, "Sent");
                connection.flood(encoded(&self.names), count, then);
                return None;
            }
            ("pace", ..) => {
                let rate = number(first)?;
                let lasting = Duration::from_secs_f64(number(second)?);
                ("Success", Some(Action::Pace { rate, lasting }))
            }
            ("trickle", rate, unit) => {
                let rate = number(rate)?;
                let mut events = encoded(&self.names);
                if unit == Some("bytes") {
                    events = Arc::new(events.byte_by_byte());
                }
                ("Success", Some(Action::Trickle { events, rate }))
            }
            ("large", Some(length), None) => {
                let text = "a".repeat(length.parse::<usize>().ok()? / 2);
                connection.send(&reply(id, verb, &text));
                return None;
            }
            ("player", Some(list @ ("list" | "list-detailed")), None) => {
                self.lists += 1;
                let players = players::list(list == "list-detailed", self.lists);
                connection.send(&reply_with(id, list, &players, "System.Object[]"));
                return None;
            }
            ("deaf", ..) => ("Success", Some(Action::StopReading)),
            ("websocket", Some("subscribe"), Some(name)) => {
                if self.names.iter().any(|held| held == name) {
                    ("Unchanged", None)
                } else {
                    self.names.push(name.to_owned());
                    let events = encoded(&[name.to_owned()]);
                    ("Success", Some(Action::Subscribe(events)))
                }
            }
            ("websocket", Some("unsubscribe"), Some(name)) => {
                self.names.retain(|held| held != name);
                ("Success", None)
            }
            _ => ("Success", None),
        };
        connection.send(&reply(id, first.unwrap_or(verb), result));
        action
    }
}

fn reply(id: u64, name: &str, result: &str) -> String {
    reply_with(id, name, &format!(r#""{result}""#), result)
}

/// A reply of about 600 bytes beside the result, with the description of the command, as game servers send it.
fn reply_with(id: u64, name: &str, result: &str, text: &str) -> String {
    format!(
        r#"{{"type":"CommandResult","timeStamp":"2023-07-01T18:23:33.120394Z","data":{{"Result":{result},"ResultString":"{text}","Command":{{"Parameters":[{{"Type":"System.String","HasDefault":false,"Default":null,"Attributes":[],"Name":"eventType","FullName":"eventType"}},{{"Type":"System.Int32","HasDefault":true,"Default":0,"Attributes":[],"Name":"duration","FullName":"duration"}}],"IsProgressive":false,"ReturnType":"System.String","Priority":0,"Aliases":["{name}"],"FullName":"bench.{name}","Requirements":[],"Attributes":[],"Name":"{name}","Description":"Runs a command of the benchmark and returns its result"}}}},"commandId":{id}}}"#
    )
}
