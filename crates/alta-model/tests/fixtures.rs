//! Every fixture is read completely by its model and written again unchanged.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/round_trip.rs"]
#[allow(unreachable_pub, reason = "included elsewhere as well")]
mod round_trip;

use alta_model::console::event::SocialTabletPlayerBanned;
use alta_model::{Member, Server, User};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn fixtures() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut all = Vec::new();
    for kind in ["rest", "main-ws", "console"] {
        for entry in fs::read_dir(folder.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let fixture = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            all.push((format!("{kind}/{stem}"), fixture));
        }
    }
    all
}

#[test]
fn every_documented_field_of_every_fixture_is_read_and_written_again() {
    let mut count = 0;
    let mut problems = Vec::new();
    for (name, fixture) in fixtures() {
        for trip in round_trip::trips(&name, &fixture) {
            count += 1;
            for problem in trip.problems {
                problems.push(format!("{name} as {}: {problem}", trip.model));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(count >= 80, "only {count} values were compared");
}

/// Lists the fixtures without a model in this crate, so that none is unread by accident. `cargo xtask test-fixtures` checks the
/// fixtures of REST.
#[test]
fn a_fixture_without_a_model_belongs_to_another_crate() {
    let unread: BTreeSet<String> = fixtures()
        .into_iter()
        .filter(|(name, fixture)| round_trip::trips(name, fixture).is_empty())
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with("rest/"))
        .collect();
    let owned_elsewhere = [
        // Frames of the login.
        "console/auth-accepted",
        "console/auth-refused",
        "console/auth-wrong-token-silence",
        // The error is a string in ResultString.
        "console/result-string-exception",
        // The replies on the main websocket.
        "main-ws/batch-subscribe-failures",
        "main-ws/infrastructure-error",
        "main-ws/migrate",
        "main-ws/migrate-reply-without-id",
        "main-ws/subscribe",
        "main-ws/unsubscribe",
        "main-ws/unsubscribe-me-invite",
    ];
    assert_eq!(unread, owned_elsewhere.map(str::to_owned).into());
}

#[test]
fn a_field_that_no_model_reads_is_found() {
    let problems =
        round_trip::check::<User>(r#"{"id": 1, "username": "Ashwick", "shoe_size": 43}"#);
    assert_eq!(problems, [".shoe_size: not read"]);
}

#[test]
fn a_value_that_changes_or_appears_is_found() {
    let problems = round_trip::check::<Server>(r#"{"id": 1, "up_time": "00:00:01.5"}"#);
    assert_eq!(
        problems,
        [r#".up_time: "00:00:01.5" became "00:00:01.5000000""#]
    );
    let problems =
        round_trip::check::<Member>(r#"{"group_id": 1, "user_id": 2, "permissions": ""}"#);
    assert_eq!(problems, [r#".permissions: "" became 0"#]);
}

#[test]
fn other_spellings_numbers_in_strings_and_numeric_enums_are_equal() {
    for problems in [
        round_trip::check::<User>(r#"{"id": "1", "name": "Ashwick"}"#),
        round_trip::check::<Member>(r#"{"group_id": 1, "user_id": 2, "type": 3, "role_id": null}"#),
        round_trip::check::<SocialTabletPlayerBanned>(
            r#"{"bannedBy": {"id": 1, "username": "a"}, "bannedplayer": {"id": 2, "username": "b"}, "isBan": true}"#,
        ),
    ] {
        assert!(problems.is_empty(), "{problems:?}");
    }
}
