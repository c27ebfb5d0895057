use super::request::Reply;
use crate::state::{Cloud, Membership, Scopes};
use crate::wire::json::Node;
use crate::wire::main_content;
use serde_json::Value;
use std::collections::BTreeSet;

/// Events whose key is the bot's own user id.
const OF_A_USER: [&str; 6] = [
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

/// The scope for an event. Also unknown events need one.
fn scope_of(event: &str) -> &'static str {
    let is_of = |part: &str| event.contains(part);
    if is_of("-invite-") || is_of("-request-") {
        "ws.group_invites"
    } else if is_of("-member-") {
        "ws.group_members"
    } else if is_of("-server-") {
        "ws.group_servers"
    } else if is_of("-ban-") {
        "ws.group_bans"
    } else {
        "ws.group"
    }
}

/// The limits of the account that makes a request.
#[derive(Clone, Copy)]
pub(super) struct Rights {
    pub(super) scopes: Scopes,
    /// The number of subscriptions of one connection.
    pub(super) subscriptions: usize,
}

/// The most subscriptions in one batch.
const BATCH_LIMIT: usize = 100;

/// `POST subscription/{event}/{key}`.
pub(super) fn subscribe(
    cloud: &mut Cloud,
    connection: u64,
    event: &str,
    key: &str,
    rights: Rights,
) -> Reply {
    if !rights.scopes.has(scope_of(event)) {
        return Reply::error(403, "Missing scope", "InvalidPermissionsToPerformAction");
    }
    if !may_subscribe(cloud, connection, event, key) {
        return Reply::sample("subscribe-not-found");
    }
    if let Some(socket) = cloud.sockets.get_mut(&connection) {
        let wanted = (event.to_owned(), key.to_owned());
        if socket.subscriptions.len() >= rights.subscriptions
            && !socket.subscriptions.contains(&wanted)
        {
            return too_many();
        }
        socket.subscriptions.insert(wanted);
    }
    Reply::ok("")
}

/// `DELETE subscription/{event}/{key}`.
pub(super) fn unsubscribe(cloud: &mut Cloud, connection: u64, event: &str, key: &str) -> Reply {
    if let Some(socket) = cloud.sockets.get_mut(&connection) {
        socket
            .subscriptions
            .remove(&(event.to_owned(), key.to_owned()));
    }
    Reply::ok("")
}

/// `POST subscription/batch`. The status is 200 even if some subscriptions fail.
pub(super) fn batch(cloud: &mut Cloud, connection: u64, content: &Value, rights: Rights) -> Reply {
    let Some(entries) = content.as_array() else {
        return Reply::sample("text-ping");
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
        return too_many();
    }
    let mut seen = BTreeSet::new();
    let mut failures = Vec::new();
    for (event, key) in pairs {
        // Several event names with the same key fail, which is a known bug of the real service.
        if !seen.insert(key) || subscribe(cloud, connection, event, key, rights).status != 200 {
            failures.push(Node::from(format!("{event}/{key}")));
        }
    }
    let content = main_content("batch-subscribe-failures");
    Reply::ok(
        content
            .with("success", failures.is_empty())
            .with("failures", failures)
            .to_string(),
    )
}

/// The reply to a subscription above the limit of the connection or of a batch.
pub(super) fn too_many() -> Reply {
    Reply::error(400, "Too many subscriptions", "InvalidRequestModel")
}

fn may_subscribe(cloud: &Cloud, connection: u64, event: &str, key: &str) -> bool {
    let Some(socket) = cloud.sockets.get(&connection) else {
        return false;
    };
    let me = socket.identity.id();
    if OF_A_USER.contains(&event) {
        return key == me.to_string();
    }
    let member = |id: u64| {
        cloud
            .groups
            .get(&id)
            .is_some_and(|group| group.member(me, Membership::Accepted).is_some())
    };
    OF_A_GROUP.contains(&event) && key.parse().is_ok_and(member)
}
