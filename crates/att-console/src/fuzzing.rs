//! The fuzz targets. Each takes any bytes, and panics if a property does not hold.
//!
//! This module exists only in builds for tests and for `cargo fuzz`.

use crate::commands::argument::tokenizer::Tokenizer;
use crate::commands::argument::{Argument, Target, is_unwritable};
use crate::commands::command::Command;
use crate::event::{InventoryChanged, LogMessage, PlayerStateChanged};
use crate::wire::frame::{Frame, Kind};
use crate::wire::reply::Reply;
use alta_model::User;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;
use std::time::SystemTime;

/// Reads a message, and everything in it.
///
/// # Panics
///
/// If the two readers disagree, or if a reader panics.
pub fn frame(bytes: &[u8]) {
    // The websocket layer accepts only UTF-8.
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some((fast, full)) = Frame::by_both_readers(text) {
        assert!(
            full.is_ok(),
            "only the fast reader accepts this frame: {text}"
        );
        let full = full.unwrap_or_else(|_| fast.clone());
        assert_eq!(fast.kind, full.kind);
        assert_eq!(fast.data(), full.data());
        assert_eq!(fast.timestamp(), full.timestamp());
        let decoded = |frame: &Frame| frame.decode::<Value>().ok();
        assert_eq!(decoded(&fast), decoded(&full));
    }
    let mut pieces = 0;
    Frame::read_each(text.into(), SystemTime::UNIX_EPOCH, |frame| {
        pieces += 1;
        if let Ok(frame) = frame {
            assert!(text.contains(frame.raw.as_str()), "a part of the text");
            read_all(frame);
        }
    });
    assert!(pieces > 0, "every message is a frame or an error");
    if let Ok(frame) = Frame::read(text.into(), SystemTime::UNIX_EPOCH) {
        assert_eq!(pieces, 1, "one object is one frame");
        assert_eq!(
            frame.raw.as_str(),
            text,
            "the raw frame is the whole message"
        );
    }
}

/// Calls every reader on a frame.
fn read_all(frame: Frame) {
    assert!(frame.data() == "null" || frame.raw.as_str().contains(frame.data()));
    // These must not panic.
    let _ = (frame.timestamp(), frame.text());
    decode_twice::<Value>(&frame);
    decode_twice::<PlayerStateChanged>(&frame);
    decode_twice::<InventoryChanged>(&frame);
    decode_twice::<LogMessage>(&frame);
    if !matches!(frame.kind, Kind::Reply { .. }) {
        return;
    }
    let redactor = alta_model::Redactor::new();
    let has_exception = Reply::new(frame.clone(), &redactor).exception().is_some();
    let result = Reply::of(frame, &redactor);
    assert!(
        !has_exception || result.is_err(),
        "a failure is not a success"
    );
    if let Ok(reply) = result {
        let _ = (reply.result(), reply.text(), reply.command());
        let _ = (reply.read::<User>(), reply.read::<f64>());
        let _ = reply.read_list::<User>();
        let _ = format!("{reply:?}");
    }
}

/// Decodes the data by the reader for compact JSON and by `serde_json`.
fn decode_twice<T: DeserializeOwned + PartialEq + Debug>(frame: &Frame) {
    let read = frame.decode::<T>();
    if let Ok(expected) = serde_json::from_str::<T>(frame.data()) {
        assert_eq!(read.ok(), Some(expected), "{}", frame.data());
    }
}

/// Writes a string as an argument, and splits the line again in every way in which a server could split it.
///
/// # Panics
///
/// If the string does not become exactly one equal argument, or if it is an error although it can be written.
pub fn arguments(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let is_writable = !text.chars().any(is_unwritable);
    let written = read_back(Argument::text(text), Some(text));
    assert_eq!(
        written, is_writable,
        "an error exactly if it cannot be written"
    );
    let by = text.chars().next_back().unwrap_or('?');
    assert!(
        read_back(Argument::replacing(text, by), None),
        "replacing makes any string writable"
    );
    assert!(
        read_back(Argument::typographic(text), None),
        "typographic makes any string writable"
    );
    read_back(Argument::word("a word", text), Some(text));
    read_back(Argument::save_string("value", text), None);
    if read_back(Target::from(text), Some(text)) {
        let name = text.trim();
        assert!(
            !name.contains(',') && name != "*" && !name.is_empty(),
            "one player"
        );
        assert!(
            !name.chars().all(|digit| digit.is_ascii_digit()),
            "not an id"
        );
    }
}

/// Returns whether an argument can be written. If so, every tokenizer must read it as one argument, equal to `text`.
fn read_back(argument: impl Into<Argument>, text: Option<&str>) -> bool {
    let command = Command::new("player message").arg(argument).arg(5);
    let Ok(line) = command.into_parts().0 else {
        return false;
    };
    for tokenizer in Tokenizer::all() {
        let words = tokenizer.split(&line);
        assert_eq!(words.len(), 4, "{tokenizer:?} reads {line:?} as {words:?}");
        assert_eq!(
            (words[0].as_str(), words[1].as_str(), words[3].as_str()),
            ("player", "message", "5")
        );
        assert!(
            text.is_none_or(|text| text == words[2]),
            "{tokenizer:?} reads {line:?} as {words:?}"
        );
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Runs a target on its corpus: the fixtures, and the inputs that fuzzing has found.
    fn run(target: fn(&[u8]), name: &str) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(name);
        let mut count = 0;
        for entry in std::fs::read_dir(corpus).unwrap() {
            let path = entry.unwrap().path();
            target(&std::fs::read(path).unwrap());
            count += 1;
        }
        assert!(count > 20, "{count} inputs");
    }

    #[test]
    fn no_input_of_the_corpus_of_frames_panics() {
        run(frame, "frame");
    }

    #[test]
    fn no_input_of_the_corpus_of_arguments_panics() {
        run(arguments, "arguments");
    }
}
