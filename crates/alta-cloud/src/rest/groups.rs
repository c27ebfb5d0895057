use super::permissions;
use super::reply::Reply;
use super::request::Request;
use super::routes::Callers::All;
use super::routes::Routes;
use crate::host::Host;
use crate::state::Membership::{Accepted, Invited, RequestedJoin};
use crate::state::{Group, Member, Membership};
use crate::wire::lenient;
use axum::routing::MethodFilter;

const GET: MethodFilter = MethodFilter::GET;
const PATCH: MethodFilter = MethodFilter::PATCH;
const POST: MethodFilter = MethodFilter::POST;

/// The routes below `groups`, except those of memberships.
pub(super) fn routes<H: Host>(routes: Routes<H>) -> Routes<H> {
    routes
        .on(GET, "/groups", All, public)
        .on(POST, "/groups", All, create)
        .on(GET, "/groups/joined", All, joined)
        .on(GET, "/groups/invites", All, invites)
        .on(GET, "/groups/requested", All, requested)
        .on(GET, "/groups/requests", All, requested)
        .on(GET, "/groups/{group}", All, show)
        .on(PATCH, "/groups/{group}", All, modify)
        .on(PATCH, "/groups/{group}/roles/{role}", All, update_role)
        .on(
            POST,
            "/groups/{group}/{user}/permissions/check",
            All,
            |request, (group, user)| {
                request.group(group)?;
                permissions::check(request, group, user)
            },
        )
}

/// `POST groups`.
fn create(request: &mut Request<'_>, (): ()) -> Result<Reply, Reply> {
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

/// `GET groups`: the groups that are not private.
fn public(request: &mut Request<'_>, (): ()) -> Result<Reply, Reply> {
    let groups = request.cloud.groups.values();
    let listed = groups.filter(|group| group.kind != "Private");
    request.page(listed.map(Group::update).collect())
}

/// `GET groups/joined`.
fn joined(request: &mut Request<'_>, (): ()) -> Result<Reply, Reply> {
    let (me, cloud) = (request.me(), &*request.cloud);
    let joined = of_caller(request, Accepted);
    let items = joined.filter_map(|(group, _)| cloud.joined_group(group.id, me));
    request.page(items.collect())
}

/// `GET groups/invites`.
fn invites(request: &mut Request<'_>, (): ()) -> Result<Reply, Reply> {
    let invites = of_caller(request, Invited);
    let items = invites.map(|(group, member)| group.invited(member.created_at));
    request.page(items.collect())
}

/// `GET groups/requested`.
fn requested(request: &mut Request<'_>, (): ()) -> Result<Reply, Reply> {
    let requested = of_caller(request, RequestedJoin);
    request.page(requested.map(|(group, _)| group.update()).collect())
}

/// The groups in which the caller's membership is in this state, with the caller's record.
fn of_caller<'a>(
    request: &'a Request<'_>,
    membership: Membership,
) -> impl Iterator<Item = (&'a Group, &'a Member)> {
    let me = request.me();
    let groups = request.cloud.groups.values();
    groups.filter_map(move |group| Some((group, group.member(me, membership)?)))
}

/// `GET groups/{group}`.
fn show(request: &mut Request<'_>, group: u64) -> Result<Reply, Reply> {
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

/// `PATCH groups/{group}/roles/{role}`. No source attests the reply: here it is the role.
fn update_role(request: &mut Request<'_>, (group, role): (u64, u64)) -> Result<Reply, Reply> {
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
