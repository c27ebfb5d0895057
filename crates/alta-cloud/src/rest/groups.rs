use super::permissions;
use super::reply::Reply;
use super::request::Request;
use super::routes::{GROUPS, JOIN, MEMBERS, Routes};
use crate::host::Host;
use crate::state::Membership::{Accepted, Invited, RequestedJoin};
use crate::state::{Group, Member, Membership};
use crate::wire::json::Node;
use crate::wire::lenient;
use axum::routing::MethodFilter;
use serde_json::Value;

const GET: MethodFilter = MethodFilter::GET;
const PATCH: MethodFilter = MethodFilter::PATCH;
const POST: MethodFilter = MethodFilter::POST;

/// The most groups of one owner.
const MOST_GROUPS: usize = 100;

/// The longest description of a group, in bytes.
const LONGEST_DESCRIPTION: usize = 8 * 1024;

/// The routes below `groups`, except those of memberships.
pub(super) fn routes<H: Host>(routes: Routes<H>) -> Routes<H> {
    routes
        .on(GET, "/groups", GROUPS, public)
        .on(POST, "/groups", JOIN, create)
        .on(GET, "/groups/joined", GROUPS, joined)
        .on(GET, "/groups/invites", GROUPS, invites)
        .on(GET, "/groups/requested", GROUPS, requested)
        .on(GET, "/groups/requests", GROUPS, requested)
        .on(GET, "/groups/{group}", GROUPS, show)
        .on(PATCH, "/groups/{group}", MEMBERS, modify)
        .on(PATCH, "/groups/{group}/roles/{role}", MEMBERS, update_role)
        .on(
            POST,
            "/groups/{group}/{user}/permissions/check",
            GROUPS,
            |request, (group, user)| {
                request.visible_group(group)?;
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
    if !is_name(name) {
        return Err(Reply::bad_request(Some("Name"), "The value is not valid."));
    }
    let description = description(&body)?.unwrap_or_default();
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
    let owned = cloud.groups.values().filter(|group| group.owner == me);
    if owned.count() >= MOST_GROUPS {
        let message = "You have too many groups";
        return Err(Reply::error(400, message, "ActionNotSupported"));
    }
    let id = cloud.add_group(name, me, request.now);
    let group = cloud.groups.get_mut(&id).ok_or_else(Reply::not_found)?;
    kind.clone_into(&mut group.kind);
    description.clone_into(&mut group.description);
    let created = group.created();
    cloud.emit_joined(id, me);
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
    request.visible_group(group)?;
    detailed(request, group)
}

fn detailed(request: &Request<'_>, group: u64) -> Result<Reply, Reply> {
    let found = request.cloud.group_detailed(group);
    found.map(Reply::ok).ok_or_else(Reply::not_found)
}

/// `PATCH groups/{group}/roles/{role}`. No source attests the reply: here it is the role.
fn update_role(request: &mut Request<'_>, (group, role): (u64, u64)) -> Result<Reply, Reply> {
    let body = request.body()?;
    let me = request.me();
    let found = request.group_for(group, "ManageRoles")?;
    let changes = ["name", "color", "permissions", "allowed_commands"]
        .into_iter()
        .filter_map(|name| Some((name, lenient::member(&body, name)?)))
        .map(|(name, value)| Ok((name, role_value(name, value)?)))
        .collect::<Result<Vec<_>, Reply>>()?;
    // Nobody gives or takes permissions that they lack.
    let given = changes.iter().filter(|(name, _)| *name == "permissions");
    let given = given.flat_map(|(_, value)| value.as_array());
    let is_above = !found.allows_all(me, given.filter_map(Node::as_str))
        || !found.allows_all(me, found.permissions_of_role(role));
    if is_above {
        return Err(Reply::forbidden());
    }
    let role = found
        .update_role(role, changes.into_iter())
        .ok_or_else(Reply::not_found)?;
    request.cloud.group_updated(group);
    Ok(Reply::ok(role))
}

/// The value of a role's field, or the reply 400 to one of another type.
fn role_value(name: &'static str, value: &Value) -> Result<Node, Reply> {
    let texts = |check: fn(&str) -> Option<Node>| {
        let values = value.as_array()?.iter();
        let values: Option<Vec<Node>> = values
            .map(|value| match value {
                Value::String(text) => check(text),
                Value::Number(number) => check(&number.to_string()),
                _ => None,
            })
            .collect();
        values.map(Node::from)
    };
    let checked = match name {
        "permissions" => texts(|text| permissions::name(text).map(Node::from)),
        "allowed_commands" => texts(|text| Some(text.into())),
        "color" => (!value.is_array() && !value.is_object()).then(|| value.clone().into()),
        _ => value.as_str().filter(|text| is_name(text)).map(Node::from),
    };
    checked.ok_or_else(|| Reply::bad_request(Some(name), "The value is not valid."))
}

/// Returns whether a text may be a name: not empty, of at most 128 bytes, without control characters.
fn is_name(text: &str) -> bool {
    (1..=128).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// The optional description in a request body, or the reply 400 to one that is too long.
fn description(body: &Value) -> Result<Option<&str>, Reply> {
    let text = lenient::text(body, "description");
    if text.is_some_and(|text| text.len() > LONGEST_DESCRIPTION) {
        return Err(Reply::bad_request(
            Some("description"),
            "The text is too long.",
        ));
    }
    Ok(text)
}

/// `PATCH groups/{group}`.
fn modify(request: &mut Request<'_>, group: u64) -> Result<Reply, Reply> {
    let body = request.body()?;
    let name = lenient::text(&body, "name");
    if name.is_some_and(|name| !is_name(name)) {
        return Err(Reply::bad_request(Some("name"), "The value is not valid."));
    }
    let description = description(&body)?;
    let found = request.group_for(group, "ModifyGroup")?;
    if let Some(name) = name {
        name.clone_into(&mut found.name);
    }
    if let Some(description) = description {
        description.clone_into(&mut found.description);
    }
    request.cloud.group_updated(group);
    detailed(request, group)
}
