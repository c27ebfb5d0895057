#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use serde_json::json;

fn armed(fault: Fault) -> Faults {
    let faults = Faults::default();
    faults.arm(fault);
    faults
}

#[test]
fn a_fault_acts_at_its_hook_the_set_number_of_times() {
    let faults = armed(
        Fault::new(Hook::ConsoleCommand, Action::Drop)
            .containing("PLAYER list")
            .after(1)
            .times(2),
    );
    assert_eq!(faults.take(Hook::Http, None, "player list"), None);
    assert_eq!(faults.take(Hook::ConsoleCommand, Some(1), "time"), None);
    let seen: Vec<bool> = (0..4)
        .map(|_| {
            faults
                .take(Hook::ConsoleCommand, Some(1), "player list")
                .is_some()
        })
        .collect();
    assert_eq!(seen, [false, true, true, false]);
    assert_eq!(faults.armed(), 0);
}

#[test]
fn a_fault_of_every_third_operation_acts_at_the_third_and_the_sixth() {
    let faults = armed(Fault::new(Hook::MainRequest, Action::Drop).every(3));
    let seen: Vec<bool> = (0..7)
        .map(|_| faults.take(Hook::MainRequest, None, "").is_some())
        .collect();
    assert_eq!(seen, [false, false, true, false, false, true, false]);
}

#[test]
fn a_fault_of_one_server_does_not_affect_the_others() {
    let faults = armed(Fault::new(Hook::ConsoleToken, Action::Silence).server(7));
    assert_eq!(faults.take(Hook::ConsoleToken, Some(8), ""), None);
    assert_eq!(
        faults.take(Hook::ConsoleToken, Some(7), ""),
        Some(Action::Silence)
    );
}

fn read(json: serde_json::Value) -> Result<Action, String> {
    serde_json::from_value(json).map_err(|error| error.to_string())
}

#[test]
fn actions_are_read_from_json() {
    for (json, expected) in [
        (json!("drop"), Action::Drop),
        (
            json!({"delay": "250ms"}),
            Action::Delay(Duration::from_millis(250)),
        ),
        (json!({"delay": 2}), Action::Delay(Duration::from_secs(2))),
        (json!({"fragments": 7}), Action::Fragments(7)),
        (
            json!({"before": {"text": "<"}}),
            Action::Before(Junk::Text("<".to_owned())),
        ),
        (
            json!({"before": "invalid-utf8"}),
            Action::Before(Junk::InvalidUtf8),
        ),
        (
            json!({"instead": {"binary": [1, 2]}}),
            Action::Instead(Junk::Binary(vec![1, 2])),
        ),
        (
            json!({"instead": {"oversize": 9}}),
            Action::Instead(Junk::Oversize(9)),
        ),
        (
            json!({"reply": {"status": 429}}),
            Action::Reply(HttpReply::status(429)),
        ),
        (json!({"refuse": 503}), Action::Refuse(503)),
        (
            json!({"result": {"a": [1]}}),
            Action::Result(r#"{"a":[1]}"#.to_owned()),
        ),
        (
            json!({"close": {"code": 1011}}),
            Action::Close(1011, String::new()),
        ),
        (json!("cut-inside"), Action::CutInside),
    ] {
        assert_eq!(read(json.clone()), Ok(expected), "{json}");
    }
    for (json, expected) in [
        (
            json!("drpo"),
            "unknown variant `drpo`, expected one of `drop`, `delay`",
        ),
        (json!({"delay": "soon"}), "\"soon\" is no time, such as"),
        (
            json!({"instead": {"oversize": 1_u64 << 40}}),
            "a frame of at most 268435456 bytes",
        ),
        (
            json!({"close": {"code": 1, "extra": 2}}),
            "unknown field `extra`",
        ),
        (
            json!({"reply": {"status": 200, "extra": 2}}),
            "unknown field `extra`",
        ),
    ] {
        let error = read(json.clone()).unwrap_err();
        assert!(error.starts_with(expected), "{json}: {error}");
    }
}
