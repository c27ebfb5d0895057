use super::reply::Reply;
use super::request::Request;
use crate::state::{Bond, Identity};
use crate::wire::rest_body;

/// Replies to requests below `friends`. Bots have no friends.
pub(super) fn route(request: &mut Request<'_>, method: &str, path: &[&str]) -> Reply {
    if matches!(request.identity, Identity::Bot(_)) {
        return Reply::forbidden();
    }
    let me = request.me();
    match (method, path) {
        ("GET", []) => list(request, me, Bond::Accepted),
        ("GET", ["requests"]) => list(request, me, Bond::Requested),
        ("GET", ["requests", "sent"]) => list(request, me, Bond::WaitingForReply),
        (_, [] | ["requests", ..]) => Reply::wrong_method(),
        (method, [user]) => match user.parse() {
            Ok(user) if request.cloud.users.get(user).is_some() => match method {
                "GET" => list(request, user, Bond::Accepted),
                "POST" => add(request, user),
                "DELETE" => remove(request, user),
                _ => Reply::wrong_method(),
            },
            _ => Reply::not_found(),
        },
        _ => Reply::not_found(),
    }
}

fn list(request: &Request<'_>, of: u64, bond: Bond) -> Reply {
    let cloud = &*request.cloud;
    let others = cloud.users.iter().map(|user| user.id);
    let rows = others
        .filter(|other| cloud.bond(of, *other) == Some(bond))
        .filter_map(|other| cloud.friend(of, other))
        .collect();
    request.page(rows)
}

fn add(request: &mut Request<'_>, other: u64) -> Reply {
    let me = request.me();
    if other == me {
        return Reply::error(400, "You cannot befriend yourself", "InvalidActionOnSelf");
    }
    let cloud = &mut *request.cloud;
    let result = match cloud.bond(me, other) {
        Some(Bond::Accepted) => "AlreadyFriends",
        Some(Bond::WaitingForReply) => "AlreadyRequested",
        Some(Bond::Requested) => "Befriended",
        None => "RequestSent",
    };
    cloud.befriend(me, other, request.now);
    match (cloud.friend(me, other), cloud.friend(other, me)) {
        (Some(friendship), Some(reverse)) => Reply::ok(
            rest_body("friend-add")
                .with("result", result)
                .with("friendship", friendship)
                .with("reverse_friendship", reverse),
        ),
        _ => Reply::not_found(),
    }
}

/// Ends a friendship, or withdraws or rejects a request for one.
fn remove(request: &mut Request<'_>, other: u64) -> Reply {
    let me = request.me();
    if request.cloud.unfriend(me, other) {
        Reply::empty()
    } else {
        Reply::not_found()
    }
}
