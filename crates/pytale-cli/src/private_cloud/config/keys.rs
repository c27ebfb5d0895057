//! Finds misspelled keys. The error of the deserializer lists all keys instead of the nearest one.

use crate::settings::nearest;
use toml::{Table, Value};

const TOP: &[&str] = &[
    "listen",
    "port",
    "advertised-host",
    "advertised-console-port",
    "tls",
    "database",
    "audit",
    "player-list-milliseconds",
    "groups",
];
const TLS: &[&str] = &["certificate", "key", "plain-consoles"];
const AUDIT: &[&str] = &["file", "max-megabytes", "keep"];
const GROUP: &[&str] = &["id", "name", "description", "servers", "roles"];
const SERVER: &[&str] = &[
    "id",
    "name",
    "description",
    "console",
    "token-file",
    "version",
    "quest",
    "player-limit",
];
const ROLE: &[&str] = &["id", "name", "permissions", "allowed-commands"];

/// Names the first unknown key of the file.
pub(super) fn check(table: &Table) -> Result<(), String> {
    check_table("", table, TOP)?;
    for (name, known) in [("tls", TLS), ("audit", AUDIT)] {
        if let Some(inner) = table.get(name).and_then(Value::as_table) {
            check_table(&format!("{name}."), inner, known)?;
        }
    }
    for (at, group) in tables(table, "groups") {
        let group_place = format!("groups[{at}].");
        check_table(&group_place, group, GROUP)?;
        for (name, known) in [("servers", SERVER), ("roles", ROLE)] {
            for (at, inner) in tables(group, name) {
                check_table(&format!("{group_place}{name}[{at}]."), inner, known)?;
            }
        }
    }
    Ok(())
}

/// The tables of an array of tables, counted from 1.
fn tables<'a>(table: &'a Table, name: &str) -> impl Iterator<Item = (usize, &'a Table)> {
    let items = table.get(name).and_then(Value::as_array);
    let items = items.map_or(&[][..], Vec::as_slice).iter();
    (1..).zip(items.filter_map(Value::as_table))
}

fn check_table(place: &str, table: &Table, known: &[&str]) -> Result<(), String> {
    let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) else {
        return Ok(());
    };
    Err(match nearest(key, known.iter().copied()) {
        Some(near) => format!("unknown key {place}{key}; did you mean {place}{near}?"),
        None => format!(
            "unknown key {place}{key}; the keys are {}",
            known.join(", ")
        ),
    })
}
