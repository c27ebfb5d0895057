//! Checks that a test of its crate names every kind of error.

use crate::root;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The kinds of a crate's error, from its `error.rs`.
fn kinds(source: &str) -> Vec<String> {
    let body = source
        .split_once("pub enum ErrorKind {")
        .and_then(|(_, rest)| rest.split_once("\n}"));
    let lines = body.map_or("", |(body, _)| body).lines();
    // A variant begins a line with the indentation of the enum's body.
    lines
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()))
        .map(|line| {
            let end = line.find(|c: char| !c.is_alphanumeric());
            line[..end.unwrap_or(line.len())].to_owned()
        })
        .collect()
}

/// The tests in a file.
fn tests(path: &Path, source: &str) -> String {
    let is_test = |part: &std::ffi::OsStr| part == "tests" || part == "tests.rs";
    if path.iter().any(is_test) {
        return source.to_owned();
    }
    let modules = ["#[cfg(test)]\nmod", "#[cfg(all(test"];
    let begins = modules.iter().filter_map(|begin| source.find(begin)).min();
    begins.map_or_else(String::new, |at| source[at..].to_owned())
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// The kinds that no test of their crate names, by crate.
fn unnamed(crates: &Path) -> BTreeMap<String, Vec<String>> {
    let mut unnamed = BTreeMap::new();
    for folder in fs::read_dir(crates).into_iter().flatten().flatten() {
        let folder = folder.path();
        let Ok(source) = fs::read_to_string(folder.join("src/error.rs")) else {
            continue;
        };
        let mut files = Vec::new();
        for part in ["src", "tests"] {
            rust_files(&folder.join(part), &mut files);
        }
        let tests: String = files
            .iter()
            .map(|path| {
                let inside = path.strip_prefix(&folder).unwrap_or(path);
                tests(inside, &fs::read_to_string(path).unwrap_or_default())
            })
            .collect();
        let is_unnamed = |kind: &String| {
            let name = format!("ErrorKind::{kind}");
            !tests.match_indices(&name).any(|(at, _)| {
                let next = tests[at + name.len()..].chars().next();
                !next.is_some_and(char::is_alphanumeric)
            })
        };
        let kinds: Vec<String> = kinds(&source).into_iter().filter(is_unnamed).collect();
        if !kinds.is_empty() {
            unnamed.insert(
                folder
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                kinds,
            );
        }
    }
    unnamed
}

#[test]
fn every_kind_of_error_is_named_by_a_test_of_its_crate() {
    // A test that names a kind usually also causes it.
    assert_eq!(unnamed(&root().join("crates")), BTreeMap::new());
}

#[test]
fn kinds_and_tests_are_found_in_the_source() {
    let source = "pub enum ErrorKind {\n    /// One.\n    #[error(\"x\")]\n    One,\n    Two {\n        Three: u8,\n    },\n    \
                  Four(String),\n}\n\npub enum Other {\n    Five,\n}\n\n#[cfg(test)]\nmod tests { ErrorKind::One }";
    assert_eq!(kinds(source), ["One", "Two", "Four"]);
    assert!(tests(Path::new("src/error.rs"), source).starts_with("#[cfg(test)]"));
    assert_eq!(tests(Path::new("tests/all.rs"), source), source);
    assert_eq!(tests(Path::new("src/error.rs"), "mod tests {}"), "");
}
