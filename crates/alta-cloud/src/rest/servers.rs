use super::id::Id;
use super::permissions;
use super::reply::Reply;
use super::request::Request;
use super::routes::{CONSOLE, Routes, SERVERS};
use crate::host::Host;
use crate::state::{Membership, Purpose, Server, ServerShape};
use crate::wire::json::Node;
use crate::wire::{lenient, rest_body};
use axum::routing::MethodFilter;
use std::net::Ipv6Addr;

const GET: MethodFilter = MethodFilter::GET;
const POST: MethodFilter = MethodFilter::POST;

/// The routes below `servers`.
pub(super) fn routes<H: Host>(routes: Routes<H>) -> Routes<H> {
    let routes = routes
        .on(GET, "/servers", SERVERS, of_my_groups)
        .on(GET, "/servers/discover", SERVERS, of_my_groups)
        .on(GET, "/servers/joined", SERVERS, of_my_groups)
        .on(GET, "/servers/running", SERVERS, running)
        .on(GET, "/servers/online", SERVERS, running)
        .on(GET, "/servers/public", SERVERS, none)
        .on(GET, "/servers/open", SERVERS, none)
        .on(GET, "/servers/console", SERVERS, |request, ()| {
            list(request, |server| request.may(server, "Console"))
        })
        .on(GET, "/servers/control", SERVERS, |request, ()| {
            list(request, |server| request.may(server, "ControlServer"))
        })
        .on(
            GET,
            "/servers/name/{name}",
            SERVERS,
            |request, name: String| list(request, |server| server.name.to_lowercase() == name),
        )
        .on(
            GET,
            "/servers/players/{user}",
            SERVERS,
            |request, user: u64| list(request, |server| server.players.contains_key(&user)),
        );
    routes
        .on(GET, "/servers/favorites", SERVERS, |request, ()| {
            let (me, favorites) = (request.me(), &request.cloud.favorites);
            list(request, |server| favorites.contains_key(&(me, server.id)))
        })
        .on(POST, "/servers/favorites/{server}", SERVERS, add_favorite)
        .on(
            MethodFilter::DELETE,
            "/servers/favorites/{server}",
            SERVERS,
            remove_favorite,
        )
        .on(GET, "/servers/{server}", SERVERS, |request, id: Id| {
            Ok(Reply::ok(json(request, request.server(id)?)))
        })
        .on(POST, "/servers/{server}/console", CONSOLE, console)
        .on(
            POST,
            "/servers/{server}/{user}/permissions/check",
            SERVERS,
            check,
        )
}

/// The listed servers that satisfy a condition.
fn list(request: &Request<'_>, is_listed: impl Fn(&Server) -> bool) -> Result<Reply, Reply> {
    let servers = request.cloud.servers.values();
    let rows: Vec<Node> = servers
        .filter(|server| request.sees(server) && is_listed(server))
        .map(|server| json(request, server))
        .collect();
    request.page(rows)
}

fn of_my_groups(request: &mut Request<'_>, (): ()) -> Result<Reply, Reply> {
    let me = request.me();
    list(request, |server| {
        let group = request.cloud.group_of(server);
        group.is_some_and(|group| group.member(me, Membership::Accepted).is_some())
    })
}

fn running(request: &mut Request<'_>, (): ()) -> Result<Reply, Reply> {
    list(request, |server| server.online)
}

fn none(request: &mut Request<'_>, (): ()) -> Result<Reply, Reply> {
    list(request, |_| false)
}

fn json(request: &Request<'_>, server: &Server) -> Node {
    server.json(ServerShape::Rest, request.cloud.config.era, request.now)
}

/// `POST servers/favorites/{id}`. No source attests the reply: here it is empty.
fn add_favorite(request: &mut Request<'_>, id: Id) -> Result<Reply, Reply> {
    let favorite = (request.me(), request.server(id)?.id);
    request.cloud.favorites.insert(favorite, request.now);
    Ok(Reply::empty())
}

/// `DELETE servers/favorites/{id}`, with the same reply.
fn remove_favorite(request: &mut Request<'_>, id: Id) -> Result<Reply, Reply> {
    let favorite = (request.me(), request.server(id)?.id);
    request.cloud.favorites.remove(&favorite);
    Ok(Reply::empty())
}

/// `POST servers/{id}/console`.
fn console(request: &mut Request<'_>, id: Id) -> Result<Reply, Reply> {
    let body = request.body()?;
    // Absent fields have the real service's defaults: true for `should_launch`, false for `ignore_offline`.
    let launch = lenient::flag(lenient::member(&body, "should_launch")).unwrap_or(true);
    let server = request.server_with(id, "Console")?;
    let (id, online, port) = (server.id, server.online, server.console_port);
    if !online {
        return Ok(offline(id, launch && request.cloud.config.starts_servers));
    }
    let port =
        port.ok_or_else(|| Reply::error(500, "The console is not there", "CouldNotAccessServer"))?;
    let cloud = &mut *request.cloud;
    let username = cloud.username(request.identity.id());
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
        .with("address", address(&cloud.config.console_host))
        .with("websocket_port", u64::from(port))
        .with("webserver_port", u64::from(cloud.http_port));
    Ok(Reply::ok(
        template
            .with("server_id", id)
            .with("connection", connection)
            .with("token", token),
    ))
}

/// The host as it stands in a URL: clients put a scheme before it and a port behind it, so an IPv6 address needs brackets.
fn address(host: &str) -> String {
    match host.parse::<Ipv6Addr>() {
        Ok(ip) => format!("[{ip}]"),
        Err(_) => host.to_owned(),
    }
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
fn check(request: &mut Request<'_>, (id, user): (Id, Id)) -> Result<Reply, Reply> {
    match (request.server(id)?.group, user.number()) {
        (Some(group), Some(user)) => permissions::check(request, group, user),
        _ => Err(Reply::not_found()),
    }
}
