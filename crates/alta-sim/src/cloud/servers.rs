//! `servers/...`.

use super::page::page;
use super::reply::Reply;
use super::rest::Request;
use crate::json::Node;
use crate::lenient;
use crate::recordings;
use crate::tokens::Purpose;
use crate::world::{Server, ServerShape, Standing};

/// Answers everything below `servers`; `last` is the last part of the path as written.
pub(crate) fn route(request: &mut Request<'_>, method: &str, path: &[&str], last: &str) -> Reply {
    let wanted: &dyn Fn(&Request<'_>, &Server) -> bool = match path {
        ["console"] => &|request, server| allows(request, server, request.me(), "Console"),
        ["joined"] => &|request, server| is_member(request, server, request.me()),
        ["running" | "online"] => &|_, server| server.online,
        ["public" | "open"] => &|_, _| false,
        ["control"] => &|request, server| allows(request, server, request.me(), "ControlServer"),
        [] | ["discover"] => &|request, server| is_member(request, server, request.me()),
        ["favorites"] => &|request, server| {
            let favorite = (request.me(), server.id);
            request.state.world.favorites.contains(&favorite)
        },
        ["favorites", id] => return favorite(request, method, id),
        ["name", _] => &|_, server| server.name.eq_ignore_ascii_case(last),
        ["players", user] => &|_, server| server.players.keys().any(|id| id.to_string() == *user),
        [id] => return one(request, method, id),
        [id, "console"] => {
            return if method == "POST" {
                console(request, id)
            } else {
                Reply::wrong_verb()
            };
        }
        [id, user, "permissions", "check"] if method == "POST" => return check(request, id, user),
        _ => return Reply::not_found(),
    };
    if method != "GET" {
        return Reply::wrong_verb();
    }
    let servers = request
        .state
        .world
        .servers
        .values()
        .filter(|server| !server.self_hosted);
    let rows: Vec<Node> = servers
        .filter(|server| wanted(request, server))
        .map(|server| shown(request, server))
        .collect();
    page(rows, &request.call.query, request.config.page_size)
}

fn shown(request: &Request<'_>, server: &Server) -> Node {
    server.json(ServerShape::Rest, request.state.world.era, request.now)
}

fn is_member(request: &Request<'_>, server: &Server, user: u64) -> bool {
    let group = server
        .group
        .and_then(|group| request.state.world.groups.get(&group));
    group.is_some_and(|group| group.member(user, Standing::Accepted).is_some())
}

fn allows(request: &Request<'_>, server: &Server, user: u64, permission: &str) -> bool {
    let group = server
        .group
        .and_then(|group| request.state.world.groups.get(&group));
    group.is_some_and(|group| group.allows(user, permission))
}

/// A server of the cloud, by its id as text.
fn find<'a>(request: &'a Request<'_>, id: &str) -> Option<&'a Server> {
    request
        .state
        .world
        .servers
        .get(&id.parse().ok()?)
        .filter(|server| !server.self_hosted)
}

fn one(request: &Request<'_>, method: &str, id: &str) -> Reply {
    if method != "GET" {
        return Reply::wrong_verb();
    }
    find(request, id).map_or_else(Reply::not_found, |server| Reply::ok(shown(request, server)))
}

/// `POST` and `DELETE servers/favorites/{id}`. What they answer is not attested: nothing.
fn favorite(request: &mut Request<'_>, method: &str, id: &str) -> Reply {
    let Some(id) = find(request, id).map(|server| server.id) else {
        return Reply::not_found();
    };
    let favorite = (request.me(), id);
    match method {
        "POST" => request.state.world.favorites.insert(favorite),
        "DELETE" => request.state.world.favorites.remove(&favorite),
        _ => return Reply::wrong_verb(),
    };
    Reply::empty()
}

/// `POST servers/{id}/console`.
fn console(request: &mut Request<'_>, id: &str) -> Reply {
    let Some(body) = lenient::parse(&request.call.request.body) else {
        return Reply::bad_request(None, "Malformed body.");
    };
    // What is left out is true for should_launch and false for the other: the server's own defaults.
    let launch = lenient::flag(lenient::member(&body, "should_launch")).unwrap_or(true);
    let Some(server) = find(request, id) else {
        return Reply::not_found();
    };
    let me = request.me();
    if !allows(request, server, me, "Console") {
        return Reply::forbidden();
    }
    let server_id = server.id;
    if !server.online {
        if launch {
            let starting = recordings::rest_body("console-access-allowed")
                .with("server_id", server_id)
                .with("cold_start", true)
                .without(&["connection", "token"]);
            return Reply {
                launch: Some(server_id),
                ..Reply::ok(starting)
            };
        }
        return Reply::ok(
            recordings::rest_body("console-access-offline").with("server_id", server_id),
        );
    }
    let Some(port) = request
        .state
        .listening
        .get(&server_id)
        .map(|listening| listening.port)
    else {
        return Reply::error(500, "The console is not there", "CouldNotAccessServer");
    };
    let username = request.state.world.username(me);
    let life = request.config.console_token_life;
    let token = request.state.tokens.user(
        request.identity,
        &username,
        Purpose::Console(server_id),
        request.now,
        life,
    );
    let template = recordings::rest_body("console-access-allowed");
    let connection = template
        .get("connection")
        .cloned()
        .unwrap_or(Node::Null)
        .with("address", "127.0.0.1")
        .with("websocket_port", u64::from(port))
        .with("webserver_port", u64::from(request.state.http_port));
    Reply::ok(
        template
            .with("server_id", server_id)
            .with("connection", connection)
            .with("token", token),
    )
}

fn check(request: &Request<'_>, id: &str, user: &str) -> Reply {
    let group = find(request, id).and_then(|server| server.group);
    match (group, user.parse()) {
        (Some(group), Ok(user)) => super::groups::check(request, group, user),
        _ => Reply::not_found(),
    }
}
