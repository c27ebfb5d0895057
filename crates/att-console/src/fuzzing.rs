//! What the fuzz targets call: each takes any bytes, and panics if what must always hold does not.
//!
//! Not part of the library: it is there when the crate is built for tests or by `cargo fuzz`.

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

/// Reads a text as a frame, and everything out of it that is ever read.
///
/// # Panics
///
/// If the two ways to read a frame disagree, or anything below panics.
pub fn frame(bytes: &[u8]) {
    // The websocket layer lets nothing else through.
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some((short, long)) = Frame::by_both_readers(text) {
        assert!(
            long.is_ok(),
            "the short way reads what the long way refuses: {text}"
        );
        let long = long.unwrap_or_else(|_| short.clone());
        assert_eq!(short.kind, long.kind);
        assert_eq!(short.data(), long.data());
        assert_eq!(short.timestamp(), long.timestamp());
        let decoded = |frame: &Frame| frame.decode::<Value>().ok();
        assert_eq!(decoded(&short), decoded(&long));
    }
    let mut pieces = 0;
    Frame::read_each(text.into(), SystemTime::UNIX_EPOCH, |frame| {
        pieces += 1;
        if let Ok(frame) = frame {
            assert!(text.contains(frame.raw.as_str()), "a part of the text");
            read_all(frame);
        }
    });
    assert!(pieces > 0, "nothing vanishes unseen");
    if let Ok(frame) = Frame::read(text.into(), SystemTime::UNIX_EPOCH) {
        assert_eq!(pieces, 1, "one object is one frame");
        assert_eq!(frame.raw.as_str(), text, "the raw frame is the whole text");
    }
}

/// Reads everything out of a frame that is ever read.
fn read_all(frame: Frame) {
    assert!(frame.data() == "null" || frame.raw.as_str().contains(frame.data()));
    // Whatever these make of it, they make it without panicking.
    let _ = (frame.timestamp(), frame.text());
    decode_both_ways::<Value>(&frame);
    decode_both_ways::<PlayerStateChanged>(&frame);
    decode_both_ways::<InventoryChanged>(&frame);
    decode_both_ways::<LogMessage>(&frame);
    if !matches!(frame.kind, Kind::Reply { .. }) {
        return;
    }
    let redactor = alta_model::Redactor::new();
    let has_exception = Reply::new(frame.clone(), &redactor).exception().is_some();
    let outcome = Reply::of(frame, &redactor);
    assert!(
        !has_exception || outcome.is_err(),
        "a failure is no success"
    );
    if let Ok(reply) = outcome {
        let _ = (reply.result(), reply.text(), reply.command());
        let _ = (reply.read::<User>(), reply.read::<f64>());
        let _ = reply.read_list::<User>();
        let _ = format!("{reply:?}");
    }
}

/// Reads the data as a `T`, by whatever way, and as `serde_json` does it.
fn decode_both_ways<T: DeserializeOwned + PartialEq + Debug>(frame: &Frame) {
    let read = frame.decode::<T>();
    if let Ok(long) = serde_json::from_str::<T>(frame.data()) {
        assert_eq!(read.ok(), Some(long), "{}", frame.data());
    }
}

/// Writes any text as an argument, and splits the line again in every way that a server might split it.
///
/// # Panics
///
/// If the text became more or less than one argument, or another one, or was refused although it can be written.
pub fn arguments(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let is_writable = !text.chars().any(is_unwritable);
    let written = read_back(Argument::text(text), Some(text));
    assert_eq!(
        written, is_writable,
        "refused is what cannot be written, no more and no less"
    );
    let by = text.chars().next_back().unwrap_or('?');
    assert!(
        read_back(Argument::replacing(text, by), None),
        "replacing makes any text writable"
    );
    assert!(
        read_back(Argument::typographic(text), None),
        "typographic makes any text writable"
    );
    assert!(
        read_back(Argument::typographic(text), None),
        "typographic makes any text writable"
    );
    read_back(Argument::word("a word", text), Some(text));
    read_back(Argument::save_string("value", text), None);
    if read_back(Target::from(text), Some(text)) {
        let name = text.trim();
        assert!(
            !name.contains(',') && name != "*" && !name.is_empty(),
            "one player"
        );
        assert!(!name.chars().all(|digit| digit.is_ascii_digit()), "no id");
    }
}

/// Whether an argument can be written; if so, it stands in its line alone and, in the words of every server, as `text`.
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

    /// Runs a target on its corpus, which begins with the fixtures and grows with what fuzzing finds.
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
    fn the_corpus_of_frames_holds() {
        run(frame, "frame");
    }

    #[test]
    fn the_corpus_of_arguments_holds() {
        run(arguments, "arguments");
    }
}
