//! `cargo xtask fuzz-corpus`: the inputs with which fuzzing starts, taken from the fixtures.

use crate::{Error, fixture, root};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Longer strings are not realistic arguments.
const LONGEST_ARGUMENT: usize = 200;

/// One input of a fuzz target.
struct Seed {
    krate: &'static str,
    target: &'static str,
    name: String,
    text: String,
}

/// Writes the inputs that do not exist yet.
pub(crate) fn run() -> Result<(), Error> {
    let mut written = 0;
    for seed in seeds()? {
        let path = seed.path();
        if fs::read(&path).is_ok_and(|bytes| bytes == seed.text.as_bytes()) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, &seed.text)?;
        written += 1;
    }
    println!("{written} files written to crates/*/fuzz/corpus");
    Ok(())
}

impl Seed {
    fn path(&self) -> PathBuf {
        let corpus = root().join("crates").join(self.krate).join("fuzz/corpus");
        corpus.join(self.target).join(&self.name)
    }
}

/// The frames of servers, and the strings that could become arguments.
fn seeds() -> Result<Vec<Seed>, Error> {
    let mut seeds = Vec::new();
    let mut known = BTreeSet::new();
    for fixture in fixture::load()? {
        let (name, krate, target) = if let Some(name) = fixture.name.strip_prefix("console/") {
            (name, "att-console", "frame")
        } else if let Some(name) = fixture.name.strip_prefix("main-ws/") {
            (name, "alta-ws", "main_frame")
        } else {
            continue;
        };
        let mut texts = Vec::new();
        let frames = fixture.recording["frames"].as_array();
        for (index, frame) in frames.into_iter().flatten().enumerate() {
            let text = frame["text"].as_str().unwrap_or_default();
            if frame["direction"] == "server" {
                seeds.push(Seed {
                    krate,
                    target,
                    name: format!("{name}-{index}"),
                    text: text.to_owned(),
                });
            }
            if krate != "att-console" {
                continue;
            }
            let frame: Value = serde_json::from_str(text).unwrap_or_default();
            collect_texts(&frame["data"], &mut texts);
            collect_texts(&frame["content"], &mut texts);
        }
        texts.retain(|text| text.len() <= LONGEST_ARGUMENT && known.insert(text.clone()));
        seeds.extend(texts.into_iter().enumerate().map(|(index, text)| Seed {
            krate: "att-console",
            target: "arguments",
            name: format!("{name}-{index}"),
            text,
        }));
    }
    Ok(seeds)
}

fn collect_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect_texts(value, texts)),
        Value::Object(fields) => fields
            .values()
            .for_each(|value| collect_texts(value, texts)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_contains_the_fixtures() {
        let seeds = seeds().unwrap();
        for (target, least) in [("frame", 30), ("arguments", 30), ("main_frame", 15)] {
            let count = seeds.iter().filter(|seed| seed.target == target).count();
            assert!(count > least, "{target}: {count}");
        }
        for seed in seeds {
            let held = fs::read(seed.path()).is_ok_and(|bytes| bytes == seed.text.as_bytes());
            assert!(held, "{}: run `cargo xtask fuzz-corpus`", seed.name);
        }
    }
}
