use super::json::Node;
use super::samples::{Samples, samples};
use std::sync::LazyLock;

samples! {
    static FILES =
    "main-ws/batch-subscribe-failures",
    "main-ws/event-group-server-heartbeat",
    "main-ws/event-group-server-status",
    "main-ws/event-group-update",
    "main-ws/migrate-refused",
    "main-ws/migrate",
    "main-ws/subscribe-not-found",
    "main-ws/subscribe",
    "main-ws/text-ping",
    "main-ws/unsubscribe",
    "rest/bad-request-model",
    "rest/console-access-allowed",
    "rest/console-access-forbidden",
    "rest/console-access-offline",
    "rest/friend-add",
    "rest/friends",
    "rest/group-by-id",
    "rest/group-create",
    "rest/invite-accept",
    "rest/joined-groups",
    "rest/my-invites",
    "rest/permission-check",
    "rest/regions",
    "rest/server-by-id",
    "rest/server-by-id-2023",
    "rest/session-login-refused",
    "rest/session-login",
    "rest/token-client-credentials",
    "rest/token-invalid-client",
    "rest/user-by-id",
}

/// The samples of REST and of the main websocket, parsed once.
static SAMPLES: LazyLock<Samples> = LazyLock::new(|| Samples::parse(FILES));

/// The body of a REST reply.
pub(crate) fn rest_body(name: &str) -> Node {
    SAMPLES.body(&format!("rest/{name}")).clone()
}

/// The first item of a REST reply that is an array.
pub(crate) fn rest_item(name: &str) -> Node {
    let items = SAMPLES.body(&format!("rest/{name}")).as_array();
    items.first().cloned().unwrap_or(Node::Null)
}

/// The `nth` frame (from 0) of the server in a sample of the main websocket.
pub(crate) fn main_socket(name: &str, nth: usize) -> Node {
    SAMPLES.frame(&format!("main-ws/{name}"), nth).clone()
}

/// The decoded content of the first such frame.
pub(crate) fn main_content(name: &str) -> Node {
    SAMPLES.content(&format!("main-ws/{name}"), 0).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_can_be_read() {
        assert_eq!(SAMPLES.problems(FILES), [] as [String; 0]);
    }
}
