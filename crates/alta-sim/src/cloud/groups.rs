//! `groups/...`.

use super::page::page;
use super::reply::Reply;
use super::rest::Request;
use crate::json::Node;
use crate::lenient;
use crate::world::{Group, Member, Standing};

/// The permissions by the numbers the API takes (1 is the first).
const PERMISSIONS: [&str; 12] = [
    "Invite",
    "AcceptInvite",
    "Ban",
    "Kick",
    "CreateServer",
    "ModifyGroup",
    "ModifyServer",
    "Console",
    "ControlServer",
    "ManageRoles",
    "ManageReports",
    "ManageSaves",
];

/// Answers everything below `groups`.
pub(crate) fn route(request: &mut Request<'_>, method: &str, path: &[&str]) -> Reply {
    match path {
        [] if method == "POST" => create(request),
        [] | ["joined" | "invites" | "requested" | "requests"] => match method {
            "GET" => list(request, path.first().copied()),
            _ => Reply::wrong_verb(),
        },
        ["invites", group] => with_id(group, |group| my_invite(request, method, group)),
        [group, rest @ ..] => with_id(group, |group| {
            if request.state.world.groups.contains_key(&group) {
                in_group(request, method, group, rest)
            } else {
                Reply::not_found()
            }
        }),
    }
}

/// `POST groups`.
fn create(request: &mut Request<'_>) -> Reply {
    let Some(body) = lenient::parse(&request.call.request.body) else {
        return Reply::bad_request(None, "Malformed body.");
    };
    let Some(name) = lenient::text(&body, "Name").filter(|name| !name.is_empty()) else {
        return Reply::bad_request(Some("Name"), "The Name field is required.");
    };
    let kind = match lenient::member(&body, "type").map(ToString::to_string) {
        None => "Private".to_owned(),
        Some(kind) => match kind.trim_matches('"') {
            "Open" | "0" => "Open".to_owned(),
            "Public" | "1" => "Public".to_owned(),
            "Private" | "2" => "Private".to_owned(),
            _ => return Reply::bad_request(Some("type"), "The value is not valid."),
        },
    };
    let me = request.me();
    let world = &mut request.state.world;
    let id = world.add_group(name, me, request.now);
    let Some(group) = world.groups.get_mut(&id) else {
        return Reply::not_found();
    };
    group.kind = kind;
    let description = lenient::text(&body, "description").unwrap_or_default();
    description.clone_into(&mut group.description);
    let created = group.created();
    if let Some(joined) = world.joined_group(id, me) {
        world.tell_main("me-group-create", me, joined);
    }
    Reply::ok(created)
}

fn with_id(text: &str, answer: impl FnOnce(u64) -> Reply) -> Reply {
    text.parse().map_or_else(
        |_| Reply::bad_request(None, "The value is not a valid id."),
        answer,
    )
}

/// Lists of groups: joined, invited to, asked to join, public ones.
fn list(request: &Request<'_>, which: Option<&str>) -> Reply {
    let me = request.me();
    let world = &request.state.world;
    let groups = world.groups.values();
    let items: Vec<Node> = match which {
        Some("joined") => groups
            .filter(|group| group.member(me, Standing::Accepted).is_some())
            .filter_map(|group| world.joined_group(group.id, me))
            .collect(),
        Some("invites") => groups
            .filter_map(|group| {
                Some(group.invited(group.member(me, Standing::Invited)?.created_at))
            })
            .collect(),
        Some(_) => groups
            .filter(|group| group.member(me, Standing::RequestedJoin).is_some())
            .map(Group::update)
            .collect(),
        None => groups
            .filter(|group| group.kind != "Private")
            .map(Group::update)
            .collect(),
    };
    page(items, &request.call.query, request.config.page_size)
}

/// `POST` and `DELETE groups/invites/{group}`: what I answer to an invite.
fn my_invite(request: &mut Request<'_>, method: &str, group: u64) -> Reply {
    let standing = match method {
        "POST" => Standing::Accepted,
        "DELETE" => Standing::Left,
        _ => return Reply::wrong_verb(),
    };
    let me = request.me();
    let world = &mut request.state.world;
    match world
        .groups
        .get(&group)
        .and_then(|group| group.members.get(&me))
        .map(|member| member.standing)
    {
        Some(Standing::Invited) => {
            member_reply(world.change_standing(group, me, standing, request.now))
        }
        Some(Standing::Accepted) => Reply::error(400, "Already a member", "AlreadyHasStatus"),
        _ => Reply::not_found(),
    }
}

fn member_reply(member: Option<Member>) -> Reply {
    member.map_or_else(Reply::not_found, |member| Reply::ok(member.json()))
}

fn in_group(request: &mut Request<'_>, method: &str, group: u64, path: &[&str]) -> Reply {
    let me = request.me();
    match path {
        [] => match method {
            "GET" => {
                let world = &request.state.world;
                let visible = world.groups.get(&group).is_some_and(|found| {
                    found.kind != "Private" || found.members.contains_key(&me)
                });
                if !visible {
                    return Reply::error(403, "This group is private", "CantGetPrivateGroup");
                }
                world
                    .group_detailed(group)
                    .map_or_else(Reply::not_found, Reply::ok)
            }
            "PATCH" => modify(request, group),
            _ => Reply::wrong_verb(),
        },
        ["members"] => match method {
            "GET" => members(request, group, Standing::Accepted),
            "DELETE" => change(
                request,
                group,
                me,
                None,
                &[Standing::Accepted],
                Standing::Left,
                true,
            ),
            _ => Reply::wrong_verb(),
        },
        ["requests"] => match method {
            "GET" => members(request, group, Standing::RequestedJoin),
            "POST" => ask_to_join(request, group),
            "DELETE" => change(
                request,
                group,
                me,
                None,
                &[Standing::RequestedJoin],
                Standing::Left,
                false,
            ),
            _ => Reply::wrong_verb(),
        },
        ["invites"] if method == "GET" => members(request, group, Standing::Invited),
        ["bans"] if method == "GET" => members(request, group, Standing::Banned),
        ["members" | "requests" | "invites" | "bans", user] => {
            with_id(user, |user| one(request, method, group, path[0], user))
        }
        ["members", user, "role", role] if method == "POST" => with_id(user, |user| {
            with_id(role, |role| set_role(request, group, user, role))
        }),
        ["roles", role] if method == "PATCH" => {
            with_id(role, |role| update_role(request, group, role))
        }
        [user, "permissions", "check"] if method == "POST" => {
            with_id(user, |user| check(request, group, user))
        }
        ["invites" | "bans" | "roles", ..] | [_, "permissions", "check"] => Reply::wrong_verb(),
        _ => Reply::not_found(),
    }
}

fn members(request: &Request<'_>, group: u64, standing: Standing) -> Reply {
    let Some(group) = request.state.world.groups.get(&group) else {
        return Reply::not_found();
    };
    let rows = group
        .members
        .values()
        .filter(|member| member.standing == standing)
        .map(Member::json)
        .collect();
    page(rows, &request.call.query, request.config.page_size)
}

/// Everything about one user in a group.
fn one(request: &mut Request<'_>, method: &str, group: u64, list: &str, user: u64) -> Reply {
    use Standing::{Accepted, Banned, Invited, Kicked, Left, RequestedJoin};
    match (method, list) {
        ("GET", "members") => {
            let found = request
                .state
                .world
                .groups
                .get(&group)
                .and_then(|group| group.member(user, Accepted))
                .cloned();
            member_reply(found)
        }
        ("DELETE", "members") => change(
            request,
            group,
            user,
            Some("Kick"),
            &[Accepted],
            Kicked,
            true,
        ),
        ("PUT", "requests") => change(
            request,
            group,
            user,
            Some("AcceptInvite"),
            &[RequestedJoin],
            Accepted,
            false,
        ),
        ("DELETE", "requests") => change(
            request,
            group,
            user,
            Some("AcceptInvite"),
            &[RequestedJoin],
            Left,
            false,
        ),
        ("POST", "invites") => {
            let before = request
                .state
                .world
                .groups
                .get(&group)
                .and_then(|group| group.members.get(&user))
                .map(|member| member.standing);
            if matches!(before, Some(Accepted | Invited)) {
                return Reply::error(400, "Already a member or invited", "AlreadyHasStatus");
            }
            change(request, group, user, Some("Invite"), &[], Invited, false)
        }
        ("DELETE", "invites") => change(
            request,
            group,
            user,
            Some("Invite"),
            &[Invited],
            Kicked,
            false,
        ),
        ("POST", "bans") => change(request, group, user, Some("Ban"), &[], Banned, false),
        ("DELETE", "bans") => change(request, group, user, Some("Ban"), &[Banned], Left, false),
        _ => Reply::wrong_verb(),
    }
}

/// Changes a standing if it is one of `from` (any, if that is empty) and the caller may.
fn change(
    request: &mut Request<'_>,
    group: u64,
    user: u64,
    permission: Option<&str>,
    from: &[Standing],
    to: Standing,
    empty: bool,
) -> Reply {
    let me = request.me();
    let world = &mut request.state.world;
    let Some(found) = world.groups.get(&group) else {
        return Reply::not_found();
    };
    if permission.is_some_and(|permission| !found.allows(me, permission)) {
        return Reply::forbidden();
    }
    let before = found.members.get(&user).map(|member| member.standing);
    if !from.is_empty() && !before.is_some_and(|before| from.contains(&before))
        || !world.people.contains_key(&user)
    {
        return Reply::not_found();
    }
    let member = world.change_standing(group, user, to, request.now);
    if empty {
        Reply::empty()
    } else {
        member_reply(member)
    }
}

fn ask_to_join(request: &mut Request<'_>, group: u64) -> Reply {
    let me = request.me();
    let world = &mut request.state.world;
    let before = world
        .groups
        .get(&group)
        .and_then(|group| group.members.get(&me))
        .map(|member| member.standing);
    match before {
        Some(Standing::Accepted | Standing::RequestedJoin) => {
            Reply::error(400, "Already asked", "AlreadyHasStatus")
        }
        Some(Standing::Banned) => Reply::forbidden(),
        _ => member_reply(world.change_standing(group, me, Standing::RequestedJoin, request.now)),
    }
}

fn set_role(request: &mut Request<'_>, group: u64, user: u64, role: u64) -> Reply {
    let me = request.me();
    let world = &mut request.state.world;
    let Some(found) = world.groups.get(&group) else {
        return Reply::not_found();
    };
    if !found.allows(me, "ManageRoles") {
        return Reply::forbidden();
    }
    if !found.has_role(role) {
        return Reply::not_found();
    }
    member_reply(world.set_role(group, user, role, request.now))
}

/// Changes what is named of a role. What the service answers is not attested: here it is the role.
fn update_role(request: &mut Request<'_>, group: u64, role: u64) -> Reply {
    let me = request.me();
    let Some(body) = lenient::parse(&request.call.request.body) else {
        return Reply::bad_request(None, "Malformed body.");
    };
    let world = &mut request.state.world;
    let Some(found) = world.groups.get_mut(&group) else {
        return Reply::not_found();
    };
    if !found.allows(me, "ManageRoles") {
        return Reply::forbidden();
    }
    let changes = ["name", "color", "permissions", "allowed_commands"]
        .into_iter()
        .filter_map(|name| Some((name, lenient::member(&body, name)?.clone().into())));
    let Some(role) = found.update_role(role, changes) else {
        return Reply::not_found();
    };
    world.tell_group_update(group);
    Reply::ok(role)
}

fn modify(request: &mut Request<'_>, group: u64) -> Reply {
    let me = request.me();
    let Some(body) = lenient::parse(&request.call.request.body) else {
        return Reply::bad_request(None, "Malformed body.");
    };
    let world = &mut request.state.world;
    let Some(found) = world.groups.get_mut(&group) else {
        return Reply::not_found();
    };
    if !found.allows(me, "ModifyGroup") {
        return Reply::forbidden();
    }
    if let Some(name) = lenient::text(&body, "name") {
        name.clone_into(&mut found.name);
    }
    if let Some(description) = lenient::text(&body, "description") {
        description.clone_into(&mut found.description);
    }
    world.tell_group_update(group);
    world
        .group_detailed(group)
        .map_or_else(Reply::not_found, Reply::ok)
}

/// `POST groups/{group}/{user}/permissions/check`, by numbers or names.
pub(super) fn check(request: &Request<'_>, group: u64, user: u64) -> Reply {
    let Some(body) = lenient::parse(&request.call.request.body) else {
        return Reply::bad_request(None, "Malformed body.");
    };
    let Some(wanted) = lenient::member(&body, "permissions").and_then(|list| list.as_array())
    else {
        return Reply::bad_request(Some("permissions"), "The permissions field is required.");
    };
    let Some(found) = request.state.world.groups.get(&group) else {
        return Reply::not_found();
    };
    let allowed = wanted.iter().all(|permission| {
        let text = permission
            .as_str()
            .map_or_else(|| permission.to_string(), str::to_owned);
        let name = match text.parse::<usize>() {
            Ok(number) => number
                .checked_sub(1)
                .and_then(|at| PERMISSIONS.get(at))
                .copied(),
            Err(_) => PERMISSIONS
                .iter()
                .copied()
                .find(|name| name.eq_ignore_ascii_case(&text)),
        };
        name.is_some_and(|name| found.allows(user, name))
    });
    Reply::ok(crate::recordings::rest_body("permission-check").with("value", allowed))
}
