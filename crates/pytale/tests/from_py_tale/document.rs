//! Compares `docs/from-py-tale.md` with the list of py-tale's names, the snippets that the tests run, and the sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    let text =
        fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.replace("\r\n", "\n")
}

/// The names of each section of the list.
fn list() -> BTreeMap<String, Vec<String>> {
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut section = String::new();
    for line in read("fixtures/py-tale-api.txt").lines().map(str::trim) {
        match line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            Some(name) => name.clone_into(&mut section),
            None if line.is_empty() || line.starts_with('#') => {}
            None => sections
                .entry(section.clone())
                .or_default()
                .push(line.to_owned()),
        }
    }
    sections
}

/// The snippets that the tests run, without their indentation.
fn snippets() -> BTreeMap<String, String> {
    let mut snippets = BTreeMap::new();
    for source in ["functions", "errors", "subscriptions"] {
        let text = read(&format!("crates/pytale/tests/from_py_tale/{source}.rs"));
        let mut parts = text.split("// snippet: ");
        parts.next();
        for part in parts {
            let (name, rest) = part.split_once('\n').unwrap();
            let (code, _) = rest.split_once("// end").expect("an end");
            let indentation = |line: &str| line.len() - line.trim_start().len();
            let lines = code.lines().filter(|line| !line.trim().is_empty());
            let least = lines.clone().map(indentation).min().unwrap();
            let code: Vec<_> = lines.map(|line| &line[least..]).collect();
            snippets.insert(name.trim().to_owned(), code.join("\n"));
        }
    }
    snippets
}

#[test]
fn every_name_has_a_row_in_the_tables() {
    let document = read("docs/from-py-tale.md");
    let sections = list();
    let counts: Vec<_> = sections.values().map(Vec::len).collect();
    assert_eq!(counts, [17, 7, 23, 13, 9], "{:?}", sections.keys());
    for name in sections.values().flatten() {
        let row = document
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")));
        let cells = row.map_or(0, |row| {
            row.split('|')
                .filter(|cell| !cell.trim().is_empty())
                .count()
        });
        assert!(cells >= 2, "{name} has no row with a counterpart: {row:?}");
    }
}

#[test]
fn every_snippet_of_the_document_is_run_unchanged() {
    let document = read("docs/from-py-tale.md");
    let snippets = snippets();
    let sections = list();
    for (name, code) in &snippets {
        let block = format!("```rust\n{code}\n```");
        assert!(
            document.contains(&block),
            "the document lacks the snippet of {name}:\n{block}"
        );
    }
    for function in &sections["functions"] {
        assert!(
            snippets.contains_key(function),
            "no snippet of {function} is run"
        );
    }
    let blocks = document.matches("```rust\n").count();
    assert_eq!(blocks, snippets.len(), "a block of the document is not run");
    for (section, snippet) in [
        ("exceptions", "exceptions"),
        ("console subscriptions", "console subscriptions"),
    ] {
        for name in &sections[section] {
            assert!(
                snippets[snippet].contains(name.as_str()),
                "no snippet of {name} is run"
            );
        }
    }
    for event in &sections["main subscriptions"] {
        let words = event
            .split('-')
            .map(|word| word[..1].to_uppercase() + &word[1..]);
        let name: String = words.collect();
        assert!(
            snippets["main subscriptions"].contains(&format!("({name}(")),
            "no snippet of {event} is run"
        );
    }
}

#[test]
fn every_function_and_exception_of_py_tale_is_a_method_or_a_doc_alias() {
    let mut sources = String::new();
    for folder in [
        "alta-auth/src",
        "alta-bot/src",
        "alta-rest/src",
        "alta-ws/src",
    ] {
        collect(&root().join("crates").join(folder), &mut sources);
    }
    let sections = list();
    let beyond = &sections["functions beyond the README"];
    let functions = sections["functions"].iter().chain(beyond);
    for name in functions.chain(&sections["exceptions"]) {
        let found = sources.contains(&format!("pub fn {name}("))
            || sources.contains(&format!("pub async fn {name}("))
            || sources.contains(&format!("pub async fn {name}<"))
            || sources.contains(&format!("#[doc(alias = \"{name}\")]"));
        assert!(found, "{name} is neither a method's name nor an alias");
    }
}

fn collect(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, sources);
        } else {
            sources.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
