use super::permissions;
use super::reply::Reply;
use super::request::Request;
use crate::state::{Group, Membership, Purpose, Server, ServerShape};
use crate::wire::json::Node;
use crate::wire::{lenient, rest_body};

/// Replies to requests below `servers`. `last` is the last segment of the path, in the client's letter case.
pub(super) fn route(request: &mut Request<'_>, method: &str, path: &[&str], last: &str) -> Reply {
    let reply = match (method, path) {
        (_, ["favorites", id]) => favorite(request, method, id),
        ("POST", [id, "console"]) => console(request, id),
        ("POST", [id, user, "permissions", "check"]) => check(request, id, user),
        (_, [_, "console"]) => Err(Reply::wrong_method()),
        _ => list(request, method, path, last),
    };
    reply.unwrap_or_else(|refusal| refusal)
}

/// One server, or an array of servers.
fn list(request: &Request<'_>, method: &str, path: &[&str], last: &str) -> Result<Reply, Reply> {
    let me = request.me();
    let allows = |server: &Server, permission| {
        group(request, server).is_some_and(|group| group.allows(me, permission))
    };
    let is_member = |server: &Server| {
        group(request, server).is_some_and(|group| group.member(me, Membership::Accepted).is_some())
    };
    let is_listed: &dyn Fn(&Server) -> bool = match path {
        ["console"] => &|server| allows(server, "Console"),
        ["control"] => &|server| allows(server, "ControlServer"),
        [] | ["discover" | "joined"] => &is_member,
        ["running" | "online"] => &|server| server.online,
        ["public" | "open"] => &|_| false,
        ["favorites"] => &|server| request.cloud.favorites.contains(&(me, server.id)),
        ["name", _] => &|server| server.name.eq_ignore_ascii_case(last),
        ["players", user] => &|server| server.players.keys().any(|id| id.to_string() == *user),
        [id] if method == "GET" => return Ok(Reply::ok(json(request, find(request, id)?))),
        [_] => return Err(Reply::wrong_method()),
        _ => return Err(Reply::not_found()),
    };
    if method != "GET" {
        return Err(Reply::wrong_method());
    }
    let servers = request.cloud.servers.values();
    let rows: Vec<Node> = servers
        .filter(|server| !server.is_self_hosted() && is_listed(server))
        .map(|server| json(request, server))
        .collect();
    Ok(request.page(rows))
}

fn json(request: &Request<'_>, server: &Server) -> Node {
    server.json(ServerShape::Rest, request.cloud.config.era, request.now)
}

fn group<'a>(request: &'a Request<'_>, server: &Server) -> Option<&'a Group> {
    request.cloud.groups.get(&server.group?)
}

/// The server with this id, or the reply 404.
fn find<'a>(request: &'a Request<'_>, id: &str) -> Result<&'a Server, Reply> {
    let id = id.parse().ok();
    id.and_then(|id| request.cloud.servers.get(&id))
        .filter(|server| !server.is_self_hosted())
        .ok_or_else(Reply::not_found)
}

/// `POST` and `DELETE servers/favorites/{id}`. No source attests the replies: here they are empty.
fn favorite(request: &mut Request<'_>, method: &str, id: &str) -> Result<Reply, Reply> {
    let favorite = (request.me(), find(request, id)?.id);
    match method {
        "POST" => request.cloud.favorites.insert(favorite),
        "DELETE" => request.cloud.favorites.remove(&favorite),
        _ => return Err(Reply::wrong_method()),
    };
    Ok(Reply::empty())
}

/// `POST servers/{id}/console`.
fn console(request: &mut Request<'_>, id: &str) -> Result<Reply, Reply> {
    let body = request.body()?;
    // Absent fields have the real service's defaults: true for `should_launch`, false for `ignore_offline`.
    let launch = lenient::flag(lenient::member(&body, "should_launch")).unwrap_or(true);
    let server = find(request, id)?;
    let me = request.me();
    if !group(request, server).is_some_and(|group| group.allows(me, "Console")) {
        return Err(Reply::forbidden());
    }
    let (id, online, port) = (server.id, server.online, server.console_port);
    if !online {
        return Ok(offline(id, launch && request.cloud.config.starts_servers));
    }
    let port =
        port.ok_or_else(|| Reply::error(500, "The console is not there", "CouldNotAccessServer"))?;
    let cloud = &mut *request.cloud;
    let username = cloud.username(me);
    let life = cloud.config.console_token_life;
    let purpose = Purpose::Console(id);
    let token = cloud
        .tokens
        .user(request.identity, &username, purpose, request.now, life);
    let template = rest_body("console-access-allowed");
    let connection = template
        .get("connection")
        .cloned()
        .unwrap_or(Node::Null)
        .with("address", cloud.config.console_host.as_str())
        .with("websocket_port", u64::from(port))
        .with("webserver_port", u64::from(cloud.http_port));
    Ok(Reply::ok(
        template
            .with("server_id", id)
            .with("connection", connection)
            .with("token", token),
    ))
}

/// The reply for a server that does not run, which it may start.
fn offline(id: u64, launch: bool) -> Reply {
    if !launch {
        return Reply::ok(rest_body("console-access-offline").with("server_id", id));
    }
    let starting = rest_body("console-access-allowed")
        .with("server_id", id)
        .with("cold_start", true)
        .without(&["connection", "token"]);
    Reply {
        starts: Some(id),
        ..Reply::ok(starting)
    }
}

/// `POST servers/{id}/{user}/permissions/check`.
fn check(request: &Request<'_>, id: &str, user: &str) -> Result<Reply, Reply> {
    match (find(request, id)?.group, user.parse()) {
        (Some(group), Ok(user)) => permissions::check(request, group, user),
        _ => Err(Reply::not_found()),
    }
}
