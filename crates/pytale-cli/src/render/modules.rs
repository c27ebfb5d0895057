//! The reply to `help modules`: one line for each command, as `:help COMMAND` shows it.

use pytale::console::catalogue::{Catalogue, Entry, Overload};
use pytale::console::result::Module;
use pytale::model::escaped;
use serde_json::Value;
use std::fmt::Write as _;

/// Returns `None` for any other list.
pub(super) fn modules_text(values: &[Value]) -> Option<String> {
    let is_module = |value: &Value| {
        let has = |key: &str| value.get(key).is_some_and(Value::is_array);
        has("Commands") && has("Submodules")
    };
    if !values.iter().all(is_module) {
        return None;
    }
    let modules: Vec<Module> = serde_json::from_value(Value::Array(values.to_vec())).ok()?;
    let catalogue = Catalogue::from_modules(modules);
    let lines = catalogue.entries().iter().flat_map(|entry| {
        let overloads = entry.overloads.iter();
        overloads.map(|overload| line(entry, overload))
    });
    let lines: Vec<String> = lines.collect();
    // The model leaves out what it cannot read.
    let count: usize = values.iter().map(commands).sum();
    let is_complete = !lines.is_empty() && lines.len() == count;
    is_complete.then(|| lines.join("\n"))
}

/// The number of commands of a module and its submodules. The reader of the JSON limits the depth.
fn commands(module: &Value) -> usize {
    let list = |key: &str| module.get(key).and_then(Value::as_array);
    let below = list("Submodules").into_iter().flatten().map(commands);
    list("Commands").map_or(0, Vec::len) + below.sum::<usize>()
}

fn line(entry: &Entry, overload: &Overload) -> String {
    let mut line = entry.path.clone();
    for parameter in &overload.parameters {
        // Writing to a string does not fail.
        let _ = write!(line, " {parameter}");
    }
    escaped(line).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_command_is_one_line_with_its_parameters() {
        let parameter = |name: &str, kind: &str, default: Option<&str>| json!({"Name": name, "Type": kind, "HasDefault": default.is_some(), "Default": default});
        let modules = [json!({
            "Name": "player",
            "Commands": [
                {"Name": "list", "Parameters": []},
                {"Name": "kick\u{1b}[31m", "Parameters": [
                    parameter("players", "PlayerList", None),
                    parameter("reason", "System.String", Some("none")),
                ]},
            ],
            "Submodules": [{"Name": "stat", "Commands": [{"Name": "get"}], "Submodules": []}],
        })];
        assert_eq!(
            modules_text(&modules).unwrap(),
            "player list\nplayer kick\\u{1b}[31m <players: PlayerList> [reason: string = none]\nplayer stat get"
        );
    }

    #[test]
    fn another_list_is_left_alone() {
        for values in [
            json!([{"Name": "x"}]),
            json!([{"Commands": [], "Submodules": 1}]),
            json!([{"Commands": [{"Name": 7}], "Submodules": []}]),
            json!([1]),
        ] {
            assert_eq!(modules_text(values.as_array().unwrap()), None, "{values}");
        }
    }
}
