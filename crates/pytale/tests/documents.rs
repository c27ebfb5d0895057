//! Checks that the code in the documents is compiled and that their links have targets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The documents: paths and contents.
fn documents() -> Vec<(String, String)> {
    let mut paths = ["README.md", "SECURITY.md", "CONTRIBUTING.md"]
        .map(str::to_owned)
        .to_vec();
    for folder in ["docs", "docs/decisions", "fixtures"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if let Some(name) = name.strip_suffix(".md") {
                paths.push(format!("{folder}/{name}.md"));
            }
        }
    }
    let read = |path: String| {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn every_document_exists_and_is_listed() {
    let documents = documents();
    let index = &documents
        .iter()
        .find(|(path, _)| path == "docs/README.md")
        .unwrap()
        .1;
    for name in [
        "guide",
        "architecture",
        "glossary",
        "internals",
        "reliability",
        "performance",
        "security",
        "fixtures",
        "from-py-tale",
        "from-att-client",
        "from-tavernpy",
    ] {
        let path = format!("docs/{name}.md");
        assert!(documents.iter().any(|(known, _)| *known == path), "{path}");
        assert!(
            index.contains(&format!("({name}.md)")),
            "{name} is not listed"
        );
    }
}

#[test]
fn every_block_of_code_is_compiled() {
    let facade = fs::read_to_string(root().join("crates/pytale/src/lib.rs")).unwrap();
    for (path, text) in documents() {
        assert!(!text.contains("```rust,ignore"), "{path}");
        let has_code = text.contains("```rust");
        // Another test runs the snippets of this document.
        let is_compiled =
            path == "docs/from-py-tale.md" || facade.contains(&format!("\"{path}\";"));
        assert!(
            !has_code || is_compiled,
            "{path} has code that is not compiled"
        );
    }
}

#[test]
fn every_link_has_a_target() {
    for (path, text) in documents() {
        let folder = root().join(&path).parent().unwrap().to_owned();
        for link in text.split("](").skip(1) {
            let (target, _) = link.split_once(')').unwrap();
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            if file.contains("://") {
                continue;
            }
            let file = if file.is_empty() {
                root().join(&path)
            } else {
                folder.join(file)
            };
            assert!(file.exists(), "{path} links to {target}");
            if !anchor.is_empty() {
                let text = fs::read_to_string(&file).unwrap();
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                assert!(
                    headings.any(|heading| slug(heading) == anchor),
                    "{path} links to {target}"
                );
            }
        }
    }
}

/// The anchor of a heading.
fn slug(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    words
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}
