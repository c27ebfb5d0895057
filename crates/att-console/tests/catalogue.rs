//! The catalogue holds every command that is known, and the functions and the page say what it says.
//!
//! After a change to `catalogue.json`, `UPDATE_COMMANDS=1 cargo test -p att-console --test catalogue` writes the
//! documentation of the functions and `docs/commands.md` anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/render.rs"]
#[allow(unreachable_pub, reason = "included elsewhere as well")]
mod render;

use att_console::catalogue::{Entry, Overload, stock};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn is_updating() -> bool {
    std::env::var_os("UPDATE_COMMANDS").is_some()
}

/// Each function's name with what it writes.
fn builders() -> impl Iterator<Item = (&'static str, &'static Entry, &'static Overload)> {
    stock().entries().iter().flat_map(|entry| {
        let overloads = entry.overloads.iter();
        overloads.filter_map(move |overload| Some((overload.builder.as_deref()?, entry, overload)))
    })
}

#[test]
fn every_known_command_is_in_the_catalogue_and_no_other() {
    let known = fs::read_to_string(root().join("fixtures/console-commands.txt")).unwrap();
    let known: BTreeSet<&str> = known.lines().collect();
    let held: BTreeSet<&str> = stock()
        .entries()
        .iter()
        .map(|entry| entry.path.as_str())
        .collect();
    assert_eq!(known, held);
    assert_eq!(
        held.len(),
        stock().entries().len(),
        "a command stands twice"
    );
}

#[test]
fn no_name_means_two_commands() {
    let names: Vec<String> = stock()
        .entries()
        .iter()
        .flat_map(Entry::names)
        .map(str::to_ascii_lowercase)
        .collect();
    let unique: BTreeSet<&String> = names.iter().collect();
    assert_eq!(unique.len(), names.len());
}

#[test]
fn a_command_much_used_or_with_attested_parameters_has_a_function_or_a_reason_against_it() {
    for entry in stock().entries() {
        let is_attested = !entry.overloads.is_empty()
            && entry.overloads.iter().all(|overload| {
                let mut parameters = overload.parameters.iter();
                !overload.parameters.is_empty()
                    && parameters
                        .all(|parameter| !parameter.presumed && !parameter.r#type.is_empty())
            });
        let has_function = !entry.overloads.is_empty()
            && entry
                .overloads
                .iter()
                .all(|overload| overload.builder.is_some());
        assert!(
            has_function || entry.caution.is_some() || !(is_attested || entry.most_used),
            "{entry}"
        );
        assert!(
            !has_function || (!entry.description.is_empty() && entry.caution.is_none()),
            "{entry}"
        );
    }
}

/// What bots and servers' counts name most often: whoever asks for less wants one of these.
const MOST_USED: &str = "\
    bans from-server|debug server-stats|festivities start|help|help modules|player check-stat|player cripple|\
    player damage|player detailed|player downed-duration|player fling|player get-home|player god-mode|player id|\
    player inventory|player kick|player kill|player list|player list-detailed|player list-stats|player message|\
    player modify-stat|player progression allxp|player progression clearall|player progression pathlevelup|\
    player set-home|player set-stat|player set-unlock|player teleport|player username|repeat|save now|select|\
    select destroy|select find|select get|select look-at|select move exact|select prefab|select rotate exact|\
    select snap-ground|select tostring|settings changesetting|settings list|spawn|spawn exact|spawn find|\
    spawn infodump|spawn list|spawn string|spawn string-raw|time|time future|time set|time toggle|trade atm add|\
    trade atm get|trade atm set|trade post|wacky destroy|wacky destroy-free|wacky replace|websocket subscribe|\
    websocket subscriptions";

/// Only the name of these is known.
const WITHOUT_PARAMETERS: [&str; 3] = ["player damage", "player downed-duration", "player fling"];

#[test]
fn the_most_used_are_marked_and_have_functions() {
    for path in MOST_USED.split('|') {
        let entry = stock().get(path).unwrap_or_else(|| panic!("{path}"));
        assert!(entry.most_used, "{path}");
        let has_function = entry
            .overloads
            .iter()
            .any(|overload| overload.builder.is_some());
        assert_ne!(has_function, WITHOUT_PARAMETERS.contains(&path), "{path}");
    }
}

/// Their names say nothing, and nobody else does.
const WITHOUT_DESCRIPTION: [&str; 7] = [
    "debug load-marker",
    "debug set",
    "debug turabada-ai",
    "wacky chisel-deck",
    "wacky marcopolo",
    "wacky ow-loot",
    "wacky smelter",
];

#[test]
fn every_command_is_described_in_one_sentence_wherever_anything_is_known() {
    for entry in stock().entries() {
        let is_known = !WITHOUT_DESCRIPTION.contains(&entry.path.as_str());
        assert_eq!(!entry.description.is_empty(), is_known, "{}", entry.path);
        assert!(
            !is_known || entry.description.ends_with('.'),
            "{}",
            entry.path
        );
        assert!(!entry.sources.is_empty(), "{}", entry.path);
    }
}

#[test]
fn every_type_that_is_attested_is_explained_and_its_default_is_one_of_its_values() {
    for entry in stock().entries() {
        for parameter in entry
            .overloads
            .iter()
            .flat_map(|overload| &overload.parameters)
        {
            let plain = parameter.r#type.trim_end_matches("...");
            if plain.is_empty() {
                continue;
            }
            let kind = stock().type_named(plain);
            let kind = kind.unwrap_or_else(|| panic!("{plain} of {} is not explained", entry.path));
            if let (Some(default), false) = (&parameter.default, kind.values.is_empty()) {
                assert!(
                    kind.values.contains(default),
                    "{} of {}",
                    parameter.name,
                    entry.path
                );
            }
        }
    }
}

/// The functions of a module of commands, each with the path it says it writes.
fn functions(source: &str) -> Vec<(String, Option<String>)> {
    let lines: Vec<&str> = source.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(rest) = line.trim_start().strip_prefix("pub fn ") else {
            continue;
        };
        let name = rest.split(['(', '<']).next().unwrap().to_owned();
        let alias = at.checked_sub(1).and_then(|above| {
            let path = lines[above].trim_start().strip_prefix("#[doc(alias = \"")?;
            path.strip_suffix("\")]").map(str::to_owned)
        });
        found.push((name, alias));
    }
    found
}

#[test]
fn every_function_has_its_command_in_the_catalogue_and_names_its_path() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands");
    let mut written = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for (name, alias) in functions(&fs::read_to_string(&path).unwrap()) {
            let Some(alias) = alias.filter(|_| name != "atm") else {
                continue;
            };
            let function = if module == "trade" && ["get", "add", "set"].contains(&name.as_str()) {
                format!("trade::Atm::{name}")
            } else {
                format!("{module}::{name}")
            };
            written.insert((function, alias));
        }
    }
    let held: BTreeSet<(String, String)> = builders()
        .map(|(name, entry, _)| (name.to_owned(), entry.path.clone()))
        .collect();
    assert_eq!(written, held);
}

/// The source with the catalogue's words before the function.
fn documented(source: &str, name: &str, entry: &Entry, overload: &Overload) -> String {
    let lines: Vec<&str> = source.lines().collect();
    let is_function = |line: &&str| {
        let rest = line.trim_start().strip_prefix("pub fn ");
        rest.is_some_and(|rest| rest.starts_with(&format!("{name}(")))
    };
    let at = lines.iter().position(is_function);
    let at = at.unwrap_or_else(|| panic!("there is no function {name}"));
    let attribute = at - 1;
    let begin = lines[..attribute]
        .iter()
        .rposition(|line| !line.trim_start().starts_with("///"))
        .map_or(0, |last| last + 1);
    let indent: String = lines[at]
        .chars()
        .take_while(|letter| *letter == ' ')
        .collect();
    let before = lines[..begin].iter().map(|line| (*line).to_owned());
    let after = lines[attribute..].iter().map(|line| (*line).to_owned());
    let lines: Vec<String> = before
        .chain(render::doc_lines(entry, overload, &indent))
        .chain(after)
        .collect();
    lines.join("\n") + "\n"
}

#[test]
fn the_documentation_of_the_functions_is_the_catalogues() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands");
    for (name, entry, overload) in builders() {
        let (module, function) = name.split_once("::").unwrap();
        let function = function.rsplit("::").next().unwrap();
        let path = folder.join(format!("{module}.rs"));
        let source = fs::read_to_string(&path).unwrap();
        let expected = documented(&source, function, entry, overload);
        if is_updating() {
            fs::write(&path, &expected).unwrap();
        } else {
            assert_eq!(
                source, expected,
                "{name} is not documented as the catalogue says"
            );
        }
    }
}

#[test]
fn the_page_about_the_commands_is_current() {
    let path = root().join("docs/commands.md");
    let expected = render::page(stock());
    if is_updating() {
        fs::write(&path, &expected).unwrap();
    } else {
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }
}
