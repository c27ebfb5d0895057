//! Tests that the replay notices differences, and that its exceptions are needed.

use super::exceptions::{DEPARTURES, MISSING, Ours};
use super::play::Play;
use super::replay;
use super::script::Script;
use super::side::Side;
use crate::fixture::{Fixture, load};
use serde_json::{Value, json};
use std::thread;

fn conversations() -> Vec<Fixture> {
    let mut all = load().unwrap();
    all.retain(|fixture| !fixture.recording["frames"].is_null());
    all
}

fn recording(name: &str) -> Fixture {
    let mut all = conversations();
    all.retain(|fixture| fixture.name == name);
    all.pop().unwrap_or_else(|| panic!("there is no {name}"))
}

/// All problems of a fixture with changed frames, with both interfaces.
fn problems_of(mut fixture: Fixture, change: impl Fn(&mut Vec<Value>)) -> String {
    change(fixture.recording["frames"].as_array_mut().unwrap());
    let plays = [Play::Raw, Play::Typed];
    let problems = plays.iter().filter_map(|play| replay(&fixture, *play));
    problems.flatten().collect::<Vec<_>>().join("\n")
}

fn replaced(name: &str, frame: usize, this: &str, that: &str) -> String {
    problems_of(recording(name), |frames| {
        let text = frames[frame]["text"].as_str().unwrap();
        assert!(text.contains(this), "{name}: {text}");
        frames[frame]["text"] = text.replace(this, that).into();
    })
}

#[test]
fn a_missing_field_is_found_in_every_frame_of_a_client() {
    let mut noticed = 0;
    for fixture in conversations() {
        let script = Script::of(&fixture, Play::Raw).unwrap();
        for (_, step) in script.of_side(Side::Client) {
            let (Some(index), Some(Value::Object(mut frame))) = (step.index, step.expected())
            else {
                continue;
            };
            frame.insert("more".to_owned(), json!(1));
            let frame = Value::from(frame).to_string();
            let name = fixture.name.clone();
            let problems = problems_of(recording(&name), |frames| {
                frames[index]["text"] = frame.as_str().into();
            });
            assert!(problems.contains("as ours sends it"), "{name}: {problems}");
            noticed += 1;
        }
    }
    assert!(noticed > 20, "only {noticed} frames were checked");
}

#[test]
fn server_data_that_our_client_reads_differently_is_found() {
    for (name, frame, this, that, problem) in [
        (
            "console/event-player-joined",
            0,
            r#""user":{"#,
            r#""user":7,"x":{"#,
            "PlayerJoined: invalid type",
        ),
        (
            "console/check-stat",
            1,
            r#""Result":{"#,
            r#""Result":7,"x":{"#,
            "Decode",
        ),
        (
            "console/player-list",
            1,
            r#""Result":"#,
            r#""Exception":"#,
            "Server",
        ),
        (
            "console/command-not-found",
            1,
            "Command not found",
            "Lost",
            "Server",
        ),
        (
            "console/auth-refused",
            1,
            "Invalid Token",
            "Bad Token",
            "Bad Token",
        ),
        (
            "console/auth-accepted",
            1,
            "SystemMessage",
            "FatalLog",
            "Refused",
        ),
        (
            "console/subscribe-success",
            1,
            "Success",
            "NotFound",
            "EventNotFound",
        ),
        ("main-ws/subscribe", 1, "200", "404", "Refused"),
        ("main-ws/error-teapot", 0, "418", "500", "500"),
        (
            "main-ws/event-group-update",
            0,
            r#"\"id\""#,
            r#"\"di\""#,
            "missing field",
        ),
        (
            "main-ws/infrastructure-error",
            0,
            "Error Message",
            "Forbidden",
            "Forbidden",
        ),
        ("main-ws/migrate", 1, "200", "500", "migrat"),
        ("main-ws/migrate-refused", 1, "400", "200", "migrat"),
    ] {
        let problems = replaced(name, frame, this, that);
        assert!(problems.contains(problem), "{name}: {problems}");
    }
}

#[test]
fn a_frame_that_our_client_never_sends_is_found() {
    let more = json!({"direction": "client", "text": r#"{"id":13,"content":"help"}"#});
    let problems = problems_of(recording("console/auth-wrong-token-silence"), |frames| {
        frames.push(more.clone());
    });
    assert!(!problems.is_empty());
}

#[test]
fn the_frames_named_in_the_lists_exist() {
    for departure in DEPARTURES {
        let fixture = recording(departure.recording);
        let frame = &fixture.recording["frames"][departure.frame];
        assert_eq!(frame["direction"], "client", "{}", departure.recording);
        assert!(!departure.reason.is_empty());
    }
    for missing in MISSING {
        let fixture = recording(missing.recording);
        assert!(fixture.recording["frames"][missing.frame].is_object());
    }
}

#[test]
fn every_difference_in_the_list_is_needed() {
    thread::scope(|threads| {
        for departure in DEPARTURES {
            threads.spawn(move || {
                let fixture = recording(departure.recording);
                let play = departure.play.unwrap_or(Play::Raw);
                let mut script = Script::of(&fixture, play).unwrap();
                for step in &mut script.steps {
                    step.departure = None;
                }
                let problems = super::play(&script, play);
                assert!(
                    !problems.is_empty(),
                    "the difference of {} is not needed",
                    departure.recording
                );
                if let Ours::Rewritten(_) = departure.ours {
                    let problems = problems.join("\n");
                    assert!(problems.contains("as ours sends it"), "{problems}");
                }
            });
        }
    });
}

#[test]
fn every_inserted_frame_is_needed() {
    thread::scope(|threads| {
        for name in MISSING.iter().map(|missing| missing.recording) {
            threads.spawn(move || {
                let mut script = Script::of(&recording(name), Play::Raw).unwrap();
                script.steps.retain(|step| step.index.is_some());
                let problems = super::play(&script, Play::Raw);
                assert!(!problems.is_empty(), "{name} needs no inserted frames");
            });
        }
    });
}
