//! The calls of fixtures, made with the methods of `alta-rest`.

use super::client::http;
use super::recorded::{BOT, Recorded, USER};
use super::returned::Returned;
use super::server::Server;
use crate::Error;
use alta_auth::{Password, Secret, StaticToken};
use alta_model::GroupType;
use alta_rest::{
    Account, Client, ConsoleOptions, GroupChanges, GroupFilter, Identities, JoinOptions, NewGroup,
    NewQuickGroup, NewServer, NewUser, OldPermissions, Pages, Request, RoleChanges,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::future::Future;

/// More items than any fixture has.
const BOUND: usize = 10_000;

/// Makes the fixture's call in the name of its account.
pub(super) async fn make(recorded: &Recorded, server: &Server) -> Result<Returned, Error> {
    let token = |header: &str| {
        let token = header.strip_prefix("Bearer ").unwrap_or_default();
        StaticToken::new(token)
    };
    let identities = match recorded.authorization() {
        Some(USER) => Identities::user(token(USER)),
        Some(_) => Identities::bot(token(BOT)),
        None => Identities::default(),
    };
    let base = format!("{}/api", server.uri()).parse()?;
    let client = Client::new(http()?, base, identities);
    match recorded.call {
        Some(call) => typed(call.request, &client, recorded).await,
        None => Ok(Returned::Raw(raw(&client, recorded).await)),
    }
}

async fn raw(client: &Client, recorded: &Recorded) -> Result<Vec<u8>, alta_rest::Error> {
    let method = recorded.request.method.parse().unwrap_or(http::Method::GET);
    let mut request = Request::new(method, &recorded.request.path);
    for (name, value) in &recorded.request.query {
        request = request.query(name, value);
    }
    if !recorded.request.body.is_null() {
        request = request.json(&recorded.body());
    }
    if recorded.authorization().is_none() {
        request = request.account(Account::None);
    }
    Ok(client.send(&request).await?.into_body().to_vec())
}

async fn one<T: Serialize>(
    call: impl Future<Output = Result<T, alta_rest::Error>>,
) -> Result<Returned, Error> {
    Ok(Returned::Typed(match call.await {
        Ok(reply) => Ok(serde_json::to_value(reply)?),
        Err(error) => Err(error),
    }))
}

async fn pages<T>(list: Pages<T>, recorded: &Recorded) -> Result<Returned, Error>
where
    T: Serialize + DeserializeOwned + Send + 'static,
{
    let list = match recorded.request.query.get("limit") {
        Some(limit) => list.page_size(limit.parse()?),
        None => list,
    };
    one(list.collect(BOUND)).await
}

fn console_options(r: &Recorded) -> ConsoleOptions {
    let body = r.body();
    let is = |field: &str| body[field] == true || body[field] == "true";
    ConsoleOptions::default()
        .should_launch(is("should_launch"))
        .ignore_offline(is("ignore_offline"))
}

fn join_options(r: &Recorded) -> Result<JoinOptions, Error> {
    Ok(JoinOptions::default()
        .console(console_options(r))
        .version(r.field("version")?)
        .token(Secret::new(r.text("token")))
        .device_id(r.text("device_id")))
}

fn group_filter(r: &Recorded) -> Result<GroupFilter, Error> {
    let query = |name: &str| r.request.query.get(name);
    let mut filter = GroupFilter::default();
    filter.r#type = query("type").map(|kind| match kind.as_str() {
        "0" => GroupType::Open,
        "1" => GroupType::Public,
        "2" => GroupType::Private,
        other => GroupType::from(other),
    });
    filter.ignore_inactive = query("ignoreInactive")
        .map(|text| text.parse())
        .transpose()?;
    Ok(filter)
}

fn new_group(r: &Recorded) -> Result<NewGroup, Error> {
    let mut old = OldPermissions::default();
    old.invite = r.field("invite_permissions")?;
    old.kick = r.field("kick_permissions")?;
    old.accept_member = r.field("accept_member_permissions")?;
    old.create_server = r.field("create_server_permissions")?;
    let group = NewGroup::new(r.text("Name"), r.field("type")?);
    Ok(group
        .description(r.text("description"))
        .old_permissions(old))
}

fn quick_group(r: &Recorded) -> Result<NewQuickGroup, Error> {
    let (kind, target) = (r.field("type")?, r.field("target")?);
    let group = NewQuickGroup::new(r.text("name"), kind, r.text("region"), target);
    Ok(group.description(r.text("description")))
}

fn group_changes(r: &Recorded) -> Result<GroupChanges, Error> {
    let mut changes = GroupChanges::default();
    changes.name = r.field("name")?;
    changes.description = r.field("description")?;
    changes.tags = r.field("tags")?;
    changes.r#type = r.field("type")?;
    changes.changing_servers = r.field("changing_servers")?;
    Ok(changes)
}

fn role_changes(r: &Recorded) -> Result<RoleChanges, Error> {
    let mut changes = RoleChanges::default();
    changes.name = r.field("name")?;
    changes.color = r.field("color")?;
    changes.permissions = r.field("permissions")?;
    changes.allowed_commands = r.field("allowed_commands")?;
    Ok(changes)
}

fn new_user(r: &Recorded) -> Result<NewUser, Error> {
    let password = password(r, "password_hash")?;
    let mut user = NewUser::new(r.text("username"), password, r.text("email"));
    user.referral = r.field("referral")?;
    Ok(user)
}

fn password(r: &Recorded, field: &str) -> Result<Password, Error> {
    Ok(Password::hashed(r.text(field))?)
}

fn secret(r: &Recorded, field: &str) -> Secret {
    Secret::new(r.text(field))
}

/// The name of a request and the method that makes it, with the values of the fixture's path and body.
macro_rules! calls {
    ($request:ident, $c:ident, $r:ident; $($name:ident => $make:expr,)*) => {
        match $request {
            $(stringify!($name) => $make.await,)*
            other => Err(format!("{other} is not among the calls that are replayed").into()),
        }
    };
}

async fn typed(request: &str, c: &Client, r: &Recorded) -> Result<Returned, Error> {
    let (group, user, server) = (
        || r.argument("group"),
        || r.argument("user"),
        || r.argument("server"),
    );
    let other = || r.argument("other");
    calls! { request, c, r;
        ListJoinedGroups => pages(c.groups().joined(), r),
        ListGroups => pages(c.groups().list(group_filter(r)?), r),
        GetGroup => one(c.groups().get(group()?)),
        CreateGroup => one(c.groups().create(new_group(r)?)),
        QuickCreateGroup => one(c.groups().quick_create(quick_group(r)?)),
        CheckGroupCreation => one(c.groups().create_check()),
        UpdateGroup => one(c.groups().update(group()?, group_changes(r)?)),
        UpdateRole => one(c.groups().update_role(group()?, r.argument("role")?, role_changes(r)?)),
        CreateServer => one(c.groups().create_server(group()?, NewServer::new(r.text("name"), r.text("region")).description(r.text("description")))),
        LeaveGroup => one(c.groups().leave(group()?)),

        ListMembers => pages(c.members().list(group()?), r),
        GetMember => one(c.members().get(group()?, user()?)),
        KickMember => one(c.members().kick(group()?, user()?)),
        SetMemberRole => one(c.members().set_role(group()?, user()?, r.argument("role")?)),
        SetMemberPermissions => one(c.members().set_permissions(group()?, user()?, r.field("permissions")?)),
        CheckMemberPermissions => one(c.members().check_permissions(group()?, user()?, r.field::<Vec<_>>("permissions")?)),
        ListMemberPermissions => one(c.members().permissions(group()?, user()?)),

        ListInvites => pages(c.invites().list(), r),
        AcceptInvite => one(c.invites().accept(group()?)),
        RejectInvite => one(c.invites().reject(group()?)),
        ListGroupInvites => pages(c.invites().of_group(group()?), r),
        SendInvite => one(c.invites().send(group()?, user()?)),
        RevokeInvite => one(c.invites().revoke(group()?, user()?)),

        ListJoinRequests => pages(c.join_requests().list(), r),
        AskToJoin => one(c.join_requests().ask(group()?)),
        WithdrawJoinRequest => one(c.join_requests().withdraw(group()?)),
        ListGroupJoinRequests => pages(c.join_requests().of_group(group()?), r),
        AcceptJoinRequest => one(c.join_requests().accept(group()?, user()?)),
        RejectJoinRequest => one(c.join_requests().reject(group()?, user()?)),

        ListBans => pages(c.bans().list(group()?), r),
        Ban => one(c.bans().ban(group()?, user()?)),
        Unban => one(c.bans().unban(group()?, user()?)),

        GetServer => one(c.servers().get(server()?)),
        FindServers => pages(c.servers().named(r.argument::<String>("name")?), r),
        ListConsoleServers => pages(c.servers().with_console(), r),
        ListJoinedServers => pages(c.servers().joined(), r),
        ListServers => pages(c.servers().list(), r),
        ListRunningServers => pages(c.servers().running(), r),
        ListOnlineServers => pages(c.servers().online(), r),
        ListPublicServers => pages(c.servers().public(), r),
        ListOpenServers => pages(c.servers().open(), r),
        ListControlledServers => pages(c.servers().controlled(), r),
        DiscoverServers => pages(c.servers().discover(), r),
        ListServersOfPlayer => pages(c.servers().of_player(user()?), r),
        ListFavoriteServers => pages(c.servers().favorites(), r),
        AddFavoriteServer => one(c.servers().add_favorite(server()?)),
        RemoveFavoriteServer => one(c.servers().remove_favorite(server()?)),
        RequestConsole => one(c.servers().console(server()?, console_options(r))),
        JoinServer => one(c.servers().join(server()?, join_options(r)?)),
        CheckServerPermissions => one(c.servers().check_permissions(server()?, user()?, r.field::<Vec<_>>("permissions")?)),
        ListServerPermissions => one(c.servers().permissions(server()?, user()?)),
        ListServerRegions => one(c.servers().regions()),
        ListRegions => one(c.servers().top_regions()),

        SearchUsername => one(c.users().search(r.text("username"))),
        GetUser => one(c.users().get(user()?)),
        GetUserStatistics => one(c.users().statistics(user()?)),
        GetUserRights => one(c.users().permissions(user()?)),
        GetMembership => one(c.users().membership(user()?)),
        VerifyMembership => one(c.users().verify_membership(user()?)),
        RegisterUser => one(c.users().register(new_user(r)?)),
        GetVerification => one(c.users().is_verified(user()?)),
        RequestVerification => one(c.users().request_verification(user()?, r.text("email"))),
        VerifyUser => one(c.users().verify(user()?, secret(r, "verification_token"))),
        ChangeUsername => one(c.users().change_username(r.text("new_username"), password(r, "password_hash")?)),
        ChangePassword => one(c.users().change_password(password(r, "old_password_hash")?, password(r, "new_password_hash")?)),
        ChangeEmail => one(c.users().change_email(r.text("email"))),
        ResetPassword => one(c.users().reset_password(user()?, secret(r, "reset_token"), password(r, "new_password_hash")?)),
        ValidateUsername => one(c.users().validate_username(r.text("username"))),
        ValidateEmail => one(c.users().validate_email(r.text("email"))),
        ListPresets => one(c.users().presets()),
        SetPreset => one(c.users().set_preset(r.body())),
        RemovePreset => one(c.users().remove_preset(r.argument::<i64>("preset")?)),
        GetAchievements => one(c.users().achievements(user()?)),
        SetAchievement => one(c.users().set_achievement(user()?, r.body())),
        GetActionStats => one(c.users().action_stats(user()?)),
        SetActionStats => one(c.users().set_action_stats(user()?, r.body())),
        GetLinkedAccounts => one(c.users().linked(user()?)),

        ListFriends => pages(c.friends().list(), r),
        ListFriendsOf => pages(c.friends().of(user()?), r),
        ListFriendRequests => pages(c.friends().requests(), r),
        ListSentFriendRequests => pages(c.friends().sent_requests(), r),
        AddFriend => one(c.friends().add(user()?)),
        RemoveFriend => one(c.friends().remove(user()?)),
        GetFriendship => one(c.friends().between(user()?, other()?)),
        JoinFriends => one(c.friends().join(user()?, other()?)),
        FindOculusFriends => one(c.friends().on_oculus(r.field::<Value>("oculus_friends")?)),
    }
}
