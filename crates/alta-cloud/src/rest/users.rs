use super::reply::Reply;
use super::request::Request;
use crate::state::{Identity, User};
use crate::wire::json::Node;
use crate::wire::lenient;
use crate::wire::time::rest_time;

/// Replies to requests below `users`. Bots are refused, as py-tale documents.
pub(super) fn route(request: &mut Request<'_>, method: &str, path: &[&str]) -> Reply {
    if matches!(request.identity, Identity::Bot(_)) {
        return Reply::forbidden();
    }
    match (method, path) {
        ("POST", ["search", "username"]) => search(request).unwrap_or_else(|refusal| refusal),
        ("GET", [user]) => {
            find(request, user).map_or_else(Reply::not_found, |user| Reply::ok(user.json()))
        }
        ("GET", [user, "statistics"]) => {
            find(request, user).map_or_else(Reply::not_found, |user| {
                let played = Node::from("7.09:36:59.0452399");
                Reply::ok(Node::object([
                    ("sign_up_time", rest_time(user.created_at).into()),
                    ("play_time", played),
                ]))
            })
        }
        // The claim `is_verified` of the tokens has the same value.
        ("GET", [user, "verification"]) => {
            find(request, user).map_or_else(Reply::not_found, |_| Reply::ok(true))
        }
        (_, ["search", "username"] | [_] | [_, "statistics" | "verification"]) => {
            Reply::wrong_method()
        }
        _ => Reply::not_found(),
    }
}

fn find<'a>(request: &'a Request<'_>, id: &str) -> Option<&'a User> {
    let id = if id == "me" {
        request.me()
    } else {
        id.parse().ok()?
    };
    request.cloud.users.get(id)
}

fn search(request: &Request<'_>) -> Result<Reply, Reply> {
    let body = request.body()?;
    let name = lenient::text(&body, "username")
        .ok_or_else(|| Reply::bad_request(Some("username"), "The username field is required."))?;
    let mut users = request.cloud.users.iter();
    let found = users.find(|user| user.username.eq_ignore_ascii_case(name));
    found
        .map(|user| Reply::ok(user.json()))
        .ok_or_else(Reply::not_found)
}
