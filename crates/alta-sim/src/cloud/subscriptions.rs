//! Subscribing on the main websocket.

use std::collections::BTreeSet;

use serde_json::Value;

use super::socket::Outcome;
use crate::json::Node;
use crate::recordings;
use crate::shared::State;
use crate::world::Standing;

/// Events whose key is the bot's own user id.
const MINE: [&str; 6] = [
    "me-group-create",
    "me-group-delete",
    "me-group-invite-create",
    "me-group-invite-delete",
    "me-group-request-create",
    "me-group-request-delete",
];

/// Events whose key is a group's id.
const OF_A_GROUP: [&str; 15] = [
    "group-update",
    "group-member-create",
    "group-member-delete",
    "group-member-update",
    "group-invite-create",
    "group-invite-delete",
    "group-request-create",
    "group-request-delete",
    "group-ban-create",
    "group-ban-delete",
    "group-server-create",
    "group-server-delete",
    "group-server-update",
    "group-server-status",
    "group-server-heartbeat",
];

/// Subscriptions in one batch.
const BATCH_LIMIT: usize = 100;

/// `POST subscription/{event}/{key}`.
pub(crate) fn subscribe(state: &mut State, connection: u64, event: &str, key: &str) -> Outcome {
    if !may(state, connection, event, key) {
        return Outcome::recorded("subscribe-not-found");
    }
    if let Some(main) = state.mains.get_mut(&connection) {
        main.subscriptions
            .insert((event.to_owned(), key.to_owned()));
    }
    Outcome::ok("")
}

/// `DELETE subscription/{event}/{key}`.
pub(crate) fn unsubscribe(state: &mut State, connection: u64, event: &str, key: &str) -> Outcome {
    if let Some(main) = state.mains.get_mut(&connection) {
        main.subscriptions
            .remove(&(event.to_owned(), key.to_owned()));
    }
    Outcome::ok("")
}

/// `POST subscription/batch`: answered with 200 even when some fail.
pub(crate) fn batch(state: &mut State, connection: u64, content: &Value) -> Outcome {
    let Some(entries) = content.as_array() else {
        return Outcome::recorded("text-ping");
    };
    let pairs: Vec<(&str, &str)> = entries
        .iter()
        .filter_map(|entry| {
            Some((
                entry.get("event")?.as_str()?,
                entry.get("keys")?.as_array()?,
            ))
        })
        .flat_map(|(event, keys)| {
            keys.iter()
                .filter_map(move |key| Some((event, key.as_str()?)))
        })
        .collect();
    if pairs.len() > BATCH_LIMIT {
        return Outcome::error(400, "Too many subscriptions", "InvalidRequestModel");
    }
    let mut seen = BTreeSet::new();
    let mut failures = Vec::new();
    for (event, key) in pairs {
        // Several event names with the same key fail: a known bug of the server.
        if !seen.insert(key) || subscribe(state, connection, event, key).status != 200 {
            failures.push(Node::from(format!("{event}/{key}")));
        }
    }
    let content = recordings::main_content("batch-subscribe-failures");
    Outcome::ok(
        content
            .with("success", failures.is_empty())
            .with("failures", failures)
            .to_string(),
    )
}

fn may(state: &State, connection: u64, event: &str, key: &str) -> bool {
    let Some(main) = state.mains.get(&connection) else {
        return false;
    };
    let me = main.identity.id();
    if MINE.contains(&event) {
        return key == me.to_string();
    }
    let member = |id: u64| {
        state
            .world
            .groups
            .get(&id)
            .is_some_and(|group| group.member(me, Standing::Accepted).is_some())
    };
    OF_A_GROUP.contains(&event) && key.parse().is_ok_and(member)
}
