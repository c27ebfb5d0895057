//! Samples and constructed exchanges of the real services. Every frame of the simulated ones is built from them.
//!
//! They share nothing with the client crates: a client that misspells a field name meets the attested name here.

use super::json::Node;
use std::collections::HashMap;

/// Declares a constant array of sample files: each name with the text of the file `recordings/<name>.json` beside the calling
/// crate's `Cargo.toml`.
#[macro_export]
macro_rules! samples {
    (static $files:ident = $($name:literal,)*) => {
        const $files: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/recordings/", $name, ".json")),
        )),*];
    };
}

pub use samples;

/// Sample files, parsed.
#[derive(Debug)]
pub struct Samples(HashMap<&'static str, Sample>);

#[derive(Debug)]
struct Sample {
    /// The body of a REST reply.
    body: Node,
    /// The frames of the server.
    frames: Vec<Node>,
    /// The contents of these frames that hold JSON as text.
    contents: Vec<Node>,
}

static NULL: Node = Node::Null;

impl Samples {
    /// Parses files that [`samples!`] declares.
    pub fn parse(files: &[(&'static str, &'static str)]) -> Self {
        let parsed = files
            .iter()
            .filter_map(|(name, text)| Some((*name, Sample::parse(text)?)));
        Self(parsed.collect())
    }

    fn get(&self, name: &str) -> Option<&Sample> {
        let found = self.0.get(name);
        debug_assert!(found.is_some(), "there is no sample {name}");
        found
    }

    /// The body of a REST reply.
    pub fn body(&self, name: &str) -> &Node {
        self.get(name).map_or(&NULL, |sample| &sample.body)
    }

    /// The `nth` frame (from 0) of the server in a sample of a websocket.
    pub fn frame(&self, name: &str, nth: usize) -> &Node {
        let frame = self.get(name).and_then(|sample| sample.frames.get(nth));
        frame.unwrap_or(&NULL)
    }

    /// The decoded `content` of such a frame.
    pub fn content(&self, name: &str, nth: usize) -> &Node {
        let content = self.get(name).and_then(|sample| sample.contents.get(nth));
        content.unwrap_or(&NULL)
    }

    /// The names of files that cannot be used: not JSON, or with a frame of the server that is not JSON. For tests.
    pub fn problems(&self, files: &[(&'static str, &'static str)]) -> Vec<String> {
        let is_usable = |name: &str| {
            let frames = self.0.get(name).map(|sample| &sample.frames);
            let needs_frames = !name.starts_with("rest/") && !name.contains("silence");
            frames.is_some_and(|it| !(it.contains(&Node::Null) || needs_frames && it.is_empty()))
        };
        let names = files.iter().map(|(name, _)| *name);
        names
            .filter(|name| !is_usable(name))
            .map(str::to_owned)
            .collect()
    }
}

impl Sample {
    fn parse(text: &str) -> Option<Self> {
        let file = Node::parse(text)?;
        let decode = |frame: &Node, key: &str| {
            let text = frame.get(key).and_then(Node::as_str);
            text.and_then(Node::parse).unwrap_or(Node::Null)
        };
        let frames: Vec<Node> = file
            .get("frames")
            .map_or(&[][..], Node::as_array)
            .iter()
            .filter(|frame| frame.get("direction").and_then(Node::as_str) == Some("server"))
            .map(|frame| decode(frame, "text"))
            .collect();
        let body = file.get("response").and_then(|reply| reply.get("body"));
        Some(Self {
            body: body.cloned().unwrap_or(Node::Null),
            contents: frames
                .iter()
                .map(|frame| decode(frame, "content"))
                .collect(),
            frames,
        })
    }
}
