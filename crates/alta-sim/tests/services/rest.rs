//! Logins and REST, by endpoint.

use crate::support::{HASH_OF_PASSWORD, http, rest, rest_as_user};
use alta_sim::Sim;
use serde_json::{Value, json};

async fn token(sim: &Sim, headers: &[(&str, &str)], form: &str) -> (u16, Value) {
    let reply = http("POST", &sim.token_url(), headers, form).await;
    (reply.status, reply.json())
}

#[tokio::test]
async fn credentials_may_come_in_a_basic_header_and_wrong_ones_are_refused() {
    use base64::Engine as _;
    let sim = Sim::builder().start().await.unwrap();
    let bot = sim.bot();
    let basic = |secret: &str| {
        let pair = format!("{}:{secret}", bot.client_id);
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(pair)
        )
    };
    let form = "grant_type=client_credentials&scope=server.view";
    let (status, reply) = token(&sim, &[("authorization", &basic(&bot.client_secret))], form).await;
    assert_eq!(
        (status, reply["scope"].as_str()),
        (200, Some("server.view"))
    );
    assert_eq!(
        token(&sim, &[("authorization", &basic("wrong"))], form).await,
        (400, json!({"error": "invalid_client"}))
    );
    let form = "grant_type=client_credentials&scope=server.burn";
    let refused = token(&sim, &[("authorization", &basic(&bot.client_secret))], form).await;
    assert_eq!(refused, (400, json!({"error": "invalid_scope"})));
}

#[tokio::test]
async fn the_claims_of_a_bot_token_name_the_bot() {
    use base64::Engine as _;
    let sim = Sim::builder().start().await.unwrap();
    let token = sim.bot_token();
    let middle = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(middle)
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["client_sub"], sim.bot().user_id.to_string());
    assert_eq!(claims["client_username"], "Example_Bot");
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap(),
        3_600
    );
    assert_ne!(token, sim.bot_token());
}

#[tokio::test]
async fn a_user_logs_in_by_name_or_mail_and_refreshes() {
    let sim = Sim::builder().start().await.unwrap();
    let user = sim.user();
    let sessions = format!("{}/Sessions", sim.rest_url());
    let body = json!({"username": user.username, "password_hash": HASH_OF_PASSWORD}).to_string();
    let tokens = http("POST", &sessions, &[], &body).await.json();
    let body =
        json!({"email": user.email, "password_hash": HASH_OF_PASSWORD.to_uppercase()}).to_string();
    assert_eq!(
        http("POST", &format!("{sessions}/email"), &[], &body)
            .await
            .status,
        200
    );
    let bearer = format!("Bearer {}", tokens["refresh_token"].as_str().unwrap());
    let renewed = http("PUT", &sessions, &[("authorization", &bearer)], "{}")
        .await
        .json();
    assert_ne!(renewed["access_token"], tokens["access_token"]);
    // An access token cannot renew a session.
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    assert_eq!(
        http("PUT", &sessions, &[("authorization", &bearer)], "{}")
            .await
            .json()["error_code"],
        "ExpiredToken"
    );
    let body = json!({"username": user.username, "password_hash": "00"}).to_string();
    let refused = http("POST", &sessions, &[], &body).await;
    assert_eq!(
        (refused.status, refused.json()["error_code"].clone()),
        (400, json!("InvalidLoginCredentials"))
    );
}

#[tokio::test]
async fn a_missing_token_and_an_expired_one_are_distinguished() {
    let sim = Sim::builder().start().await.unwrap();
    let url = format!("{}/groups/joined", sim.rest_url());
    let missing = http("GET", &url, &[], "").await;
    assert_eq!(
        (missing.status, missing.text.as_str()),
        (401, r#"{"message":"Missing Authentication Token"}"#)
    );
    let bearer = format!("Bearer {}", sim.bot_token());
    assert_eq!(
        http("GET", &url, &[("authorization", &bearer)], "")
            .await
            .status,
        200
    );
    sim.expire_tokens();
    let expired = http("GET", &url, &[("authorization", &bearer)], "").await;
    assert_eq!(
        (expired.status, expired.json()["error_code"].clone()),
        (401, json!("ExpiredToken"))
    );
}

#[tokio::test]
async fn joined_groups_come_in_pages_whose_token_must_be_encoded() {
    let sim = Sim::builder().start().await.unwrap();
    for number in 2..=5 {
        let group = sim.add_group(&format!("Group {number}"));
        sim.admit_bot(group, 2).unwrap();
    }
    let mut names = Vec::new();
    let mut query = String::from("limit=2");
    loop {
        let page = rest(&sim, "GET", &format!("groups/joined?{query}"), "").await;
        names.extend(
            page.json()
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["group"]["name"].as_str().unwrap().to_owned()),
        );
        let Some(token) = page.headers.get("paginationtoken") else {
            break;
        };
        let token = percent_encoding::utf8_percent_encode(
            token.to_str().unwrap(),
            percent_encoding::NON_ALPHANUMERIC,
        );
        query = format!("limit=2&paginationToken={token}");
    }
    assert_eq!(
        names,
        ["Thornwood Folk", "Group 2", "Group 3", "Group 4", "Group 5"]
    );
}

#[tokio::test]
async fn the_console_is_granted_by_role_and_only_while_the_server_is_online() {
    let sim = Sim::builder().start().await.unwrap();
    let path = format!("servers/{}/console", sim.server());
    let closed = r#"{"should_launch":false,"ignore_offline":false}"#;
    assert_eq!(
        rest(&sim, "POST", &path, closed).await.json()["allowed"],
        true
    );
    sim.stop_server(sim.server()).await.unwrap();
    let offline = rest(&sim, "POST", &path, closed).await;
    let seen = offline.json();
    assert_eq!(
        (offline.status, &seen["fail_reason"], &seen["allowed"]),
        (200, &json!("NotOnline"), &json!(false))
    );
    let server = rest(&sim, "GET", &format!("servers/{}", sim.server()), "")
        .await
        .json();
    assert_eq!(server["final_status"], "Offline");
    // Without a body, the server starts by default.
    let starting = rest(&sim, "POST", &path, "").await.json();
    assert_eq!(
        (&starting["cold_start"], starting.get("token")),
        (&json!(true), None)
    );
    assert_eq!(
        rest(&sim, "POST", &path, closed).await.json()["allowed"],
        true
    );
    sim.set_role(sim.group(), sim.bot().user_id, 1).unwrap();
    let refused = rest(&sim, "POST", &path, closed).await;
    assert_eq!(
        (refused.status, refused.json()["error_code"].clone()),
        (403, json!("InvalidPermissionsToPerformAction"))
    );
}

#[tokio::test]
async fn invites_requests_bans_and_roles_change_the_members() {
    let sim = Sim::builder().bot_role(7).start().await.unwrap();
    let group = sim.group();
    let guest = sim.add_user("Brambletoe");
    let one = |list: &str| format!("groups/{group}/{list}/{guest}");
    assert_eq!(
        rest(&sim, "POST", &one("invites"), "").await.json()["type"],
        "Invited"
    );
    assert_eq!(rest(&sim, "POST", &one("invites"), "").await.status, 400);
    let invited = rest(&sim, "GET", &format!("groups/{group}/invites"), "")
        .await
        .json();
    assert_eq!(
        (
            invited[0]["user_id"].as_u64(),
            invited.as_array().unwrap().len()
        ),
        (Some(guest), 1)
    );
    assert_eq!(
        rest(&sim, "DELETE", &one("invites"), "").await.json()["type"],
        "Kicked"
    );
    sim.ask_to_join(group, "Brambletoe").unwrap();
    let wrong = rest(&sim, "POST", &one("requests"), "").await;
    assert_eq!((wrong.status, wrong.text.as_str()), (405, ""));
    assert_eq!(
        rest(&sim, "PUT", &one("requests"), "").await.json()["type"],
        "Accepted"
    );
    let check = format!("groups/{group}/{guest}/permissions/check");
    assert_eq!(
        rest(&sim, "POST", &check, r#"{"permissions":[8]}"#)
            .await
            .json(),
        json!({"value": false})
    );
    let promoted = rest(&sim, "POST", &format!("{}/role/2", one("members")), "")
        .await
        .json();
    assert_eq!(
        (&promoted["role_id"], &promoted["permissions"]),
        (&json!(2), &json!("Member, Moderator"))
    );
    assert_eq!(
        rest(&sim, "POST", &check, r#"{"permissions":["Console",2]}"#)
            .await
            .json(),
        json!({"value": true})
    );
    assert_eq!(rest(&sim, "DELETE", &one("members"), "").await.status, 200);
    assert_eq!(rest(&sim, "GET", &one("members"), "").await.status, 404);
    let banned = rest(&sim, "POST", &one("bans"), "").await.json();
    assert_eq!(
        (&banned["type"], &banned["permissions"], &banned["role_id"]),
        (&json!("Banned"), &json!(0), &json!(0))
    );
    assert_eq!(
        rest(&sim, "GET", &format!("groups/{group}/bans"), "")
            .await
            .json()[0]["user_id"],
        guest
    );
    assert_eq!(rest(&sim, "DELETE", &one("bans"), "").await.status, 200);
    let detailed = rest(&sim, "GET", &format!("groups/{group}"), "")
        .await
        .json();
    assert_eq!(
        (&detailed["member_count"], &detailed["servers"][0]["status"]),
        (&json!(2), &json!("Online"))
    );
}

#[tokio::test]
async fn a_changed_role_changes_the_permissions_of_its_members() {
    let sim = Sim::builder().bot_role(7).start().await.unwrap();
    let group = sim.group();
    let guest = sim.add_member(group, "Brambletoe").unwrap();
    let may = async || {
        let check = format!("groups/{group}/{guest}/permissions/check");
        let reply = rest(&sim, "POST", &check, r#"{"permissions":["Console"]}"#).await;
        reply.json()["value"].clone()
    };
    assert_eq!(may().await, false);
    let role = format!("groups/{group}/roles/1");
    let body = r#"{"name":"Warden","permissions":["Console"]}"#;
    let changed = rest(&sim, "PATCH", &role, body).await.json();
    assert_eq!(
        (&changed["name"], &changed["role_id"]),
        (&json!("Warden"), &json!(1))
    );
    assert_eq!(may().await, true);
    let detailed = rest(&sim, "GET", &format!("groups/{group}"), "")
        .await
        .json();
    let roles = detailed["roles"].as_array().unwrap();
    assert!(roles.contains(&changed), "{roles:?}");
    let unknown = format!("groups/{group}/roles/99");
    assert_eq!(rest(&sim, "PATCH", &unknown, body).await.status, 404);
    assert_eq!(rest(&sim, "GET", &role, "").await.status, 405);
    sim.set_role(group, sim.bot().user_id, 2).unwrap();
    assert_eq!(rest(&sim, "PATCH", &role, body).await.status, 403);
}

#[tokio::test]
async fn an_invite_is_accepted_once_and_a_rejected_one_is_gone() {
    let sim = Sim::builder().bot_invited().start().await.unwrap();
    let path = format!("groups/invites/{}", sim.group());
    let private = rest(
        &sim,
        "GET",
        &format!("groups/{}", sim.add_group("Strangers")),
        "",
    )
    .await;
    assert_eq!(
        (private.status, private.json()["error_code"].clone()),
        (403, json!("CantGetPrivateGroup"))
    );
    assert_eq!(rest(&sim, "DELETE", &path, "").await.json()["type"], "Left");
    assert_eq!(rest(&sim, "POST", &path, "").await.status, 404);
    sim.invite_bot(sim.group()).unwrap();
    assert_eq!(
        rest(&sim, "POST", &path, "").await.json()["type"],
        "Accepted"
    );
    assert_eq!(rest(&sim, "POST", &path, "").await.status, 400);
}

#[tokio::test]
async fn servers_are_found_by_id_name_and_permission() {
    let sim = Sim::builder().start().await.unwrap();
    let other = sim.add_server(sim.group(), "Ashwick's server").unwrap();
    let own = sim.add_self_hosted("Hollowmere").unwrap();
    let named = rest(&sim, "GET", "servers/name/Ashwick's%20Server", "")
        .await
        .json();
    assert_eq!(
        (named[0]["id"].as_u64(), named[0]["final_status"].as_str()),
        (Some(other), Some("Offline"))
    );
    for list in ["servers/console", "servers/joined"] {
        assert_eq!(
            rest(&sim, "GET", list, "")
                .await
                .json()
                .as_array()
                .unwrap()
                .len(),
            2,
            "{list}"
        );
    }
    assert_eq!(
        rest(&sim, "GET", &format!("servers/{own}"), "")
            .await
            .status,
        404
    );
    let regions = http(
        "GET",
        &format!("{}/servers/regions", sim.rest_url()),
        &[],
        "",
    )
    .await
    .json();
    assert_eq!(regions[0]["name"], "north-america-east");
}

#[tokio::test]
async fn only_users_may_search_for_users() {
    let sim = Sim::builder().start().await.unwrap();
    let id = sim.add_user("Larch_9");
    let body = "{'username': 'larch_9'}";
    assert_eq!(
        rest(&sim, "POST", "users/search/username", body)
            .await
            .status,
        403
    );
    let found = rest_as_user(&sim, "POST", "Users/Search/Username", body)
        .await
        .json();
    assert_eq!(found, json!({"id": id, "username": "Larch_9"}));
    assert_eq!(
        rest_as_user(&sim, "GET", &format!("users/{id}"), "")
            .await
            .json(),
        found
    );
    let missing = rest_as_user(&sim, "POST", "users/search/username", "{}").await;
    assert_eq!(
        (
            missing.status,
            missing.json()["request_model_errors"]["errors"][0]["field"].clone()
        ),
        (400, json!("username"))
    );
}

#[tokio::test]
async fn the_journal_has_every_request_as_it_was_sent() {
    let sim = Sim::builder().start().await.unwrap();
    rest(&sim, "GET", "Groups/Joined?limit=1000", "").await;
    sim.wait_for(|received| {
        received
            .iter()
            .any(|entry| entry.is_request("GET", "/groups/joined"))
    })
    .await
    .unwrap();
    let received = sim.received();
    let request = received[0].request().unwrap();
    assert_eq!(
        (request.path.as_str(), request.query.as_str()),
        ("/api/Groups/Joined", "limit=1000")
    );
    assert!(
        request
            .header("authorization")
            .unwrap()
            .starts_with("Bearer ")
    );
    assert!(!format!("{received:?}").contains(&request.header("authorization").unwrap()[7..]));
}
