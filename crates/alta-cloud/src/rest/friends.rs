use super::id::Id;
use super::reply::Reply;
use super::request::Request;
use super::routes::Callers::Users;
use super::routes::Routes;
use crate::host::Host;
use crate::state::Bond;
use crate::wire::rest_body;
use axum::routing::MethodFilter;

const GET: MethodFilter = MethodFilter::GET;

/// The routes below `friends`. Bots have no friends.
pub(super) fn routes<H: Host>(routes: Routes<H>) -> Routes<H> {
    routes
        .on(GET, "/friends", Users, |request, ()| {
            list(request, request.me(), Bond::Accepted)
        })
        .on(GET, "/friends/requests", Users, |request, ()| {
            list(request, request.me(), Bond::Requested)
        })
        .on(GET, "/friends/requests/sent", Users, |request, ()| {
            list(request, request.me(), Bond::WaitingForReply)
        })
        .on(GET, "/friends/{user}", Users, |request, user: Id| {
            let user = find(request, user)?;
            list(request, user, Bond::Accepted)
        })
        .on(MethodFilter::POST, "/friends/{user}", Users, add)
        .on(MethodFilter::DELETE, "/friends/{user}", Users, remove)
}

/// The id of an existing user, or the reply 404.
fn find(request: &Request<'_>, user: Id) -> Result<u64, Reply> {
    user.number()
        .filter(|user| request.cloud.users.get(*user).is_some())
        .ok_or_else(Reply::not_found)
}

fn list(request: &Request<'_>, of: u64, bond: Bond) -> Result<Reply, Reply> {
    let cloud = &*request.cloud;
    let others = cloud.users.iter().map(|user| user.id);
    let rows = others
        .filter(|other| cloud.bond(of, *other) == Some(bond))
        .filter_map(|other| cloud.friend(of, other))
        .collect();
    request.page(rows)
}

fn add(request: &mut Request<'_>, other: Id) -> Result<Reply, Reply> {
    let other = find(request, other)?;
    let me = request.me();
    if other == me {
        return Err(Reply::error(
            400,
            "You cannot befriend yourself",
            "InvalidActionOnSelf",
        ));
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
        (Some(friendship), Some(reverse)) => Ok(Reply::ok(
            rest_body("friend-add")
                .with("result", result)
                .with("friendship", friendship)
                .with("reverse_friendship", reverse),
        )),
        _ => Err(Reply::not_found()),
    }
}

/// Ends a friendship, or withdraws or rejects a request for one.
fn remove(request: &mut Request<'_>, other: Id) -> Result<Reply, Reply> {
    let other = find(request, other)?;
    let me = request.me();
    if request.cloud.unfriend(me, other) {
        Ok(Reply::empty())
    } else {
        Err(Reply::not_found())
    }
}
