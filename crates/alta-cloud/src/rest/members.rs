use super::reply::Reply;
use super::request::Request;
use super::routes::{INVITE, JOIN, LEAVE, MEMBERS, Routes};
use crate::host::Host;
use crate::state::Membership::{Accepted, Banned, Invited, Kicked, Left, RequestedJoin};
use crate::state::{Group, Member, Membership};
use axum::routing::MethodFilter;

const DELETE: MethodFilter = MethodFilter::DELETE;
const GET: MethodFilter = MethodFilter::GET;
const POST: MethodFilter = MethodFilter::POST;

/// The routes of memberships, below `groups`.
pub(super) fn routes<H: Host>(routes: Routes<H>) -> Routes<H> {
    of_others(of_caller(routes))
        .on(GET, "/groups/{group}/members", MEMBERS, |request, group| {
            members(request, group, Accepted)
        })
        .on(
            GET,
            "/groups/{group}/requests",
            MEMBERS,
            |request, group| members(request, group, RequestedJoin),
        )
        .on(GET, "/groups/{group}/invites", INVITE, |request, group| {
            members(request, group, Invited)
        })
        .on(GET, "/groups/{group}/bans", MEMBERS, |request, group| {
            members(request, group, Banned)
        })
        .on(
            GET,
            "/groups/{group}/members/{user}",
            MEMBERS,
            |request, (group, user): (u64, u64)| {
                member(
                    request
                        .visible_group(group)?
                        .member(user, Accepted)
                        .cloned(),
                )
            },
        )
}

/// The routes that change the caller's own membership.
fn of_caller<H: Host>(routes: Routes<H>) -> Routes<H> {
    routes
        .on(POST, "/groups/invites/{group}", JOIN, |request, group| {
            my_invite(request, group, Accepted)
        })
        .on(DELETE, "/groups/invites/{group}", JOIN, |request, group| {
            my_invite(request, group, Left)
        })
        .on(POST, "/groups/{group}/requests", JOIN, request_to_join)
        .on(
            DELETE,
            "/groups/{group}/requests",
            JOIN,
            |request, group| {
                let me = request.me();
                Change::new(None, &[RequestedJoin], Left).apply(request, (group, me))
            },
        )
        .on(
            DELETE,
            "/groups/{group}/members",
            LEAVE,
            |request, group| {
                let me = request.me();
                let leave = Change::new(None, &[Accepted], Left).silent();
                leave.apply(request, (group, me))
            },
        )
}

/// The routes that change the memberships of other users.
fn of_others<H: Host>(routes: Routes<H>) -> Routes<H> {
    routes
        .on(
            POST,
            "/groups/{group}/members/{user}/role/{role}",
            MEMBERS,
            set_role,
        )
        .on(
            DELETE,
            "/groups/{group}/members/{user}",
            MEMBERS,
            |request, who| {
                let kick = Change::new(Some("Kick"), &[Accepted], Kicked).silent();
                kick.apply(request, who)
            },
        )
        .on(
            MethodFilter::PUT,
            "/groups/{group}/requests/{user}",
            MEMBERS,
            |request, who| {
                let accept = Change::new(Some("AcceptInvite"), &[RequestedJoin], Accepted);
                accept.apply(request, who)
            },
        )
        .on(
            DELETE,
            "/groups/{group}/requests/{user}",
            MEMBERS,
            |request, who| {
                let reject = Change::new(Some("AcceptInvite"), &[RequestedJoin], Left);
                reject.apply(request, who)
            },
        )
        .on(POST, "/groups/{group}/invites/{user}", INVITE, invite)
        .on(
            DELETE,
            "/groups/{group}/invites/{user}",
            INVITE,
            |request, who| Change::new(Some("Invite"), &[Invited], Kicked).apply(request, who),
        )
        .on(
            POST,
            "/groups/{group}/bans/{user}",
            MEMBERS,
            |request, who| Change::new(Some("Ban"), &[], Banned).apply(request, who),
        )
        .on(
            DELETE,
            "/groups/{group}/bans/{user}",
            MEMBERS,
            |request, who| Change::new(Some("Ban"), &[Banned], Left).apply(request, who),
        )
}

fn members(request: &Request<'_>, group: u64, membership: Membership) -> Result<Reply, Reply> {
    let found = if membership == Accepted {
        request.visible_group(group)?
    } else {
        request.my_group(group)?
    };
    let members = found.members(membership);
    request.page(members.map(Member::json).collect())
}

/// `POST groups/{group}/requests`.
fn request_to_join(request: &mut Request<'_>, group: u64) -> Result<Reply, Reply> {
    let me = request.me();
    match request.group(group)?.membership(me) {
        Some(Accepted | RequestedJoin) => {
            Err(Reply::error(400, "Already asked", "AlreadyHasStatus"))
        }
        Some(Banned) => Err(Reply::forbidden()),
        _ => member(request.set_membership(group, me, RequestedJoin)),
    }
}

/// `POST` and `DELETE groups/invites/{group}`: the caller accepts or rejects an invitation.
fn my_invite(request: &mut Request<'_>, group: u64, to: Membership) -> Result<Reply, Reply> {
    let me = request.me();
    match request.group(group)?.membership(me) {
        Some(Invited) => member(request.set_membership(group, me, to)),
        Some(Accepted) => Err(Reply::error(400, "Already a member", "AlreadyHasStatus")),
        _ => Err(Reply::not_found()),
    }
}

/// `POST groups/{group}/invites/{user}`.
fn invite(request: &mut Request<'_>, (group, user): (u64, u64)) -> Result<Reply, Reply> {
    match request.group(group)?.membership(user) {
        Some(Accepted | Invited) => {
            let message = "Already a member or invited";
            return Err(Reply::error(400, message, "AlreadyHasStatus"));
        }
        // An invitation would end the ban.
        Some(Banned) => return Err(Reply::forbidden()),
        _ => {}
    }
    Change::new(Some("Invite"), &[], Invited).apply(request, (group, user))
}

/// `POST groups/{group}/members/{user}/role/{role}`.
fn set_role(
    request: &mut Request<'_>,
    (group, user, role): (u64, u64, u64),
) -> Result<Reply, Reply> {
    let found = request.group_with(group, "ManageRoles")?;
    let me = request.me();
    if !found.has_role(role) {
        return Err(Reply::not_found());
    }
    // Nobody gives or takes permissions that they lack.
    let is_above = !found.allows_all(me, found.permissions_of_role(role))
        || !found.allows_all(me, found.permissions(user));
    if is_above {
        return Err(Reply::forbidden());
    }
    keep_owner(found, me, user)?;
    member(request.cloud.set_role(group, user, role, request.now))
}

/// The reply 403 to a change of the owner's membership by somebody else.
fn keep_owner(group: &Group, me: u64, user: u64) -> Result<(), Reply> {
    if user == group.owner && me != user {
        let message = "The owner's membership cannot be changed";
        return Err(Reply::error(403, message, "CantModifyGroupCreator"));
    }
    Ok(())
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

    fn apply(self, request: &mut Request<'_>, (group, user): (u64, u64)) -> Result<Reply, Reply> {
        let me = request.me();
        let found = match self.permission {
            Some(permission) => request.group_with(group, permission)?,
            None => request.group(group)?,
        };
        let before = found.membership(user);
        let is_possible =
            self.from.is_empty() || before.is_some_and(|before| self.from.contains(&before));
        if !is_possible || request.cloud.users.get(user).is_none() {
            return Err(Reply::not_found());
        }
        if self.permission.is_some() {
            keep_owner(found, me, user)?;
        }
        let changed = request.set_membership(group, user, self.to);
        if self.is_silent {
            Ok(Reply::empty())
        } else {
            member(changed)
        }
    }
}
