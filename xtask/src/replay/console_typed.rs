//! What a fixture's console client asked for, asked of ours: by name, and by type.

use alta_model::{
    UserId,
    console::event::{self, ConsoleEvent},
};
use att_console::{
    Command, Console, ErrorKind, PlayerRef,
    commands::{Stat, chunks, player, select, spawn, websocket},
};
use futures_util::{StreamExt as _, future::BoxFuture};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Play,
    console::{Events, Named, heard, raw_events},
    script::{Script, Side},
};

/// Whether there is anything in a fixture that our client has types for.
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

/// How something asked of the client ended well.
#[derive(Default)]
pub(super) struct Got {
    /// What is wrong with it nevertheless.
    pub(super) problem: Option<String>,
    /// The stream, if it was a subscription.
    pub(super) events: Option<Named>,
}

/// Asks for what a fixture's line asks for, and compares the result with the fixture's answer.
pub(super) fn ask(
    console: Console,
    play: Play,
    line: &str,
    answer: Value,
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
        Some(ask) => ask(console, answer),
        None => raw(console, line.to_owned(), answer),
    }
}

/// Runs a line as it is; its reply is to be the fixture's.
fn raw(
    console: Console,
    line: String,
    answer: Value,
) -> BoxFuture<'static, Result<Got, ErrorKind>> {
    Box::pin(async move {
        let reply = console.command(line).await;
        let reply = reply.map_err(|error| error.kind().clone())?;
        let mut frame: Value = serde_json::from_str(reply.raw().as_str()).unwrap_or_default();
        frame["commandId"] = answer["commandId"].clone();
        let data = &answer["data"];
        let timestamp = answer["timeStamp"]
            .as_str()
            .and_then(|time| time.parse().ok());
        let is_same = frame == answer
            && reply.result() == Some(data["Result"].clone()).filter(|result| !result.is_null())
            && reply.result_string() == data["ResultString"].as_str()
            && reply.command().is_some() != data["Command"].is_null()
            && reply.timestamp() == timestamp;
        Ok(Got {
            problem: (!is_same).then(|| format!("got {reply:?}, recorded is {answer}")),
            events: None,
        })
    })
}

/// A command to be run, given the fixture's answer.
type Ask = Box<dyn FnOnce(Console, Value) -> BoxFuture<'static, Result<Got, ErrorKind>>>;

/// The result is to be what its type makes of the fixture's. That the type loses nothing is the round trip's to show.
fn result<T>(command: impl Into<Command<T>>) -> Ask
where
    T: DeserializeOwned + PartialEq + std::fmt::Debug + Send + 'static,
{
    read(command, |recorded| serde_json::from_value(recorded).ok())
}

/// The same for a result that is read by `read`.
fn read<T>(command: impl Into<Command<T>>, read: fn(Value) -> Option<T>) -> Ask
where
    T: PartialEq + std::fmt::Debug + Send + 'static,
{
    let command = command.into();
    Box::new(move |console, answer| {
        Box::pin(async move {
            let got = console.command(command).await;
            let got = got.map_err(|error| error.kind().clone())?;
            let recorded = read(answer["data"]["Result"].clone());
            let differs = recorded.as_ref() != Some(&got);
            Ok(Got {
                problem: differs.then(|| format!("got {got:?}, recorded is {recorded:?}")),
                events: None,
            })
        })
    })
}

/// The function that writes a fixture's line.
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
        // The stream of that event is typed.
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

        /// Subscribes to an event by its type; to one that has none, by its name.
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
    let events = stream.map(move |item| item.map(|event| heard(&event.map(Some), read)));
    Ok(Box::pin(events))
}
