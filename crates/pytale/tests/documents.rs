//! Checks that the code in the documents is compiled, and that the links, tests, items and log messages in them exist.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
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
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        paths.push(format!("crates/{name}/README.md"));
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
        let is_compiled = path == "docs/from-py-tale.md"
            || facade.contains(&format!("\"{path}\";"))
            || path.starts_with("crates/") && is_included_by_its_crate(&path);
        assert!(
            !has_code || is_compiled,
            "{path} has code that is not compiled"
        );
    }
}

fn is_included_by_its_crate(readme: &str) -> bool {
    let folder = root().join(readme).parent().unwrap().to_owned();
    fs::read_to_string(folder.join("src/lib.rs"))
        .is_ok_and(|library| library.contains("include_str!(\"../README.md\")"))
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

/// The Rust sources of all crates, tests included.
fn sources() -> String {
    let mut folders = vec![root().join("crates"), root().join("xtask")];
    let mut sources = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources += &fs::read_to_string(path).unwrap();
            }
        }
    }
    sources
}

/// The strings in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_test_that_the_promises_name_exists() {
    let sources = sources();
    let page = fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    let is_name = |name: &&str| {
        name.matches('_').count() > 2
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let named: Vec<&str> = quoted(&page).filter(is_name).collect();
    assert!(named.len() > 100, "{named:?}");
    // The number of the promise may precede the name.
    let exists = |name: &str| {
        sources.contains(&format!("fn {name}(")) || sources.contains(&format!("_{name}("))
    };
    let missing: Vec<_> = named.iter().filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "docs/reliability.md: {missing:#?}");
}

#[test]
fn every_log_message_in_the_guide_exists() {
    let sources = sources();
    let guide = fs::read_to_string(root().join("docs/guide.md")).unwrap();
    let (_, rest) = guide.split_once("## When nothing happens").unwrap();
    let (table, _) = rest.split_once("\n## ").unwrap();
    let rows = table.lines().skip_while(|line| !line.starts_with("| ---"));
    let rows = rows.filter(|line| line.starts_with("| `"));
    let mut missing = Vec::new();
    let mut count = 0;
    for message in rows.flat_map(|row| quoted(row.split('|').nth(1).unwrap())) {
        // The dots replace values, and a cause follows a colon.
        for piece in message.split(['…', ':']).map(str::trim) {
            count += 1;
            if !sources.contains(piece) {
                missing.push(piece);
            }
        }
    }
    assert!(count > 15, "{count}");
    assert!(missing.is_empty(), "docs/guide.md: {missing:#?}");
}

#[test]
fn every_path_of_an_item_in_a_document_exists() {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let sources = sources();
    let words: BTreeSet<&str> = sources.split(|c| !is_letter(c)).collect();
    let mut missing = Vec::new();
    for (document, text) in documents() {
        let paths = quoted(&text).flat_map(|code| code.split(|c| !is_letter(c) && c != ':'));
        // The sources do not use each item of tokio that the documents name.
        let is_ours = |path: &&str| path.contains("::") && !path.starts_with("tokio");
        for path in paths.filter(is_ours) {
            if !path
                .split("::")
                .all(|word| words.contains(word.trim_matches(':')))
            {
                missing.push(format!("{document}: {path}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
