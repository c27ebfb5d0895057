use super::call::Call;
use super::reply::Reply;
use super::request::Request;
use super::{friends, groups, servers, sessions, users};
use crate::state::{Cloud, Grant, Purpose, Refusal};
use crate::wire::rest_body;
use jiff::Timestamp;

/// Replies to a request below `/api`, or below `/prod/api` and `/test/api`, the bases of older hosts.
pub(super) fn route(cloud: &mut Cloud, now: Timestamp, call: &Call<'_>) -> Reply {
    let Some(base) = call
        .path
        .iter()
        .take(2)
        .position(|segment| segment == "api")
    else {
        return Reply::gateway(403, "Missing Authentication Token");
    };
    let path: Vec<&str> = call.path[base + 1..].iter().map(String::as_str).collect();
    let method = call.request.method.as_str();
    match (method, path.as_slice()) {
        ("POST", ["sessions"]) => return sessions::log_in(cloud, now, call, false),
        ("POST", ["sessions", "email"]) => return sessions::log_in(cloud, now, call, true),
        ("PUT", ["sessions"]) => return sessions::refresh(cloud, now, call),
        ("GET", ["servers", "regions"] | ["regions"]) => {
            return Reply::ok(rest_body("regions"));
        }
        (_, ["sessions", ..] | ["servers", "regions"] | ["regions"]) => {
            return Reply::wrong_method();
        }
        _ => {}
    }
    let identity = match access(cloud, now, call) {
        Ok(grant) => grant.identity,
        Err(refusal) => return refusal,
    };
    let mut request = Request {
        cloud,
        now,
        call,
        identity,
    };
    match path.as_slice() {
        ["groups", rest @ ..] => groups::route(&mut request, method, rest),
        ["servers", rest @ ..] => servers::route(
            &mut request,
            method,
            rest,
            call.raw.last().map_or("", String::as_str),
        ),
        ["friends", rest @ ..] => friends::route(&mut request, method, rest),
        ["users", rest @ ..] => users::route(&mut request, method, rest),
        _ => Reply::not_found(),
    }
}

/// The grant of the request's access token, or the reply 401.
fn access(cloud: &Cloud, now: Timestamp, call: &Call<'_>) -> Result<Grant, Reply> {
    match cloud
        .tokens
        .check_header(call.request.header("authorization"), now)
    {
        Ok(grant) if grant.purpose == Purpose::Access => Ok(grant),
        Ok(_) | Err(Refusal::Unknown) => Err(Reply::gateway(401, "Unauthorized")),
        Err(Refusal::Missing) => Err(Reply::gateway(401, "Missing Authentication Token")),
        Err(Refusal::Expired) => Err(Reply::error(401, "Expired token", "ExpiredToken")),
    }
}
