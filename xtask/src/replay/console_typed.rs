//! The requests of a fixture's console client, made with our client: by name, and by type.

use super::play::Play;
use super::script::Script;
use super::side::Side;
use alta_model::console::event::{self, ConsoleEvent};
use alta_model::{Timestamp, UserId};
use att_console::commands::{Stat, chunks, player, select, spawn, websocket};
use att_console::{Command, Console, ErrorKind, Missed, PlayerRef, Subscription};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt as _};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::pin::Pin;

/// A stream, and its event; `None` for a stream of all events.
pub(super) type Named = (Option<String>, Events);

/// Events, each with its problems.
pub(super) type Events = Pin<Box<dyn Stream<Item = Result<Received, Missed>> + Send>>;

/// An event that a stream has yielded.
pub(super) struct Received {
    pub(super) name: String,
    pub(super) raw: String,
    pub(super) timestamp: Option<Timestamp>,
    /// `true` if its data is equal to the fixture's.
    pub(super) is_same: bool,
}

/// Returns whether our client has types for a part of the fixture.
pub(super) fn has_types(script: &Script) -> bool {
    let lines = script.of_side(Side::Client).filter_map(|(_, step)| {
        let line = step.json()["content"].as_str()?.to_owned();
        Some(typed(&line).is_some())
    });
    lines.into_iter().any(|typed| typed) || !event_names(script).is_empty()
}

pub(super) fn is_event(frame: &Value) -> bool {
    frame["type"] == "Subscription" || frame["type"] == 1
}

/// The names of the events in a fixture, each once.
pub(super) fn event_names(script: &Script) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, step) in script.of_side(Side::Server) {
        let frame = step.json();
        let name = frame["eventType"].as_str().unwrap_or_default();
        if is_event(&frame) && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// A successful request of the client.
#[derive(Default)]
pub(super) struct Got {
    /// Differences from the fixture.
    pub(super) problem: Option<String>,
    /// The stream, if it was a subscription.
    pub(super) events: Option<Named>,
}

/// Makes the request of a fixture's command, and compares the result with the fixture's reply.
pub(super) fn ask(
    console: Console,
    play: Play,
    line: &str,
    expected: Value,
) -> BoxFuture<'static, Result<Got, ErrorKind>> {
    if let Some(name) = line.strip_prefix("websocket subscribe ") {
        let name = name.to_owned();
        return Box::pin(async move {
            let events = match play {
                Play::Raw => {
                    let stream = console.subscribe_to([name.as_str()]).await;
                    raw_events(stream.map_err(|error| error.kind().clone())?)
                }
                Play::Typed => subscribe(&console, &name)
                    .await
                    .map_err(|error| error.kind().clone())?,
            };
            Ok(Got {
                problem: None,
                events: Some((Some(name), events)),
            })
        });
    }
    match typed(line).filter(|_| play == Play::Typed) {
        Some(ask) => ask(console, expected),
        None => raw(console, line.to_owned(), expected),
    }
}

/// Sends a command as a string; its reply must be the fixture's.
fn raw(
    console: Console,
    line: String,
    expected: Value,
) -> BoxFuture<'static, Result<Got, ErrorKind>> {
    Box::pin(async move {
        let reply = console.command(line).await;
        let reply = reply.map_err(|error| error.kind().clone())?;
        let mut frame: Value = serde_json::from_str(reply.raw().as_str()).unwrap_or_default();
        frame["commandId"] = expected["commandId"].clone();
        let data = &expected["data"];
        let timestamp = expected["timeStamp"]
            .as_str()
            .and_then(|time| time.parse().ok());
        let is_same = frame == expected
            && reply.result() == Some(data["Result"].clone()).filter(|result| !result.is_null())
            && reply.result_string() == data["ResultString"].as_str()
            && reply.command().is_some() != data["Command"].is_null()
            && reply.timestamp() == timestamp;
        Ok(Got {
            problem: (!is_same).then(|| format!("got {reply:?}, expected {expected}")),
            events: None,
        })
    })
}

/// A command to send, with the fixture's reply.
type Ask = Box<dyn FnOnce(Console, Value) -> BoxFuture<'static, Result<Got, ErrorKind>>>;

/// The result must be equal to the fixture's, decoded as its type. The round trip checks that the type loses nothing.
fn result<T>(command: impl Into<Command<T>>) -> Ask
where
    T: DeserializeOwned + PartialEq + std::fmt::Debug + Send + 'static,
{
    read(command, |recorded| serde_json::from_value(recorded).ok())
}

/// The same for a result that `read` decodes.
fn read<T>(command: impl Into<Command<T>>, read: fn(Value) -> Option<T>) -> Ask
where
    T: PartialEq + std::fmt::Debug + Send + 'static,
{
    let command = command.into();
    Box::new(move |console, expected| {
        Box::pin(async move {
            let got = console.command(command).await;
            let got = got.map_err(|error| error.kind().clone())?;
            let recorded = read(expected["data"]["Result"].clone());
            let differs = recorded.as_ref() != Some(&got);
            Ok(Got {
                problem: differs.then(|| format!("got {got:?}, expected {recorded:?}")),
                events: None,
            })
        })
    })
}

/// The typed command for a fixture's command.
fn typed(line: &str) -> Option<Ask> {
    let words: Vec<&str> = line.split(' ').collect();
    Some(match words[..] {
        ["player", "list"] => result(player::list()),
        ["player", "kill", who] => read(player::kill(player(who)), |_| Some(())),
        ["player", "check-stat", who, "health"] => {
            result(player::check_stat(player(who), Stat::Health))
        }
        ["select", "find", who, distance] => {
            result(select::find(player(who)).distance(distance.parse().ok()?))
        }
        ["spawn", "string-raw", save] => result(spawn::string_raw(save)),
        ["chunks", "print-all"] => result(chunks::print_all()),
        ["websocket", "subscriptions"] => result(websocket::subscriptions()),
        // That event has a typed stream.
        ["websocket", "subscribe", name] if is_known(name) => result(websocket::subscribe(name)),
        _ => return None,
    })
}

fn player(word: &str) -> PlayerRef {
    match word.parse() {
        Ok(id) => UserId::new(id).into(),
        Err(_) => word.into(),
    }
}

macro_rules! events {
    ($($name:ident)*) => {
        fn is_known(name: &str) -> bool {
            [$(stringify!($name)),*].contains(&name)
        }

        /// Subscribes to an event by its type, or by its name if it has no type.
        pub(super) fn subscribe(
            console: &Console,
            name: &str,
        ) -> BoxFuture<'static, Result<Events, att_console::Error>> {
            match name {
                $(stringify!($name) => Box::pin(stream::<event::$name>(console.clone())),)*
                _ => {
                    let stream = console.subscribe_to([name]).into_future();
                    Box::pin(async { Ok(raw_events(stream.await?)) })
                }
            }
        }
    };
}

events! {
    PlayerStateChanged PlayerJoined PlayerLeft PlayerKilled PopulationModified TradeDeckUsed PlayerMovedChunk ObjectKilled
    TrialStarted TrialFinished InventoryChanged AtmBalanceChanged ServerSettingsChanged CommandExecuted
    SocialTabletPlayerBanned SocialTabletPlayerReported ProfilingData TraceLog DebugLog InfoLog WarnLog ErrorLog FatalLog
}

async fn stream<E: ConsoleEvent + PartialEq>(
    console: Console,
) -> Result<Events, att_console::Error> {
    let read = |data: &Value| serde_json::from_value(data.clone()).ok();
    let stream = console.subscribe::<E>().await?;
    let events = stream.map(move |item| item.map(|event| received(&event.map(Some), read)));
    Ok(Box::pin(events))
}

/// A stream of events as JSON.
pub(super) fn raw_events(stream: Subscription<Value>) -> Events {
    Box::pin(stream.map(|item| item.map(|event| received(&event, Value::clone))))
}

/// Checks that the data of an event is equal to the fixture's data, decoded by `read`.
fn received<T: PartialEq>(event: &att_console::Event<T>, read: impl Fn(&Value) -> T) -> Received {
    let raw = event.raw().as_str().to_owned();
    let frame: Value = serde_json::from_str(&raw).unwrap_or_default();
    Received {
        is_same: read(&frame["data"]) == event.data,
        name: event.name.to_string(),
        timestamp: event.timestamp(),
        raw,
    }
}
