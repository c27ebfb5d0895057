//! The catalogue contains all known commands.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use att_console::catalogue::{Entry, known};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_catalogue_has_exactly_the_known_commands() {
    let listed = fs::read_to_string(root().join("fixtures/console-commands.txt")).unwrap();
    let listed: BTreeSet<&str> = listed.lines().collect();
    let held: BTreeSet<&str> = known()
        .entries()
        .iter()
        .map(|entry| entry.path.as_str())
        .collect();
    assert_eq!(listed, held);
    assert_eq!(
        held.len(),
        known().entries().len(),
        "a command is there twice"
    );
}

#[test]
fn every_name_belongs_to_one_command() {
    let names: Vec<String> = known()
        .entries()
        .iter()
        .flat_map(Entry::names)
        .map(str::to_ascii_lowercase)
        .collect();
    let unique: BTreeSet<&String> = names.iter().collect();
    assert_eq!(unique.len(), names.len());
}

#[test]
fn a_frequent_or_attested_command_has_a_function_or_a_caution() {
    for entry in known().entries() {
        let is_attested = !entry.overloads.is_empty()
            && entry.overloads.iter().all(|overload| {
                let mut parameters = overload.parameters.iter();
                !overload.parameters.is_empty()
                    && parameters
                        .all(|parameter| !parameter.inferred && !parameter.r#type.is_empty())
            });
        let has_function = !entry.overloads.is_empty()
            && entry
                .overloads
                .iter()
                .all(|overload| overload.function.is_some());
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

/// The commands that bots use most.
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

/// Commands of which every source gives only the name.
const WITHOUT_PARAMETERS: [&str; 3] = ["player damage", "player downed-duration", "player fling"];

#[test]
fn the_most_used_are_marked_and_have_functions() {
    for path in MOST_USED.split('|') {
        let entry = known().get(path).unwrap_or_else(|| panic!("{path}"));
        assert!(entry.most_used, "{path}");
        let has_function = entry
            .overloads
            .iter()
            .any(|overload| overload.function.is_some());
        assert_ne!(has_function, WITHOUT_PARAMETERS.contains(&path), "{path}");
    }
}

/// Commands whose effect is unknown.
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
fn every_command_with_a_known_effect_has_a_description_of_one_sentence() {
    for entry in known().entries() {
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
fn every_type_is_in_the_list_and_every_default_is_one_of_its_values() {
    for entry in known().entries() {
        for parameter in entry
            .overloads
            .iter()
            .flat_map(|overload| &overload.parameters)
        {
            let plain = parameter.r#type.trim_end_matches("...");
            if plain.is_empty() {
                continue;
            }
            let kind = known().parameter_type(plain);
            let kind = kind
                .unwrap_or_else(|| panic!("{plain} of {} is not in the list of types", entry.path));
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

#[test]
fn every_function_comes_from_a_declaration() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands");
    let mut declared = 0;
    for folder in [folder.join("trade"), folder] {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let source = fs::read_to_string(&path).unwrap_or_default();
            if source.contains("\ncommands! {") {
                declared += 1;
                assert!(!source.contains("pub fn "), "{}", path.display());
            }
        }
    }
    assert!(declared > 15, "{declared}");
}

#[test]
fn a_command_whose_effect_and_result_are_unknown_has_no_function() {
    for entry in known().entries() {
        let is_guess = entry.inferred && entry.returns.is_none() && !entry.most_used;
        let mut overloads = entry.overloads.iter();
        assert!(
            !is_guess || overloads.all(|overload| overload.function.is_none()),
            "{entry}"
        );
    }
}
