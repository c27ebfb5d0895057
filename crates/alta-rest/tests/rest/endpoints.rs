//! The request and the account of each typed call, as an independent table of the protocol's endpoints.

use crate::support::{self, BOT, USER};
use alta_auth::{Password, Secret, StaticToken};
use alta_model::{GroupId, GroupType, Permission, RoleId, ServerId, UserId};
use alta_rest::*;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

const G: GroupId = GroupId::new(11);
const S: ServerId = ServerId::new(12);
const U: UserId = UserId::new(13);
const V: UserId = UserId::new(14);

/// Sends a call and returns its method, path, query, body and account.
async fn sent(server: &MockServer, endpoint: &impl Endpoint) -> (String, Value, &'static str) {
    let identities = Identities::bot(StaticToken::new(BOT)).with_user(StaticToken::new(USER));
    let client = support::client(&server.uri(), identities);
    // The type of the response does not matter here.
    let _ = client.request(endpoint).await;
    let request = server.received_requests().await.unwrap().pop().unwrap();
    let path = request.url.path().strip_prefix("/api/").unwrap();
    let query = request
        .url
        .query()
        .map_or(String::new(), |query| format!("?{query}"));
    let account = match request.headers.get("authorization") {
        None => "none",
        Some(header) if header == &format!("Bearer {USER}") => "user",
        Some(_) => "either",
    };
    let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    (format!("{} {path}{query}", request.method), body, account)
}

macro_rules! table {
    ($server:ident: $($request:expr => $account:literal $line:literal $(, $body:tt)?;)*) => {
        $(
            assert_eq!(
                sent(&$server, &$request).await,
                ($line.to_owned(), body!($($body)?), $account),
            );
        )*
    };
}

macro_rules! body {
    () => {
        Value::Null
    };
    ($body:tt) => {
        json!($body)
    };
}

async fn server() -> MockServer {
    let server = MockServer::start().await;
    let response = ResponseTemplate::new(200).set_body_json(json!({}));
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;
    server
}

fn password(text: &str) -> Password {
    Password::hashed(text.repeat(128)).unwrap()
}

#[tokio::test]
async fn each_call_of_groups_sends_its_request() {
    let server = server().await;
    table! { server:
        ListJoinedGroups {} => "either" "GET groups/joined";
        ListGroups { filter: GroupFilter::default() } => "either" "GET groups";
        ListGroups { filter: GroupType::Private.into() } => "either" "GET groups?type=2";
        ListGroups { filter: GroupFilter::from(GroupType::Open).ignore_inactive(true) }
            => "either" "GET groups?type=0&ignoreInactive=true";
        GetGroup { group: G } => "either" "GET groups/11";
        CreateGroup { new: NewGroup::new("Thornwood", GroupType::Open).description("x") }
            => "either" "POST groups", {"Name": "Thornwood", "description": "x", "type": "Open"};
        CreateGroup { new: NewGroup::new("A", GroupType::Private)
            .old_permissions(OldPermissions::default().invite(6_u32).kick(6_u32).accept_member(6_u32).create_server(4_u32)) }
            => "either" "POST groups",
            {"Name": "A", "description": "", "type": "Private", "invite_permissions": 6, "kick_permissions": 6,
                "accept_member_permissions": 6, "create_server_permissions": 4};
        QuickCreateGroup { new: NewQuickGroup::new("Thornwood", GroupType::Private, "australia-agones", 2) }
            => "either" "POST groups/quick-create",
            {"name": "Thornwood", "region": "australia-agones", "description": "", "type": "Private", "target": 2};
        CheckGroupCreation {} => "either" "GET groups/create-check";
        UpdateGroup { group: G, changes: GroupChanges::default().name("A").changing_servers(false) }
            => "either" "PATCH groups/11", {"name": "A", "changing_servers": false};
        UpdateRole {
            group: G,
            role: RoleId::MODERATOR,
            changes: RoleChanges::default().permissions([Permission::Console]),
        } => "either" "PATCH groups/11/roles/2", {"permissions": ["Console"]};
        CreateServer { group: G, new: NewServer::new("A", "b") }
            => "either" "POST groups/11/servers", {"name": "A", "description": "", "region": "b"};
        LeaveGroup { group: G } => "either" "DELETE groups/11/members";
    }
}

#[tokio::test]
async fn each_call_of_members_invites_requests_and_bans_sends_its_request() {
    let server = server().await;
    table! { server:
        ListMembers { group: G } => "either" "GET groups/11/members";
        GetMember { group: G, user: U } => "either" "GET groups/11/members/13";
        KickMember { group: G, user: U } => "either" "DELETE groups/11/members/13";
        SetMemberRole { group: G, user: U, role: RoleId::MEMBER } => "either" "POST groups/11/members/13/role/1";
        SetMemberPermissions { group: G, user: U, bits: 3 }
            => "either" "POST groups/11/members/13/permissions", {"permissions": 3};
        CheckMemberPermissions { group: G, user: U, permissions: vec![Permission::Ban] }
            => "either" "POST groups/11/13/permissions/check", {"permissions": ["Ban"]};
        ListMemberPermissions { group: G, user: U } => "either" "POST groups/11/13/permissions";
        ListInvites {} => "either" "GET groups/invites";
        AcceptInvite { group: G } => "either" "POST groups/invites/11";
        RejectInvite { group: G } => "either" "DELETE groups/invites/11";
        ListGroupInvites { group: G } => "either" "GET groups/11/invites";
        SendInvite { group: G, user: U } => "either" "POST groups/11/invites/13";
        RevokeInvite { group: G, user: U } => "either" "DELETE groups/11/invites/13";
        ListJoinRequests {} => "either" "GET groups/requested";
        AskToJoin { group: G } => "either" "POST groups/11/requests";
        WithdrawJoinRequest { group: G } => "either" "DELETE groups/11/requests";
        ListGroupJoinRequests { group: G } => "either" "GET groups/11/requests";
        AcceptJoinRequest { group: G, user: U } => "either" "PUT groups/11/requests/13";
        RejectJoinRequest { group: G, user: U } => "either" "DELETE groups/11/requests/13";
        ListBans { group: G } => "either" "GET groups/11/bans";
        Ban { group: G, user: U } => "either" "POST groups/11/bans/13";
        Unban { group: G, user: U } => "either" "DELETE groups/11/bans/13";
    }
}

#[tokio::test]
async fn each_call_of_servers_sends_its_request() {
    let server = server().await;
    let launch = ConsoleOptions::default().should_launch(true);
    table! { server:
        GetServer { server: S } => "either" "GET servers/12";
        FindServers { name: "A/b".to_owned() } => "either" "GET servers/name/A%2Fb";
        ListConsoleServers {} => "either" "GET servers/console";
        ListJoinedServers {} => "either" "GET servers/joined";
        ListServers {} => "either" "GET servers";
        ListRunningServers {} => "either" "GET servers/running";
        ListOnlineServers {} => "either" "GET servers/online";
        ListPublicServers {} => "either" "GET servers/public";
        ListOpenServers {} => "either" "GET servers/open";
        ListControlledServers {} => "either" "GET servers/control";
        DiscoverServers {} => "either" "GET servers/discover";
        ListServersOfPlayer { user: U } => "either" "GET servers/players/13";
        ListFavoriteServers {} => "user" "GET servers/favorites";
        AddFavoriteServer { server: S } => "user" "POST servers/favorites/12";
        RemoveFavoriteServer { server: S } => "user" "DELETE servers/favorites/12";
        RequestConsole { server: S, options: launch }
            => "either" "POST servers/12/console", {"should_launch": true, "ignore_offline": false};
        JoinServer { server: S, options: JoinOptions::default().token("abc".to_owned()).device_id("d") }
            => "user" "POST servers/12/join",
            {"should_launch": false, "ignore_offline": false, "token": "abc", "device_id": "d"};
        CheckServerPermissions { server: S, user: U, permissions: vec![Permission::Console] }
            => "either" "POST servers/12/13/permissions/check", {"permissions": ["Console"]};
        ListServerPermissions { server: S, user: U } => "either" "GET servers/12/13/permissions";
        ListServerRegions {} => "none" "GET servers/regions";
        ListRegions {} => "none" "GET regions";
    }
}

#[tokio::test]
async fn each_call_of_users_and_friends_sends_its_request() {
    let server = server().await;
    let (a, b) = ("a".repeat(128), "b".repeat(128));
    table! { server:
        SearchUsername { username: "A \"b\"".to_owned() }
            => "user" "POST users/search/username", {"username": "A \"b\""};
        GetUser { user: U } => "user" "GET users/13";
        GetUserStatistics { user: U } => "user" "GET users/13/statistics";
        GetUserRights { user: U } => "user" "GET users/13/permissions";
        GetMembership { user: U } => "user" "GET users/13/membership";
        VerifyMembership { user: U } => "user" "GET users/13/membership/verify";
        RegisterUser { new: NewUser::new("Ashwick", password("a"), "a@example.org").referral("x") }
            => "none" "POST users",
            {"username": "Ashwick", "password_hash": a, "email": "a@example.org", "referral": "x"};
        GetVerification { user: U } => "user" "GET users/13/verification";
        RequestVerification { user: U, email: "a@example.org".to_owned() }
            => "user" "PUT users/13/verification", {"email": "a@example.org"};
        VerifyUser { user: U, code: Secret::new("c") }
            => "user" "POST users/13/verification", {"verification_token": "c"};
        ChangeUsername { new: "Ash".to_owned(), password: password("a") }
            => "user" "PUT users/me/username", {"new_username": "Ash", "password_hash": a};
        ChangePassword { old: password("a"), new: password("b") }
            => "user" "PUT users/me/password", {"old_password_hash": a, "new_password_hash": b};
        ChangeEmail { email: "a@example.org".to_owned() }
            => "user" "PATCH users/me/email", {"email": "a@example.org"};
        ResetPassword { user: U, code: Secret::new("c"), new: password("b") }
            => "none" "POST users/13/password", {"reset_token": "c", "new_password_hash": b};
        ValidateEmail { email: "a@example.org".to_owned() }
            => "user" "POST users/validate-email", {"email": "a@example.org"};
        ValidateUsername { username: "Ash".to_owned() }
            => "user" "POST users/validate-username", {"username": "Ash"};
        ListPresets {} => "user" "GET users/me/presets";
        SetPreset { preset: json!({"preset_id": 1}) } => "user" "POST users/me/presets", {"preset_id": 1};
        RemovePreset { preset: 1 } => "user" "DELETE users/me/presets/1";
        GetAchievements { user: U } => "user" "GET users/13/achievements";
        SetAchievement { user: U, achievement: json!({"hash": 1, "completed": true}) }
            => "user" "POST users/13/achievements", {"hash": 1, "completed": true};
        GetActionStats { user: U } => "user" "GET users/13/action-stats";
        SetActionStats { user: U, stats: json!({"stats": []}) }
            => "user" "POST users/13/action-stats", {"stats": []};
        GetLinkedAccounts { user: U } => "user" "GET linked/13/linked";
        ListFriends {} => "user" "GET friends";
        ListFriendsOf { user: U } => "user" "GET friends/13";
        ListFriendRequests {} => "user" "GET friends/requests";
        ListSentFriendRequests {} => "user" "GET friends/requests/sent";
        AddFriend { user: U } => "user" "POST friends/13";
        RemoveFriend { user: U } => "user" "DELETE friends/13";
        GetFriendship { user: U, other: V } => "user" "GET friends/13/14";
        JoinFriends { user: U, other: V } => "user" "POST friends/13/14";
        FindOculusFriends { friends: json!(["5"]) }
            => "user" "POST friends/oculus", {"oculus_friends": ["5"]};
    }
}

#[tokio::test]
async fn calls_without_a_response_type_ignore_the_body() {
    let server = MockServer::start().await;
    let response = ResponseTemplate::new(200).set_body_string("done");
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;
    let client = support::client(&server.uri(), support::both());
    client.groups().leave(G).await.unwrap();
    client.friends().remove(U).await.unwrap();
    assert_eq!(
        client.users().validate_username("Ash").await.unwrap(),
        "done"
    );
}

#[tokio::test]
async fn a_string_is_read_with_or_without_quotes() {
    for (body, words) in [
        (r"a\u00e9", r"a\u00e9"),
        (r#""a\u00e9""#, "a\u{e9}"),
        ("", ""),
    ] {
        let response = ResponseTemplate::new(200).set_body_string(body);
        let (_server, client) = support::serve([Mock::given(any()).respond_with(response)]).await;
        assert_eq!(
            client.users().validate_username("Ash").await.unwrap(),
            words
        );
    }
}

#[tokio::test]
async fn regions_are_requested_at_the_second_address_if_the_first_has_none() {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::path("/api/regions"))
        .respond_with(support::response("regions"))
        .mount(&server)
        .await;
    let client = support::client(&server.uri(), Identities::default());
    assert!(!client.servers().regions().await.unwrap().is_empty());
}

#[test]
fn no_request_value_shows_a_password() {
    let change = ChangePassword {
        old: password("a"),
        new: password("b"),
    };
    let shown = format!("{change:?} {:?}", change.request());
    assert!(
        !shown.contains("aaaa") && !shown.contains("bbbb"),
        "{shown}"
    );
}
