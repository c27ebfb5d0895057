//! `users/...`.

use super::reply::Reply;
use super::rest::Request;
use crate::clock::rest_time;
use crate::json::Node;
use crate::lenient;
use crate::tokens::Identity;
use crate::world::Person;

/// Answers everything below `users`. Bots are refused, as py-tale says.
pub(crate) fn route(request: &mut Request<'_>, method: &str, path: &[&str]) -> Reply {
    if matches!(request.identity, Identity::Bot(_)) {
        return Reply::forbidden();
    }
    match (method, path) {
        ("POST", ["search", "username"]) => search(request),
        ("GET", [user]) => {
            person(request, user).map_or_else(Reply::not_found, |person| Reply::ok(person.json()))
        }
        ("GET", [user, "statistics"]) => {
            person(request, user).map_or_else(Reply::not_found, |person| {
                let played = Node::from("7.09:36:59.0452399");
                Reply::ok(Node::object([
                    ("sign_up_time", rest_time(person.created_at).into()),
                    ("play_time", played),
                ]))
            })
        }
        // The tokens say so as well.
        ("GET", [user, "verification"]) => {
            person(request, user).map_or_else(Reply::not_found, |_| Reply::ok(true))
        }
        (_, ["search", "username"] | [_] | [_, "statistics" | "verification"]) => {
            Reply::wrong_verb()
        }
        _ => Reply::not_found(),
    }
}

fn person<'a>(request: &'a Request<'_>, user: &str) -> Option<&'a Person> {
    let id = if user == "me" {
        request.me()
    } else {
        user.parse().ok()?
    };
    request
        .state
        .world
        .people
        .get(&id)
        .filter(|person| !person.self_hosted)
}

fn search(request: &Request<'_>) -> Reply {
    let Some(body) = lenient::parse(&request.call.request.body) else {
        return Reply::bad_request(None, "Malformed body.");
    };
    let Some(name) = lenient::text(&body, "username") else {
        return Reply::bad_request(Some("username"), "The username field is required.");
    };
    let mut people = request
        .state
        .world
        .people
        .values()
        .filter(|person| !person.self_hosted);
    let found = people.find(|person| person.username.eq_ignore_ascii_case(name));
    found.map_or_else(Reply::not_found, |person| Reply::ok(person.json()))
}
