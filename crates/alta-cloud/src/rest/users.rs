use super::id::Id;
use super::reply::Reply;
use super::request::Request;
use super::routes::Callers::Users;
use super::routes::Routes;
use crate::host::Host;
use crate::state::User;
use crate::wire::json::Node;
use crate::wire::lenient;
use crate::wire::time::rest_time;
use axum::routing::MethodFilter;

const GET: MethodFilter = MethodFilter::GET;
const POST: MethodFilter = MethodFilter::POST;

/// The routes below `users`. Bots are refused, as py-tale documents.
pub(super) fn routes<H: Host>(routes: Routes<H>) -> Routes<H> {
    routes
        .on(POST, "/users/search/username", Users, search)
        .on(GET, "/users/{user}", Users, |request, user: Id| {
            Ok(Reply::ok(find(request, user)?.json()))
        })
        .on(GET, "/users/{user}/statistics", Users, statistics)
        .on(
            GET,
            "/users/{user}/verification",
            Users,
            |request, user: Id| {
                // The claim `is_verified` of the tokens has the same value.
                find(request, user).map(|_| Reply::ok(true))
            },
        )
}

fn statistics(request: &mut Request<'_>, user: Id) -> Result<Reply, Reply> {
    let user = find(request, user)?;
    Ok(Reply::ok(Node::object([
        ("sign_up_time", rest_time(user.created_at).into()),
        ("play_time", "7.09:36:59.0452399".into()),
    ])))
}

/// The user with this id, or the caller for `me`, or the reply 404.
fn find<'a>(request: &'a Request<'_>, id: Id) -> Result<&'a User, Reply> {
    let id = match id {
        Id::Me => Some(request.me()),
        _ => id.number(),
    };
    id.and_then(|id| request.cloud.users.get(id))
        .ok_or_else(Reply::not_found)
}

fn search(request: &mut Request<'_>, (): ()) -> Result<Reply, Reply> {
    let body = request.body()?;
    let name = lenient::text(&body, "username")
        .ok_or_else(|| Reply::bad_request(Some("username"), "The username field is required."))?;
    let mut users = request.cloud.users.iter();
    let found = users.find(|user| user.username.eq_ignore_ascii_case(name));
    found
        .map(|user| Reply::ok(user.json()))
        .ok_or_else(Reply::not_found)
}
