//! The results that the functions read out of replies.

mod lines;

use super::*;
use crate::commands::command::Command;
use crate::wire::frame::Frame;
use crate::wire::reply::Reply;
use crate::{ErrorKind, Target};
use alta_model::console::result::SubscriptionResult;
use alta_model::{EntityId, PrefabHash, UserId, Vector3};
use serde_json::Value;
use std::path::Path;
use std::time::SystemTime;

const ASHWICK: UserId = UserId::new(1_200_000_001);

fn reply_in(frame: &str) -> Result<Reply, ErrorKind> {
    Reply::of(
        Frame::read(frame.into(), SystemTime::now()).unwrap(),
        &alta_model::Redactor::new(),
    )
}

fn data(data: &str) -> Reply {
    reply_in(&format!(
        r#"{{"type":"CommandResult","data":{data},"commandId":1}}"#
    ))
    .unwrap()
}

fn result(result: &str) -> Reply {
    data(&format!(
        r#"{{"Result":{result},"ResultString":"System.Collections.Generic.List`1[System.Object]"}}"#
    ))
}

fn read<T>(command: impl Into<Command<T>>, reply: &Reply) -> Result<T, crate::Error> {
    let (_, reader) = command.into().into_parts();
    reader.read(reply.clone())
}

/// The last frame of the server in a fixture.
fn recorded(name: &str) -> Result<Reply, ErrorKind> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/console");
    let text = std::fs::read_to_string(path.join(format!("{name}.json"))).unwrap();
    let recording: Value = serde_json::from_str(&text).unwrap();
    let frames = recording["frames"].as_array().unwrap();
    reply_in(frames.last().unwrap()["text"].as_str().unwrap())
}

#[test]
fn the_recorded_results_are_read() {
    let players = read(player::list(), &recorded("player-list").unwrap()).unwrap();
    assert_eq!(players[1].username, "Brambletoe");
    let killed = recorded("player-kill-result").unwrap();
    read(player::kill(ASHWICK), &killed).unwrap();
    assert_eq!(killed.result_string(), Some("Success"));
    let found = read(select::find(ASHWICK), &recorded("select-find").unwrap()).unwrap();
    assert_eq!(found[0].identifier, EntityId::new(51_234));
    let health = recorded("check-stat").unwrap();
    let health = read(player::check_stat(ASHWICK, Stat::Health), &health).unwrap();
    assert_eq!((health.value, health.base), (Some(0.85), Some(1.0)));
    let spawned = recorded("spawn-string-raw").unwrap();
    let spawned = read(spawn::string_raw("1,2,"), &spawned).unwrap();
    assert_eq!(spawned.name, "Handle Short Cool(Clone)");
    let file = recorded("file-download-result").unwrap();
    let file = read(chunks::print_all(), &file).unwrap();
    assert_eq!(file.download_url, "Chunk Details 2023-10-20.txt");
    let events = recorded("websocket-subscriptions").unwrap();
    assert_eq!(read(websocket::subscriptions(), &events).unwrap().len(), 23);
    for (name, expected) in [
        ("subscribe-success", SubscriptionResult::Success),
        ("subscribe-unchanged", SubscriptionResult::Unchanged),
        ("subscribe-not-found", SubscriptionResult::NotFound),
    ] {
        let result = recorded(name).unwrap();
        assert_eq!(
            read(websocket::subscribe("PlayerJoined"), &result).unwrap(),
            expected,
            "{name}"
        );
    }
    assert!(matches!(
        recorded("result-string-exception"),
        Err(ErrorKind::Server { .. })
    ));
    assert!(matches!(
        recorded("command-not-found"),
        Err(ErrorKind::CommandNotFound { .. })
    ));
}

const DETAILED: &str = r#"{"Position": [-870.5, 150.25, 98.0], "HeadPosition": [-870.4, 151.9, 98.1],
    "LeftHandPosition": null, "Chunk": "1180 - Chunk 12-20 Meadow (Alta.Chunks.OverworldChunk)",
    "Body": {"Identifier": 40123, "Name": "VR Player Character New(Clone)"}, "id": 1200000001, "username": "Ashwick",
    "Mood": "new"}"#;

#[test]
fn one_detailed_player_is_read_from_an_object_a_list_and_the_other_case() {
    let lower = DETAILED
        .replace("Position", "position")
        .replace("Chunk\":", "chunk\":")
        .replace("\"id\"", "\"Id\"");
    for body in [
        DETAILED.to_owned(),
        format!("[{DETAILED}]"),
        format!("[null, {DETAILED}]"),
        lower,
    ] {
        let player = read(player::detailed(ASHWICK), &result(&body)).unwrap();
        assert_eq!(player.id, ASHWICK);
        assert_eq!(player.position, Some(Vector3::new(-870.5, 150.25, 98.0)));
        assert_eq!(player.left_hand_position, None);
        let all = read(player::list_detailed(), &result(&body)).unwrap();
        assert_eq!(all.len(), 1, "{body}");
    }
}

#[test]
fn numbers_and_bools_in_strings_are_read() {
    let stats = r#"[{"Name": "health", "Min": "0", "Max": "1.5", "Value": "0,85"}]"#;
    let odd = read(player::list_stats(ASHWICK), &result(stats)).unwrap();
    assert_eq!(
        (odd[0].max, odd[0].value),
        (Some(1.5), None),
        "the rest is read"
    );
    let stats = stats.replace("0,85", "0.85");
    let stats = read(player::list_stats(ASHWICK), &result(&stats)).unwrap();
    assert_eq!((stats[0].max, stats[0].value), (Some(1.5), Some(0.85)));
    let text = DETAILED.replace("-870.5, 150.25, 98.0", r#""-870.5", "150.25", "98""#);
    // A name stays a string, even if it looks like a number.
    let text = text.replace("\"Ashwick\"", "\"1234\"");
    let player = read(player::detailed(ASHWICK), &result(&text)).unwrap();
    assert_eq!(player.position, Some(Vector3::new(-870.5, 150.25, 98.0)));
    assert_eq!(player.username, "1234");
    for balance in [
        r#"{"Result":975}"#,
        r#"{"Result":"975"}"#,
        r#"{"ResultString":"975"}"#,
        r#"{"Result":[975]}"#,
    ] {
        assert_eq!(
            read(trade::atm::get(ASHWICK), &data(balance)).unwrap(),
            975,
            "{balance}"
        );
    }
    for sent in [
        r#"{"Result":true}"#,
        r#"{"Result":"True"}"#,
        r#"{"ResultString":"true"}"#,
    ] {
        let command = player::check_unlock(ASHWICK, "Climbing Unlock");
        assert!(read(command, &data(sent)).unwrap(), "{sent}");
    }
    assert_eq!(read(player::count(), &data(r#"{"Result":3}"#)).unwrap(), 3);
    let now = data(r#"{"Result":13.5,"ResultString":"13.5"}"#);
    assert_eq!(read(time::now(), &now).ok(), Some(13.5));
}

#[test]
fn inventories_have_none_for_players_without_a_body() {
    let body = r#"[{"LeftHand": {"Name": "Torch(Clone)", "Identifier": 51240, "PrefabHash": 31502}, "RightHand": null,
        "Belt": [null, {"Name": "Bag(Clone)"}, null, null], "Back": [null], "All": []}, null]"#;
    let held = read(player::inventory(Target::Everyone), &result(body)).unwrap();
    let first = held[0].as_ref().unwrap();
    assert_eq!(
        first.left_hand.as_ref().unwrap().prefab_hash,
        Some(PrefabHash::new(31_502))
    );
    assert_eq!(first.right_hand, None);
    assert_eq!(held[1], None);
    let one = r#"{"lefthand": {"name": "Torch(Clone)"}, "belt": []}"#;
    let held = read(player::inventory(ASHWICK), &result(one)).unwrap();
    assert_eq!(
        held[0].as_ref().unwrap().left_hand.as_ref().unwrap().name,
        "Torch(Clone)"
    );
    assert!(
        read(
            player::inventory(ASHWICK),
            &data(r#"{"ResultString":"Success"}"#)
        )
        .unwrap()
        .is_empty()
    );
}

#[test]
fn a_home_is_read_from_three_numbers_and_from_a_string() {
    let home = Vector3::new(1.0, 2.5, -3.0);
    for sent in [
        r#"{"Result":[1.0, 2.5, -3]}"#,
        r#"{"Result":{"x": 1, "y": 2.5, "z": -3}}"#,
        r#"{"Result":["1", "2.5", "-3"]}"#,
        r#"{"ResultString":"(1.0, 2.5, -3.0)"}"#,
    ] {
        assert_eq!(
            read(player::home(ASHWICK), &data(sent)).unwrap(),
            home,
            "{sent}"
        );
    }
}

#[test]
fn a_spawn_reply_without_details_is_a_success() {
    let spawned = r#"[{"Identifier": "51234", "Name": "Dynamite(Clone)"}, null]"#;
    let spawned = read(spawn::item(ASHWICK, "dynamite"), &result(spawned)).unwrap();
    assert_eq!(spawned[0].identifier, EntityId::new(51_234));
    for sent in [
        r#"{"ResultString":"Success"}"#,
        r#"{"Result":"Spawned"}"#,
        r#"{"Result":{"Count":3}}"#,
        "null",
    ] {
        assert!(
            read(spawn::item(ASHWICK, "dynamite"), &data(sent))
                .unwrap()
                .is_empty(),
            "{sent}"
        );
    }
}

#[test]
fn entities_settings_prefabs_help_and_save_strings_are_read() {
    let torch = r#"{"Name": "Torch(Clone)", "Position": [1, 2, 3], "Rotation": "(0.0, 90.0, 0.0)", "Identifier": 51234}"#;
    let torch = read(select::get(EntityId::new(51_234)), &result(torch)).unwrap();
    assert_eq!(torch.rotation, Some(Vector3::new(0.0, 90.0, 0.0)));
    let settings =
        r#"{"DropAllOnDeath": true, "respawnTimeSeconds": 4, "PlayerLimit": "many", "New": {}}"#;
    let settings = read(settings::list(), &result(settings)).unwrap();
    assert_eq!(
        (settings.drop_all_on_death, settings.respawn_time_seconds),
        (Some(true), Some(4.0))
    );
    let prefabs = read(
        spawn::list(),
        &result(r#"[{"Hash": 31502, "Name": "Torch"}]"#),
    )
    .unwrap();
    assert_eq!(prefabs[0].hash, PrefabHash::new(31_502));
    let save = data(r#"{"ResultString":"42230,252,42230,|1,2"}"#);
    assert_eq!(
        read(select::tostring(), &save).unwrap(),
        "42230,252,42230,|1,2"
    );
    let help = data(r#"{"Result":"Modules:\nplayer","ResultString":"Modules:\nplayer"}"#);
    assert_eq!(
        read(help::about("modules"), &help).unwrap(),
        "Modules:\nplayer"
    );
    let modules =
        r#"[{"Name": "time", "Submodules": [], "Commands": [{"Name": null, "Parameters": []}]}]"#;
    assert_eq!(
        read(help::modules(), &result(modules)).unwrap()[0]
            .commands
            .len(),
        1
    );
}

#[test]
fn an_unreadable_result_is_an_error_with_the_result_in_it() {
    let error = read(player::detailed(ASHWICK), &result(r#"{"Mood": "odd"}"#)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Decode { reason } if reason.contains("odd")));
    let error = read(player::detailed(ASHWICK), &result("[]")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Decode { .. }));
    let error = read(player::list(), &result(r#"[{"id": "x"}]"#)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Decode { .. }));
}

#[test]
fn the_whole_reply_is_available_also_with_optional_arguments() {
    let success = data(r#"{"ResultString":"Success"}"#);
    let message = player::message(ASHWICK, "Hi").duration(std::time::Duration::from_secs(3));
    let command = message.returning_reply();
    assert_eq!(command.to_string(), r#"player message 1200000001 "Hi" 3"#);
    assert_eq!(
        read(command, &success).unwrap().result_string(),
        Some("Success")
    );
}
