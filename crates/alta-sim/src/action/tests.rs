#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use super::*;
use crate::sim::Sim;
use serde_json::json;

fn error_of(action: Value) -> String {
    serde_json::from_value::<Action>(action)
        .unwrap_err()
        .to_string()
}

#[test]
fn an_error_names_the_field_and_the_allowed_values() {
    for (action, expected) in [
        (json!({}), "`do` is missing: it is the name of an action"),
        (
            json!({"do": 7}),
            "`do`: expected the name of an action, not 7",
        ),
        (json!({"do": "join"}), "join: missing field `player`"),
        (
            json!({"do": "leave", "player": [1]}),
            "leave: `player`: expected an id (an integer) or a name (a string)",
        ),
        (
            json!({"do": "place", "player": "Ashwick", "position": [1, "b", 3]}),
            "place: `position[1]`: invalid type: string \"b\", expected f64",
        ),
        (
            json!({"do": "log", "level": "loud", "logger": "", "message": ""}),
            "log: `level`: unknown variant `loud`, expected one of `trace`, `debug`, `info`, `warn`, `error`, `fatal`",
        ),
        (
            json!({"do": "advance", "by": "soon"}),
            "advance: `by`: \"soon\" is no time, such as \"1h 30m\" or \"250ms\"",
        ),
        (
            json!({"do": "advance", "by": -1}),
            "advance: `by`: -1 is no number of seconds: cannot convert float seconds to Duration: value is negative",
        ),
    ] {
        assert_eq!(error_of(action), expected);
    }
    let unknown = error_of(json!({"do": "jump"}));
    assert!(
        unknown.starts_with("`do`: unknown action `jump`, expected one of `join`, `leave`"),
        "{unknown}"
    );
    let field = error_of(json!({"do": "leave", "player": 1, "sever": 2}));
    assert_eq!(
        field,
        "leave: `sever`: unknown field `sever`, expected `server` or `player`"
    );
}

#[test]
fn times_are_seconds_or_text() {
    for (written, seconds) in [
        (json!(90), 90.0),
        (json!(0.25), 0.25),
        (json!("1h 30m"), 5400.0),
        (json!("250ms"), 0.25),
    ] {
        let span: Span = serde_json::from_value(written).unwrap();
        assert!((span.0.as_secs_f64() - seconds).abs() < 1e-9);
    }
}

#[tokio::test]
async fn a_reference_to_nothing_lists_what_exists() {
    let sim = Sim::builder().start().await.unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    let perform = async |action: Value| {
        let action: Action = serde_json::from_value(action).unwrap();
        action.perform(&sim).await
    };
    let error = perform(json!({"do": "leave", "player": "Bracken"}))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`player`: there is no player on the server \"Bracken\"; there is 1200000001 \"Ashwick\""
    );
    sim.add_server(sim.group(), "Hollowmere").unwrap();
    let error = perform(json!({"do": "stall"}))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("`server`: is missing, and there is not only one server: "),
        "{error}"
    );
    perform(json!({"do": "leave", "server": "thornwood", "player": 1_200_000_001_u64}))
        .await
        .unwrap();
    assert_eq!(sim.players(sim.server()), []);
}

#[test]
fn an_action_can_be_flattened_into_an_entry_of_a_timeline() {
    #[derive(Debug, Deserialize)]
    struct Entry {
        at: Span,
        #[serde(flatten)]
        action: Action,
    }
    let read = |entry: Value| serde_json::from_value::<Entry>(entry);
    let entry = read(json!({"at": "2s", "do": "start", "server": "Thornwood"})).unwrap();
    assert_eq!(entry.at.0.as_secs(), 2);
    let server = Some(Reference::Name("Thornwood".to_owned()));
    assert_eq!(entry.action, Start { server }.into());
    let error = read(json!({"at": 1, "do": "start", "server": true})).unwrap_err();
    let expected = "start: `server`: expected an id (an integer) or a name (a string)";
    assert_eq!(error.to_string(), expected);
}
