use crate::support::{config, within};
use alta_sim::{Action, Junk, Sim};
use alta_ws::{Config, Event, Missed, Subscription};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::time::Duration;

const LIMIT: usize = 10_000;

/// The gateway's message.
pub(crate) const GATEWAY: &str =
    r#"{"message": "Internal server error", "connectionId": "A=", "requestId": "B="}"#;

/// Longer than any timeout of the tests.
const LATE: Duration = Duration::from_secs(5);

/// The number of servers that misbehave at the same time.
const AT_ONCE: usize = 16;

/// Every timeout is so short that a test can wait for the end of a silence, and so long that a busy machine does not
/// look silent. A request times out before a silence is noticed.
pub(crate) fn short_timeouts(sim: &Sim) -> Config {
    config(sim)
        .request_timeout(Duration::from_secs(2))
        .connect_timeout(Duration::from_secs(3))
        .ping_interval(Duration::from_millis(2_500))
        .handover(Duration::from_millis(200))
        .max_frame(LIMIT)
}

fn junk() -> Vec<Junk> {
    vec![
        Junk::Text(GATEWAY.to_owned()),
        Junk::Text("pong".to_owned()),
        Junk::Text("{\"id\":".to_owned()),
        Junk::Text("null".to_owned()),
        Junk::Binary(vec![0, 159, 146, 150]),
        Junk::Oversize(2 * LIMIT),
        Junk::InvalidUtf8,
    ]
}

/// The faults of a reply or an event.
pub(crate) fn actions() -> Vec<Action> {
    let mut actions = vec![
        Action::Drop,
        Action::Delay(Duration::from_millis(50)),
        Action::Delay(LATE),
        Action::Twice,
        Action::Fragments(7),
        Action::WrongId(70_000),
        Action::WrongId(0),
        Action::NoId,
        Action::Refuse(429),
        Action::Refuse(500),
        Action::Refuse(503),
        Action::Cut,
        Action::CutInside,
        Action::Silence,
    ];
    actions.extend(junk().into_iter().map(Action::Before));
    actions.extend(junk().into_iter().map(Action::Instead));
    let codes = [1000, 1001, 1008, 1011, 1012, 3000, 4000];
    actions.extend(codes.map(|code| Action::Close(code, "because".to_owned())));
    actions
}

/// Returns whether it ends the connection.
pub(crate) fn ends_connection(action: &Action) -> bool {
    matches!(
        action,
        Action::Cut
            | Action::CutInside
            | Action::Silence
            | Action::Close(..)
            | Action::Before(Junk::Oversize(_) | Junk::InvalidUtf8)
            | Action::Instead(Junk::Oversize(_) | Junk::InvalidUtf8)
    )
}

/// Returns whether a reply with this fault arrives in time and can be decoded.
pub(crate) fn is_harmless(action: &Action) -> bool {
    match action {
        Action::Delay(delay) => *delay < LATE,
        // The gateway's error must count as the reply to the only request.
        Action::Before(Junk::Text(text)) => text != GATEWAY,
        Action::Before(Junk::Binary(_))
        | Action::Twice
        | Action::Fragments(_)
        | Action::WrongId(_)
        | Action::NoId => true,
        _ => false,
    }
}

/// Tries all cases, many at the same time: most of their time is waiting.
pub(crate) async fn in_parallel<C, F: Future<Output = ()>>(
    cases: impl IntoIterator<Item = C>,
    case: impl Fn(C) -> F,
) {
    futures_util::stream::iter(cases.into_iter().map(case))
        .buffer_unordered(AT_ONCE)
        .collect::<()>()
        .await;
}

/// The number with which an event was sent; misses are skipped.
pub(crate) async fn numbers_until(stream: &mut Subscription<Value>, last: i64) -> Vec<i64> {
    let mut numbers = Vec::new();
    while numbers.last() != Some(&last) {
        match within(stream.next()).await.expect("the stream ended") {
            Ok(Event { data, .. }) => numbers.push(data["id"].as_i64().unwrap()),
            Err(Missed::Gap { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    numbers
}

pub(crate) fn send_number(sim: &Sim, number: i64) {
    sim.emit_main_event("group-update", sim.group(), json!({"id": number}));
}
