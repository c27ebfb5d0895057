//! The frames of a console.

use super::replacements::{FIRST_ID, Replacements};
use super::{Error, replaced};
use pytale::console::EventName;
use pytale::console::catalogue;
use serde_json::{Value, json};
use std::collections::HashSet;

/// Replaces all personal data in the frames of one console.
///
/// # Errors
///
/// If an original would remain somewhere.
pub(crate) fn frames<'f>(frames: impl Iterator<Item = &'f str>) -> Result<Vec<String>, Error> {
    let (mut values, mut lengths) = (Vec::new(), Vec::new());
    for frame in frames {
        // Some servers put several objects into one frame.
        let objects = serde_json::Deserializer::from_str(frame).into_iter::<Value>();
        let objects: Result<Vec<Value>, _> = objects.collect();
        let objects = objects.unwrap_or_else(|_| vec![Value::from(frame)]);
        lengths.push(objects.len());
        values.extend(objects);
    }
    let commands: Vec<Option<Value>> = values.iter_mut().map(take_command).collect();
    // The caller's id and name are a part of a sentence, in which they are not recognized.
    let callers: Vec<Value> = values.iter().filter_map(caller).collect();
    values.extend(callers);
    let words = words_of_consoles();
    let is_public = |name: &str| words.contains(&name.to_ascii_lowercase());
    let replacements = Replacements::except(&values, is_public);
    let mut values = replaced(values, &replacements)?;
    for (value, command) in values.iter_mut().zip(commands) {
        put_command(value, command);
    }
    let mut values = values.into_iter();
    let frame = |length| {
        let objects = values.by_ref().take(length);
        let texts = objects.map(|value| match value {
            Value::String(text) => text,
            value => value.to_string(),
        });
        texts.collect::<String>()
    };
    Ok(lengths.into_iter().map(frame).collect())
}

/// Takes the description of the command out of a reply: its names are not those of persons.
fn take_command(frame: &mut Value) -> Option<Value> {
    let data = frame.get_mut("data")?.as_object_mut()?;
    // The `Command` of a `CommandExecuted` event is the line.
    let is_description = data.get("Command").is_some_and(Value::is_object);
    is_description.then(|| data.remove("Command"))?
}

fn put_command(frame: &mut Value, command: Option<Value>) {
    let data = frame.get_mut("data").and_then(Value::as_object_mut);
    if let (Some(data), Some(command)) = (data, command) {
        data.insert("Command".to_owned(), command);
    }
}

/// The words of commands and the names of events in lower case: a transcript without them could not be replayed.
fn words_of_consoles() -> HashSet<String> {
    let entries = catalogue::known().entries();
    let names = entries.iter().flat_map(catalogue::Entry::names);
    let words = names.flat_map(|name| name.split([' ', '.']));
    let events: Vec<EventName> = EventName::known().collect();
    let events = events.iter().map(EventName::as_str);
    words.chain(events).map(str::to_ascii_lowercase).collect()
}

/// The person in a reply to a token. A self-hosted server has a small number and a fixed name instead.
fn caller(frame: &Value) -> Option<Value> {
    let (_, caller) = frame
        .get("data")?
        .as_str()?
        .split_once("Authenticated as: ")?;
    let (id, name) = caller.split_once(" - ")?;
    let is_person = id.parse::<u64>().is_ok_and(|id| id >= FIRST_ID);
    is_person.then(|| json!({"id": id, "username": name}))
}
