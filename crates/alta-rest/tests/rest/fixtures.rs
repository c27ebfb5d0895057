//! The exchanges of the fixtures: each request is the one of the fixture, and each response is decoded.

use crate::support::{BOT, USER, fixture, response, serve};
use alta_model::{
    ErrorCode, GroupId, JoinFailReason, MemberType, Permission, RoleId, Server, ServerId,
    ServerStatus, UserId,
};
use alta_rest::{Client, ConsoleOptions, Error, ErrorKind, NewServer, Request};
use http::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use wiremock::Mock;
use wiremock::matchers::any;

/// Makes a call against the fixture's response, and checks that the request is the fixture's.
async fn call<T>(name: &str, call: impl AsyncFnOnce(Client) -> T) -> T {
    let (server, client) = serve([Mock::given(any()).respond_with(response(name)).expect(1)]).await;
    let result = call(client).await;

    let sent = &server.received_requests().await.unwrap()[0];
    let expected = &fixture(name)["request"];
    assert_eq!(sent.method.as_str(), expected["method"].as_str().unwrap());
    let path = expected["path"].as_str().unwrap();
    assert_eq!(sent.url.path(), format!("/api{path}"));
    let mut query: BTreeMap<String, String> = sent.url.query_pairs().into_owned().collect();
    let expected_query: BTreeMap<String, String> =
        serde_json::from_value(expected["query"].clone()).unwrap();
    if !expected_query.contains_key("limit") {
        query.remove("limit");
    }
    assert_eq!(query, expected_query, "query of {name}");
    let body = serde_json::from_slice(&sent.body).unwrap_or(Value::Null);
    assert!(
        same(&body, &expected["body"]),
        "{body} in place of {expected}"
    );
    let authorization = sent.headers.get("authorization");
    match expected["headers"].get("authorization") {
        None => assert_eq!(authorization, None, "authorization of {name}"),
        Some(text) if text == &format!("Bearer {BOT}") => {
            assert_eq!(authorization.unwrap(), &format!("Bearer {BOT}"));
        }
        Some(_) => assert_eq!(authorization.unwrap(), &format!("Bearer {USER}")),
    }
    assert_eq!(sent.headers["content-type"], "application/json");
    assert_eq!(
        sent.headers["x-api-key"],
        "2l6aQGoNes8EHb94qMhqQ5m2iaiOM9666oDTPORf"
    );
    assert!(!sent.headers["user-agent"].is_empty());
    result
}

/// Compares two bodies; we send names of permissions where py-tale sends numbers.
fn same(sent: &Value, expected: &Value) -> bool {
    if expected["permissions"].is_array() {
        let read = |body: &Value| -> Vec<Permission> {
            serde_json::from_value(body["permissions"].clone()).unwrap()
        };
        return read(sent) == read(expected);
    }
    sent == expected
}

fn group(id: i64) -> GroupId {
    GroupId::new(id)
}

fn user(id: i64) -> UserId {
    UserId::new(id)
}

fn server(id: i64) -> ServerId {
    ServerId::new(id)
}

#[tokio::test]
async fn joined_groups_are_read() {
    let joined = call("joined-groups", async |client| {
        client.groups().joined().collect(10).await.unwrap()
    })
    .await;
    assert_eq!(joined.len(), 1);
    assert_eq!(joined[0].group.servers[0].id, server(3_000_011));
    assert!(joined[0].permits(&Permission::Console));
}

#[tokio::test]
async fn a_group_is_read() {
    let got = call("group-by-id", async |client| {
        client.groups().get(group(2_000_000_011)).await.unwrap()
    })
    .await;
    assert_eq!(got.id, group(2_000_000_011));
    assert!(!got.roles.is_empty());
}

#[tokio::test]
async fn received_invitations_are_read() {
    let invites = call("my-invites", async |client| {
        client.invites().list().collect(10).await.unwrap()
    })
    .await;
    assert_eq!(invites[0].id, group(200_000_018));
    assert_eq!(
        invites[0].invited_at.unwrap().to_string(),
        "2022-02-28T00:31:17.571Z"
    );
}

#[tokio::test]
async fn invitations_are_accepted_and_rejected() {
    let member = call("invite-accept", async |client| {
        client.invites().accept(group(200_000_013)).await.unwrap()
    })
    .await;
    assert_eq!(member.r#type, Some(MemberType::Accepted));
    let member = call("invite-reject", async |client| {
        client.invites().reject(group(200_000_013)).await.unwrap()
    })
    .await;
    assert_eq!(member.r#type, Some(MemberType::Left));
}

#[tokio::test]
async fn invitations_are_sent_and_revoked() {
    let (town, player) = (group(20_000_014), user(120_000_014));
    let member = call("invite-player", async |client| {
        client.invites().send(town, player).await.unwrap()
    })
    .await;
    assert_eq!(member.r#type, Some(MemberType::Invited));
    let member = call("uninvite-player", async |client| {
        client.invites().revoke(town, player).await.unwrap()
    })
    .await;
    assert_eq!(member.r#type, Some(MemberType::Kicked));
    let invited = call("group-outgoing-invites", async |client| {
        let invites = client.invites().of_group(group(2_000_000_024));
        invites.collect(10).await.unwrap()
    })
    .await;
    assert!(
        invited
            .iter()
            .all(|member| member.r#type == Some(MemberType::Invited))
    );
}

#[tokio::test]
async fn members_are_read() {
    let members = call("group-members", async |client| {
        let members = client.members().list(group(4_000_000_000_015));
        members.collect(10).await.unwrap()
    })
    .await;
    assert!(
        members
            .iter()
            .any(|member| member.role_id == Some(RoleId::OWNER))
    );
    let member = call("group-member", async |client| {
        let members = client.members();
        members
            .get(group(20_000_023), user(120_000_023))
            .await
            .unwrap()
    })
    .await;
    assert_eq!(member.user_id, user(120_000_023));
}

#[tokio::test]
async fn bans_are_read_and_changed() {
    let banned = call("group-bans", async |client| {
        client
            .bans()
            .list(group(200_000_025))
            .collect(10)
            .await
            .unwrap()
    })
    .await;
    assert_eq!(banned[0].r#type, Some(MemberType::Banned));
}

#[tokio::test]
async fn requests_to_join_are_read_and_ended() {
    let requests = call("group-join-requests", async |client| {
        let requests = client.join_requests().of_group(group(200_000_022));
        requests.collect(10).await.unwrap()
    })
    .await;
    assert_eq!(requests[0].r#type, Some(MemberType::RequestedJoin));
    let member = call("join-request-accept", async |client| {
        let requests = client.join_requests();
        requests
            .accept(group(200_000_022), user(12_000_022))
            .await
            .unwrap()
    })
    .await;
    assert_eq!(member.r#type, Some(MemberType::Accepted));
}

#[tokio::test]
async fn a_wrong_method_is_an_error_with_an_empty_body() {
    let error = call("join-request-accept-405", async |client| {
        let request = Request::new(Method::POST, "groups/200000022/requests/12000022");
        client.send(&request).await.unwrap_err()
    })
    .await;
    assert_eq!(*error.kind(), ErrorKind::MethodNotAllowed);
    assert_eq!(error.message(), None);
    assert_eq!(
        error.to_string(),
        "POST groups/200000022/requests/12000022: method not allowed (405)"
    );
}

#[tokio::test]
async fn permissions_are_checked() {
    let check = call("permission-check", async |client| {
        let (town, player) = (group(2_000_000_024), user(120_000_024));
        let wanted = [Permission::AcceptInvite];
        client
            .members()
            .check_permissions(town, player, wanted)
            .await
            .unwrap()
    })
    .await;
    assert!(check.value);
}

#[tokio::test]
async fn servers_are_read_by_id_and_by_name() {
    let got = call("server-by-id", async |client| {
        client.servers().get(server(90_000_000_011)).await.unwrap()
    })
    .await;
    assert_eq!(got.final_status, Some(ServerStatus::Online));
    let found: alta_model::Listing<Server> = call("servers-by-name", async |client| {
        client
            .servers()
            .named("Ashwick's server")
            .collect(10)
            .await
            .unwrap()
    })
    .await;
    assert!(!found[0].is_up());
}

#[tokio::test]
async fn servers_with_a_usable_console_are_read() {
    let servers = call("console-servers", async |client| {
        client.servers().with_console().collect(10).await.unwrap()
    })
    .await;
    assert!(!servers.is_empty());
}

async fn console(name: &str, id: i64) -> Result<alta_model::JoinResult, Error> {
    let (server, client) = serve([Mock::given(any()).respond_with(response(name))]).await;
    let options = ConsoleOptions::default();
    let result = client.servers().console(ServerId::new(id), options).await;
    let sent = &server.received_requests().await.unwrap()[0];
    assert_eq!(
        sent.body_json::<Value>().unwrap(),
        serde_json::json!({"should_launch": false, "ignore_offline": false})
    );
    result
}

#[tokio::test]
async fn access_to_a_console_is_granted_and_refused() {
    let access = console("console-access-allowed", 80_000_011).await.unwrap();
    assert!(access.allowed);
    assert!(access.connection.unwrap().websocket_port.is_some());
    assert!(access.token.is_some());

    let access = console("console-access-offline", 300_000_026)
        .await
        .unwrap();
    assert_eq!(access.fail_reason, Some(JoinFailReason::NotOnline));

    let error = console("console-access-forbidden", 300_000_026)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Forbidden);
    assert_eq!(
        error.error_code(),
        Some(&ErrorCode::InvalidPermissionsToPerformAction)
    );
    assert_eq!(
        error.to_string(),
        "POST servers/300000026/console: forbidden (403): Invalid permissions (InvalidPermissionsToPerformAction)"
    );
}

#[tokio::test]
async fn a_console_is_requested_as_townsharp_does() {
    let access = call("console-access-townsharp", async |client| {
        let options = ConsoleOptions::default()
            .should_launch(true)
            .ignore_offline(true);
        client
            .servers()
            .console(server(300_000_026), options)
            .await
            .unwrap()
    })
    .await;
    assert_eq!(access.server_id, server(300_000_026));
}

#[tokio::test]
async fn invalid_fields_are_named() {
    let (_server, client) =
        serve([Mock::given(any()).respond_with(response("bad-request-model"))]).await;
    let new = NewServer::new("Thornwood", "");
    let error = client
        .groups()
        .create_server(group(2_000_000_024), new)
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Rejected);
    assert_eq!(
        error.to_string(),
        "POST groups/2000000024/servers: rejected (400): Bad API Request (InvalidRequestModel); \
         region: The region field is required.; Malformed body."
    );
}

#[tokio::test]
async fn regions_need_no_account() {
    let regions = call("regions", async |client| {
        client.servers().regions().await.unwrap()
    })
    .await;
    assert_eq!(regions[0].name, "north-america-east");
}

#[tokio::test]
async fn users_are_read_by_id_and_by_name() {
    let got = call("user-by-id", async |client| {
        client.users().get(user(12_000_020)).await.unwrap()
    })
    .await;
    assert_eq!(got.username, "Larch_9");
    let found = call("user-search-by-name", async |client| {
        client.users().search("Larch_9").await.unwrap()
    })
    .await;
    assert_eq!(found.id, user(12_000_020));
}

#[tokio::test]
async fn a_call_without_a_method_is_sent() {
    let account = call("shop-account", async |client| {
        let request = Request::new(Method::GET, "/shop/account")
            .query("limit", 20)
            .account(alta_rest::Account::User);
        client.send(&request).await.unwrap()
    })
    .await;
    let account: alta_model::ShopAccount = serde_json::from_slice(account.body()).unwrap();
    assert_eq!(account.shard_balance, Some(0));
}
