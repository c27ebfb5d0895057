use super::*;
use alta_model::console::result::Module;

fn lines(catalogue: &Catalogue, line: &str) -> Vec<String> {
    let completions = catalogue.complete(line).into_iter();
    completions.map(|completion| completion.line).collect()
}

#[test]
fn the_known_catalogue_survives_serialization() {
    assert!(known().entries().len() > 300);
    let text = serde_json::to_string(known()).unwrap();
    assert_eq!(&serde_json::from_str::<Catalogue>(&text).unwrap(), known());
}

#[test]
fn a_command_is_found_by_path_alias_full_name_and_in_any_case() {
    for name in [
        "player teleport",
        "Player TP",
        "player.teleport",
        " player  teleport ",
    ] {
        assert_eq!(known().get(name).unwrap().path, "player teleport", "{name}");
    }
    assert_eq!(
        known().get("select move.exact").unwrap().path,
        "select move exact"
    );
    assert_eq!(known().get("time.").unwrap().path, "time");
    assert!(known().get("player").is_none());
    assert!(known().get("").is_none());
}

#[test]
fn the_longest_path_that_begins_a_line_is_its_command() {
    let called = |line| {
        known()
            .command_of_line(line)
            .map(|entry| entry.path.as_str())
    };
    assert_eq!(called("select 51234"), Some("select"));
    assert_eq!(called("select get 51234"), Some("select get"));
    assert_eq!(called("player inventory *"), Some("player inventory"));
    assert_eq!(
        called("player inventory save Ashwick"),
        Some("player inventory save")
    );
    assert_eq!(called("dance"), None);
    assert_eq!(called(""), None);
}

#[test]
fn the_last_word_is_completed_by_modules_commands_and_aliases() {
    assert_eq!(lines(known(), "wack"), ["wacky"]);
    assert_eq!(lines(known(), "PLAYER te"), ["PLAYER teleport"]);
    assert_eq!(lines(known(), "player t"), ["player teleport", "player tp"]);
    assert_eq!(
        lines(known(), "select rotate "),
        ["exact", "pitch", "roll", "yaw"].map(|word| format!("select rotate {word}"))
    );
    assert!(lines(known(), "").contains(&"time".to_owned()));
    assert_eq!(lines(known(), "player message Ashwick hel"), [""; 0]);
    let completions = known().complete("time");
    assert_eq!(completions[0].entry.unwrap().path, "time");
    assert!(known().complete("playe")[0].entry.is_none());
}

#[test]
fn values_are_completed_where_they_are_known() {
    assert_eq!(
        lines(known(), "player set-stat \"A Name\" max"),
        ["player set-stat \"A Name\" maxhealth"]
    );
    assert_eq!(
        lines(known(), "player teleport 1 tower"),
        ["TowerCP1", "TowerCP2", "TowerEnd"].map(|area| format!("player teleport 1 {area}"))
    );
    assert_eq!(
        lines(known(), "player god-mode * t"),
        ["player god-mode * true"]
    );
}

#[test]
fn the_expected_parameters_are_those_at_the_position_of_the_word() {
    let names = |line| -> Vec<&str> {
        let parameters = known().expected(line).into_iter();
        parameters
            .map(|parameter| parameter.name.as_str())
            .collect()
    };
    assert_eq!(names("player message "), ["players"]);
    assert_eq!(names("player message \"A Na"), ["players"]);
    assert_eq!(names("player message \"A Name\" "), ["message"]);
    assert_eq!(names("player message 1 hi 5 "), [""; 0]);
    assert_eq!(names("player tp 1 "), ["targetPlayer", "target"]);
    assert_eq!(names("chunks merge 1 2 3 "), ["prefabHashes"]);
    assert_eq!(names("player mess"), [""; 0]);
    assert_eq!(names("player message"), [""; 0]);
}

/// A reply to `help modules`, with the types of ATT-Dashboard; the module `doors` is of a mod.
fn modules() -> Vec<Module> {
    serde_json::from_str(
        r#"[
            {"Name": "player", "Description": "Commands to interact with a player.", "Submodules": [
                {"Name": "player inventory", "Submodules": [], "Commands": [
                    {"Name": null, "Description": "Views", "Parameters": [{"Name": "players", "Type": "PlayerList"}]},
                    {"Name": "save", "Description": null, "Parameters": [{"Name": "user", "Type": "UserInfoAccess"}]}
                ]}
            ], "Commands": [
                {"Name": "tp", "Description": "x", "Parameters": []},
                {"Name": "message", "Description": "Sends", "Parameters": [
                    {"Name": "players", "Type": "PlayerList"},
                    {"Name": "message", "Type": "System.String"},
                    {"Name": "duration", "Type": "System.Single", "HasDefault": true, "Default": 10.0}
                ]}
            ]},
            {"Name": "doors", "Commands": [
                {"Name": "open", "Description": "Opens a door", "Aliases": ["open", "unlock"],
                 "Parameters": [{"Name": "door", "Type": "Doors.DoorId"}]},
                {"Name": "open", "Parameters": [{"Name": "at", "Type": "UnityEngine.Vector3"}]},
                {"Parameters": []}
            ]}
        ]"#,
    )
    .unwrap()
}

#[test]
fn the_commands_of_a_server_have_the_same_form_and_include_its_mods() {
    let catalogue = Catalogue::from_modules(modules());
    let shown: Vec<String> = catalogue
        .entries()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        shown,
        [
            "player tp",
            "player message <players: PlayerList> <message: string> [duration: float = 10.0]",
            "player inventory <players: PlayerList>",
            "player inventory save <user: UserInfoAccess>",
            "doors open <door: DoorId>\ndoors open <at: Vector3>",
            "doors",
        ]
    );
    assert_eq!(lines(&catalogue, "doors "), ["doors open", "doors unlock"]);
    let open = catalogue.get("doors open").unwrap();
    assert_eq!(open.aliases, ["doors unlock"], "not the name itself");
    assert!(lines(&catalogue, "wacky").is_empty());
}

#[test]
fn invalid_modules_are_read_partly() {
    let modules: Vec<Module> = serde_json::from_str(
        r#"[
            {"name": "doors", "commands": null, "submodules": [
                {"Name": "locks", "Submodules": null, "Commands": [
                    {"name": "doors.locks.pick", "parameters": [{"name": "ids", "type": "System.UInt32[]"}]},
                    null,
                    {"Name": "turn", "Parameters": [
                        {"Name": "key", "Type": null, "HasDefault": true, "Default": null},
                        {"Name": "how", "Type": "System.Nullable`1[System.Int32]", "HasDefault": "False"},
                        {"Type": "Doors.Locks+Kind", "Default": 3}
                    ], "Requirements": [{"TypeId": "X"}], "IsProgressive": false}
                ]}
            ]},
            {"Name": null, "Commands": [{"Name": "lost"}, {"Name": null}]},
            {}
        ]"#,
    )
    .unwrap();
    let catalogue = Catalogue::from_modules(modules);
    let shown: Vec<String> = catalogue
        .entries()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        shown,
        [
            "doors locks pick <ids: integer...>",
            "doors locks turn [key] <how: System.Nullable`1[System.Int32]> [: Kind = 3]",
            "lost",
        ]
    );
    assert!(catalogue.get("doors.locks.turn").is_some());
    assert_eq!(catalogue.expected("doors locks pick 1 2 ")[0].name, "ids");
}

#[test]
fn missing_information_comes_from_the_known_commands() {
    let catalogue = Catalogue::from_modules(modules());
    let save = catalogue.get("player inventory save").unwrap();
    let from_sources = known().get("player inventory save").unwrap();
    assert_eq!(save.description, from_sources.description);
    assert_eq!(save.returns.as_deref(), Some("string"));
    let message = catalogue.get("player message").unwrap();
    assert_eq!(message.description, "Sends");
    assert_eq!(message.uses, Some(254_218));
    assert!(catalogue.get("doors open").unwrap().sources.is_empty());
    // An alias of a known command does not add the other aliases of its command.
    assert!(catalogue.get("player tp").unwrap().aliases.is_empty());
}
