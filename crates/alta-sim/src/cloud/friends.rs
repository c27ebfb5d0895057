//! `friends/...`.

use super::page::page;
use super::reply::Reply;
use super::rest::Request;
use crate::json::Node;
use crate::recordings;
use crate::tokens::Identity;
use crate::world::Bond;

/// Answers everything below `friends`. Bots have none.
pub(crate) fn route(request: &mut Request<'_>, method: &str, path: &[&str]) -> Reply {
    if matches!(request.identity, Identity::Bot(_)) {
        return Reply::forbidden();
    }
    let me = request.me();
    match (method, path) {
        ("GET", []) => list(request, me, Bond::Accepted),
        ("GET", ["requests"]) => list(request, me, Bond::Requested),
        ("GET", ["requests", "sent"]) => list(request, me, Bond::WaitingForReply),
        (_, [] | ["requests", ..]) => Reply::wrong_verb(),
        (method, [user]) => match user.parse() {
            Ok(user) if request.state.world.people.contains_key(&user) => match method {
                "GET" => list(request, user, Bond::Accepted),
                "POST" => add(request, user),
                "DELETE" => remove(request, user),
                _ => Reply::wrong_verb(),
            },
            _ => Reply::not_found(),
        },
        _ => Reply::not_found(),
    }
}

fn list(request: &Request<'_>, of: u64, bond: Bond) -> Reply {
    let world = &request.state.world;
    let others = world.people.keys().copied();
    let rows: Vec<Node> = others
        .filter(|other| world.bond(of, *other) == Some(bond))
        .filter_map(|other| world.friend(of, other))
        .collect();
    page(rows, &request.call.query, request.config.page_size)
}

fn add(request: &mut Request<'_>, other: u64) -> Reply {
    let me = request.me();
    if other == me {
        return Reply::error(400, "You cannot befriend yourself", "InvalidActionOnSelf");
    }
    let world = &mut request.state.world;
    let result = match world.bond(me, other) {
        Some(Bond::Accepted) => "AlreadyFriends",
        Some(Bond::WaitingForReply) => "AlreadyRequested",
        Some(Bond::Requested) => "Befriended",
        None => "RequestSent",
    };
    world.befriend(me, other, request.now);
    match (world.friend(me, other), world.friend(other, me)) {
        (Some(friendship), Some(reverse)) => Reply::ok(
            recordings::rest_body("friend-add")
                .with("result", result)
                .with("friendship", friendship)
                .with("reverse_friendship", reverse),
        ),
        _ => Reply::not_found(),
    }
}

/// Ends a friendship, takes a request back or rejects one.
fn remove(request: &mut Request<'_>, other: u64) -> Reply {
    let me = request.me();
    if request.state.world.part(me, other) {
        Reply::empty()
    } else {
        Reply::not_found()
    }
}
