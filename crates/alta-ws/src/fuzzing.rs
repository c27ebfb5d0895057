//! The function of the fuzz target. It takes any bytes, and panics if an invariant is broken.
//!
//! It is not part of the library: only tests and `cargo fuzz` compile it.

use crate::events::{
    GroupMemberUpdate, GroupMembership, GroupServerStatus, MeGroupDelete, Subscribable,
};
use crate::frame::{Frame, Incoming, MayBe, RawContent, range_within};
use crate::topic::Topic;
use alta_model::{Member, Server, json};
use alta_socket::objects;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;
use std::time::Instant;

/// Decodes bytes as a frame of the main websocket, and everything in it that the library decodes.
///
/// # Panics
///
/// Panics if the two ways to read a frame or a content disagree, or if a called function panics.
pub fn frame(bytes: &[u8]) {
    // The websocket layer accepts only valid UTF-8.
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some((short, long)) = Incoming::both_ways(text) {
        assert_eq!(short, long);
    }
    match Incoming::parse(text) {
        Incoming::Malformed(_) => {
            for piece in objects(text) {
                read(piece.unwrap_or_else(|rest| rest));
            }
        }
        _ => read(text),
    }
}

/// Decodes one JSON object, or another part of a frame.
fn read(text: &str) {
    let content = match Incoming::parse(text) {
        Incoming::Event { content, .. } | Incoming::Response { content, .. } => content,
        Incoming::Malformed(MayBe::Event { event, .. }) => {
            assert!(!event.eq_ignore_ascii_case("response"));
            return;
        }
        _ => return,
    };
    let range = range_within(text, content);
    assert_eq!(&text[range.clone()], content);
    let frame = Frame {
        topic: Topic::any(),
        raw: text.into(),
        received: Instant::now(),
        content: Some(range),
    };
    let raw = RawContent::new(content);
    assert!(frame.content().is_ok(), "the frame is a JSON object");
    let Ok(read) = raw.text() else {
        assert!(
            content.starts_with('"'),
            "a value that is not a string is accepted"
        );
        return;
    };
    in_both_ways::<Server>(content, &read);
    in_both_ways::<Member>(content, &read);
    in_both_ways::<GroupMembership>(content, &read);
    in_both_ways::<Value>(content, &read);
    // The result does not matter; the call must not panic.
    let _ = GroupServerStatus::read(raw);
    let _ = GroupMemberUpdate::read(raw);
    let _ = MeGroupDelete::read(raw);
    assert!(Topic::read(raw).is_ok());
}

/// Compares the fast decoder of a content with the full one.
fn in_both_ways<T: DeserializeOwned + Debug + PartialEq>(content: &str, text: &str) {
    if let Some(short) = json::from_compact_in_string::<T>(content) {
        let long: Option<T> = serde_json::from_str(text).ok();
        assert_eq!(Some(short), long);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Runs the target on its corpus, which begins with the samples and grows with the inputs that fuzzing finds.
    #[test]
    fn the_corpus_of_frames_breaks_no_invariant() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/main_frame");
        let mut count = 0;
        for entry in std::fs::read_dir(corpus).unwrap() {
            frame(&std::fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 20, "{count} inputs");
    }
}
