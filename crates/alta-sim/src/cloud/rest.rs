//! REST: who asks, and which endpoint.

use jiff::Timestamp;

use super::http::Call;
use super::reply::Reply;
use super::{friends, groups, servers, sessions, users};
use crate::builder::Config;
use crate::recordings;
use crate::shared::State;
use crate::tokens::{Grant, Identity, Purpose, Refusal};

/// What an endpoint gets.
pub(crate) struct Request<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) config: &'a Config,
    pub(crate) now: Timestamp,
    pub(crate) call: &'a Call<'a>,
    pub(crate) identity: Identity,
}

impl Request<'_> {
    /// The id of whoever asks.
    pub(crate) fn me(&self) -> u64 {
        self.identity.id()
    }
}

/// Answers a request below `/api` (also below `/prod/api` and `/test/api`, as older hosts had it).
pub(crate) fn route(state: &mut State, config: &Config, now: Timestamp, call: &Call<'_>) -> Reply {
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
        ("POST", ["sessions"]) => return sessions::log_in(state, config, now, call, false),
        ("POST", ["sessions", "email"]) => return sessions::log_in(state, config, now, call, true),
        ("PUT", ["sessions"]) => return sessions::refresh(state, config, now, call),
        ("GET", ["servers", "regions"] | ["regions"]) => {
            return Reply::ok(recordings::rest_body("regions"));
        }
        (_, ["sessions", ..] | ["servers", "regions"] | ["regions"]) => return Reply::wrong_verb(),
        _ => {}
    }
    let identity = match access(state, now, call) {
        Ok(grant) => grant.identity,
        Err(refusal) => return refusal,
    };
    let mut request = Request {
        state,
        config,
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

/// The access token of a request, or the 401.
fn access(state: &State, now: Timestamp, call: &Call<'_>) -> Result<Grant, Reply> {
    match state
        .tokens
        .check_header(call.request.header("authorization"), now)
    {
        Ok(grant) if grant.purpose == Purpose::Access => Ok(grant),
        Ok(_) | Err(Refusal::Unknown) => Err(Reply::gateway(401, "Unauthorized")),
        Err(Refusal::Missing) => Err(Reply::gateway(401, "Missing Authentication Token")),
        Err(Refusal::Expired) => Err(Reply::error(401, "Expired token", "ExpiredToken")),
    }
}

/// `GET /output/{user}/{file}` of the console's file server: the console token is the key.
pub(crate) fn file(
    state: &State,
    now: Timestamp,
    call: &Call<'_>,
    user: &str,
    file: &str,
) -> Reply {
    let bearer = call
        .request
        .header("authorization")
        .and_then(|header| header.split_once(' '))
        .map(|(_, token)| token);
    let self_hosted = bearer.is_some_and(|token| state.self_hosted_server(token).is_some());
    let owner = match state
        .tokens
        .check_header(call.request.header("authorization"), now)
    {
        Ok(Grant {
            identity,
            purpose: Purpose::Console(_),
            ..
        }) => identity.id(),
        _ if self_hosted => 0,
        _ => return Reply::gateway(401, "Unauthorized"),
    };
    if user != owner.to_string() {
        return Reply::gateway(403, "Forbidden");
    }
    if call.request.method != "GET" {
        return Reply::wrong_verb();
    }
    let text = format!("{file}\nChunk 12-20 Meadow\nCave Layer 1\n");
    Reply {
        file: Some(text),
        ..Reply::empty()
    }
}
