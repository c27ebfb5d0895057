use super::permissions;
use super::reply::Reply;
use super::request::Request;
use crate::state::{Group, Member, Membership};
use crate::wire::json::Node;
use crate::wire::lenient;

/// Replies to requests below `groups`.
pub(super) fn route(request: &mut Request<'_>, method: &str, path: &[&str]) -> Reply {
    let reply = match path {
        [] if method == "POST" => create(request),
        [] | ["joined" | "invites" | "requested" | "requests"] => match method {
            "GET" => Ok(list(request, path.first().copied())),
            _ => Err(Reply::wrong_method()),
        },
        ["invites", group] => id(group).and_then(|group| my_invite(request, method, group)),
        [group, rest @ ..] => id(group).and_then(|group| {
            request.group(group)?;
            in_group(request, method, group, rest)
        }),
    };
    reply.unwrap_or_else(|refusal| refusal)
}

fn id(text: &str) -> Result<u64, Reply> {
    text.parse()
        .map_err(|_| Reply::bad_request(None, "The value is not a valid id."))
}

/// `POST groups`.
fn create(request: &mut Request<'_>) -> Result<Reply, Reply> {
    let body = request.body()?;
    let name = lenient::text(&body, "Name")
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Reply::bad_request(Some("Name"), "The Name field is required."))?;
    let kind = lenient::member(&body, "type").map(ToString::to_string);
    let kind = match kind.as_deref().map(|kind| kind.trim_matches('"')) {
        Some("Open" | "0") => "Open",
        Some("Public" | "1") => "Public",
        None | Some("Private" | "2") => "Private",
        Some(_) => {
            return Err(Reply::bad_request(Some("type"), "The value is not valid."));
        }
    };
    let me = request.me();
    let cloud = &mut *request.cloud;
    let id = cloud.add_group(name, me, request.now);
    let group = cloud.groups.get_mut(&id).ok_or_else(Reply::not_found)?;
    kind.clone_into(&mut group.kind);
    let description = lenient::text(&body, "description").unwrap_or_default();
    description.clone_into(&mut group.description);
    let created = group.created();
    if let Some(joined) = cloud.joined_group(id, me) {
        cloud.emit("me-group-create", me, joined);
    }
    Ok(Reply::ok(created))
}

/// The caller's groups, by membership, or the groups that are not private.
fn list(request: &Request<'_>, which: Option<&str>) -> Reply {
    let me = request.me();
    let cloud = &*request.cloud;
    let groups = cloud.groups.values();
    let items: Vec<Node> = match which {
        Some("joined") => groups
            .filter(|group| group.member(me, Membership::Accepted).is_some())
            .filter_map(|group| cloud.joined_group(group.id, me))
            .collect(),
        Some("invites") => groups
            .filter_map(|group| {
                Some(group.invited(group.member(me, Membership::Invited)?.created_at))
            })
            .collect(),
        Some(_) => groups
            .filter(|group| group.member(me, Membership::RequestedJoin).is_some())
            .map(Group::update)
            .collect(),
        None => groups
            .filter(|group| group.kind != "Private")
            .map(Group::update)
            .collect(),
    };
    request.page(items)
}

/// `POST` and `DELETE groups/invites/{group}`: the caller accepts or rejects an invitation.
fn my_invite(request: &mut Request<'_>, method: &str, group: u64) -> Result<Reply, Reply> {
    let to = match method {
        "POST" => Membership::Accepted,
        "DELETE" => Membership::Left,
        _ => return Err(Reply::wrong_method()),
    };
    let me = request.me();
    match request.group(group)?.membership(me) {
        Some(Membership::Invited) => member(request.set_membership(group, me, to)),
        Some(Membership::Accepted) => {
            Err(Reply::error(400, "Already a member", "AlreadyHasStatus"))
        }
        _ => Err(Reply::not_found()),
    }
}

fn member(member: Option<Member>) -> Result<Reply, Reply> {
    member
        .map(|member| Reply::ok(member.json()))
        .ok_or_else(Reply::not_found)
}

/// A change of a membership that a request makes.
struct Change {
    /// The permission that the caller needs, except for the caller's own membership.
    permission: Option<&'static str>,
    /// The states that allow the change; empty for any.
    from: &'static [Membership],
    to: Membership,
    /// `true` if the reply has no body.
    is_silent: bool,
}

impl Change {
    const fn new(
        permission: Option<&'static str>,
        from: &'static [Membership],
        to: Membership,
    ) -> Self {
        Self {
            permission,
            from,
            to,
            is_silent: false,
        }
    }

    const fn silent(self) -> Self {
        Self {
            is_silent: true,
            ..self
        }
    }

    fn apply(self, request: &mut Request<'_>, group: u64, user: u64) -> Result<Reply, Reply> {
        let me = request.me();
        let found = request.group(group)?;
        if self.permission.is_some_and(|it| !found.allows(me, it)) {
            return Err(Reply::forbidden());
        }
        let before = found.membership(user);
        let is_possible =
            self.from.is_empty() || before.is_some_and(|before| self.from.contains(&before));
        if !is_possible || request.cloud.users.get(user).is_none() {
            return Err(Reply::not_found());
        }
        let changed = request.set_membership(group, user, self.to);
        if self.is_silent {
            Ok(Reply::empty())
        } else {
            member(changed)
        }
    }
}

fn in_group(
    request: &mut Request<'_>,
    method: &str,
    group: u64,
    path: &[&str],
) -> Result<Reply, Reply> {
    use Membership::{Accepted, Banned, Invited, Kicked, Left, RequestedJoin};

    let me = request.me();
    match (method, path) {
        ("GET", []) => show(request, group),
        ("PATCH", []) => modify(request, group),
        ("GET", ["members"]) => members(request, group, Accepted),
        ("GET", ["requests"]) => members(request, group, RequestedJoin),
        ("GET", ["invites"]) => members(request, group, Invited),
        ("GET", ["bans"]) => members(request, group, Banned),
        ("DELETE", ["members"]) => Change::new(None, &[Accepted], Left)
            .silent()
            .apply(request, group, me),
        ("POST", ["requests"]) => request_to_join(request, group),
        ("DELETE", ["requests"]) => {
            Change::new(None, &[RequestedJoin], Left).apply(request, group, me)
        }
        (_, [list @ ("members" | "requests" | "invites" | "bans"), user]) => {
            let user = id(user)?;
            let change = match (method, *list) {
                ("GET", "members") => {
                    return member(request.group(group)?.member(user, Accepted).cloned());
                }
                ("DELETE", "members") => Change::new(Some("Kick"), &[Accepted], Kicked).silent(),
                ("PUT", "requests") => {
                    Change::new(Some("AcceptInvite"), &[RequestedJoin], Accepted)
                }
                ("DELETE", "requests") => Change::new(Some("AcceptInvite"), &[RequestedJoin], Left),
                ("POST", "invites") => {
                    let before = request.group(group)?.membership(user);
                    if matches!(before, Some(Accepted | Invited)) {
                        let message = "Already a member or invited";
                        return Err(Reply::error(400, message, "AlreadyHasStatus"));
                    }
                    Change::new(Some("Invite"), &[], Invited)
                }
                ("DELETE", "invites") => Change::new(Some("Invite"), &[Invited], Kicked),
                ("POST", "bans") => Change::new(Some("Ban"), &[], Banned),
                ("DELETE", "bans") => Change::new(Some("Ban"), &[Banned], Left),
                _ => return Err(Reply::wrong_method()),
            };
            change.apply(request, group, user)
        }
        ("POST", ["members", user, "role", role]) => set_role(request, group, id(user)?, id(role)?),
        ("PATCH", ["roles", role]) => update_role(request, group, id(role)?),
        ("POST", [user, "permissions", "check"]) => permissions::check(request, group, id(user)?),
        (
            _,
            []
            | ["members" | "requests"]
            | ["invites" | "bans" | "roles", ..]
            | [_, "permissions", "check"],
        ) => Err(Reply::wrong_method()),
        _ => Err(Reply::not_found()),
    }
}

/// `GET groups/{group}`.
fn show(request: &Request<'_>, group: u64) -> Result<Reply, Reply> {
    let found = request.group(group)?;
    if found.kind == "Private" && found.membership(request.me()).is_none() {
        return Err(Reply::error(
            403,
            "This group is private",
            "CantGetPrivateGroup",
        ));
    }
    detailed(request, group)
}

fn detailed(request: &Request<'_>, group: u64) -> Result<Reply, Reply> {
    let found = request.cloud.group_detailed(group);
    found.map(Reply::ok).ok_or_else(Reply::not_found)
}

fn members(request: &Request<'_>, group: u64, membership: Membership) -> Result<Reply, Reply> {
    let members = request.group(group)?.members(membership);
    Ok(request.page(members.map(Member::json).collect()))
}

/// `POST groups/{group}/requests`.
fn request_to_join(request: &mut Request<'_>, group: u64) -> Result<Reply, Reply> {
    let me = request.me();
    match request.group(group)?.membership(me) {
        Some(Membership::Accepted | Membership::RequestedJoin) => {
            Err(Reply::error(400, "Already asked", "AlreadyHasStatus"))
        }
        Some(Membership::Banned) => Err(Reply::forbidden()),
        _ => member(request.set_membership(group, me, Membership::RequestedJoin)),
    }
}

/// `POST groups/{group}/members/{user}/role/{role}`.
fn set_role(request: &mut Request<'_>, group: u64, user: u64, role: u64) -> Result<Reply, Reply> {
    let found = request.group(group)?;
    if !found.allows(request.me(), "ManageRoles") {
        return Err(Reply::forbidden());
    }
    if !found.has_role(role) {
        return Err(Reply::not_found());
    }
    member(request.cloud.set_role(group, user, role, request.now))
}

/// `PATCH groups/{group}/roles/{role}`. No source attests the reply: here it is the role.
fn update_role(request: &mut Request<'_>, group: u64, role: u64) -> Result<Reply, Reply> {
    let body = request.body()?;
    let found = request.group_for(group, "ManageRoles")?;
    let changes = ["name", "color", "permissions", "allowed_commands"]
        .into_iter()
        .filter_map(|name| Some((name, lenient::member(&body, name)?.clone().into())));
    let role = found
        .update_role(role, changes)
        .ok_or_else(Reply::not_found)?;
    request.cloud.group_updated(group);
    Ok(Reply::ok(role))
}

/// `PATCH groups/{group}`.
fn modify(request: &mut Request<'_>, group: u64) -> Result<Reply, Reply> {
    let body = request.body()?;
    let found = request.group_for(group, "ModifyGroup")?;
    if let Some(name) = lenient::text(&body, "name") {
        name.clone_into(&mut found.name);
    }
    if let Some(description) = lenient::text(&body, "description") {
        description.clone_into(&mut found.description);
    }
    request.cloud.group_updated(group);
    detailed(request, group)
}
