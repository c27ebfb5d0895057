//! The types of parameters.

use super::ParameterType;
use crate::commands::{ProgressionPath, SpawnArea, Stat, StatApplication, settings};

/// Each type with its name, the way to write a value, and the known values.
pub(super) fn types() -> Vec<ParameterType> {
    let kind = |(name, written, values): &(&str, &str, &[&str])| ParameterType {
        name: (*name).to_owned(),
        written: (*written).to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    TYPES.iter().map(kind).collect()
}

const TYPES: &[(&str, &str, &[&str])] = &[
    (
        "PlayerList",
        "an id, a name, `*` for everyone, or ids separated by commas",
        &[],
    ),
    ("Player", "the id or the name of an online player", &[]),
    (
        "UserInfoAccess",
        "the id or the name of a player, online or offline",
        &[],
    ),
    ("Prefab", "a hash, or the name without spaces", &[]),
    (
        "EntityId",
        "the number from `select find`, `spawn string-raw` or the event ObjectKilled",
        &[],
    ),
    ("Chunk", "the identifier or the name of a chunk", &[]),
    ("Vector3", "`x,y,z` without spaces", &[]),
    (
        "Stat",
        "a name; `player list-stats` lists them",
        Stat::WORDS,
    ),
    (
        "StatApplication",
        "the part of the stat that is set",
        StatApplication::WORDS,
    ),
    ("SpawnArea", "the name of a place", SpawnArea::WORDS),
    (
        "PlayerUnlock",
        "the name of an unlock, such as `Climbing Unlock`",
        &[],
    ),
    (
        "ProgressionPath",
        "a name; `player progression list` writes them to the log. These names are inferred from the settings",
        ProgressionPath::WORDS,
    ),
    (
        "SettingsTarget",
        "the owner of the settings; only `server` is attested",
        &["server"],
    ),
    ("Setting", "the name of a setting", settings::SETTINGS),
    (
        "SaveString",
        "numbers separated by commas, as `select tostring` returns them",
        &[],
    ),
    (
        "TimeOfDay",
        "hours, a point and two digits of minutes: `13.30`",
        &[],
    ),
    (
        "string",
        "in double quotes; without double quotes, backslashes and line breaks in it",
        &[],
    ),
    ("bool", "`true` or `false`", &["true", "false"]),
    ("integer", "digits", &[]),
    ("float", "digits with a point", &[]),
    ("arguments", "anything", &[]),
];
