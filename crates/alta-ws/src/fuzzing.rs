//! The function of the fuzz target: it takes any bytes, and panics if an invariant is broken.
//!
//! Not part of the library: it is there when the crate is built for tests or by `cargo fuzz`.

use crate::events::{GroupMemberUpdate, GroupServerStatus, MeGroupDelete, Subscribable};
use crate::frame::{Frame, Incoming, MayBe, range_within};
use crate::topic::Topic;
use alta_socket::objects;
use std::time::Instant;

/// Reads a text as a frame of the main socket, and everything out of it that is ever read.
///
/// # Panics
///
/// If the two ways to read a frame disagree, or anything below panics.
pub fn frame(bytes: &[u8]) {
    // The websocket layer lets nothing else through.
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

/// Reads one object, or a piece of a text that is none.
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
    assert!(
        frame.content().is_ok() || content.starts_with('"'),
        "a value that is no string stands for itself"
    );
    // Whatever these make of it, they make it without panicking.
    if let Ok(content) = frame.content() {
        let _ = GroupServerStatus::read(&content);
        let _ = GroupMemberUpdate::read(&content);
        let _ = MeGroupDelete::read(&content);
        assert!(Topic::read(&content).is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Runs the target on its corpus, which begins with the samples and grows with the inputs that fuzzing finds.
    #[test]
    fn the_corpus_of_frames_holds() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/main_frame");
        let mut count = 0;
        for entry in std::fs::read_dir(corpus).unwrap() {
            frame(&std::fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 20, "{count} inputs");
    }
}
