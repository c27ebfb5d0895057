//! Alta's own client of the REST API, `alta-jsapi`, unmodified, against the simulator.
//!
//! It shares no code with this workspace and worked with the real service, so its success shows that the simulator speaks the
//! protocol.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "peers/bot.rs"]
#[allow(dead_code, reason = "this client reports only when it gets a request")]
mod bot;
#[path = "peers/install.rs"]
mod install;
#[path = "peers/npm.rs"]
mod npm;

use alta_sim::{Builder, Sim};
use bot::{Bot, TIMEOUT};
use serde_json::{Value, json};

/// A simulator, and its user in the official client.
struct Town {
    sim: Sim,
    bot: Bot,
}

impl Town {
    /// `None` if `alta-jsapi` cannot be installed.
    async fn new(builder: Builder) -> Option<Self> {
        let sim = builder.timeout(TIMEOUT).start().await.unwrap();
        let port = sim.rest_url().parse::<http::Uri>().unwrap().port_u16();
        let bot = Bot::start(npm::bot(port.unwrap()).await?);
        Some(Self { sim, bot })
    }

    async fn log_in(&mut self) {
        let user = self.sim.user();
        let hash = self
            .call("Sessions.hashPassword", json!([user.password]))
            .await;
        let login = json!([user.username, hash]);
        self.call("Sessions.loginWithUsername", login).await;
    }

    async fn report_of(&mut self, call: &str, arguments: Value) -> Value {
        self.bot.call(json!({"do": call, "with": arguments})).await
    }

    /// The value of a call that must succeed.
    async fn call(&mut self, call: &str, arguments: Value) -> Value {
        let mut did = self.report_of(call, arguments).await;
        assert!(did.get("value").is_some(), "{did}");
        did["value"].take()
    }

    /// The items of all pages.
    async fn list(&mut self, call: &str, arguments: Value) -> Vec<Value> {
        let pages = self.call(call, arguments).await;
        pages
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|page| page.as_array().unwrap().clone())
            .collect()
    }

    /// The status and the error code of a call that must fail.
    async fn refusal(&mut self, call: &str, arguments: Value) -> (u64, String) {
        let did = self.report_of(call, arguments).await;
        let reply: Value = serde_json::from_str(did["said"].as_str().unwrap()).unwrap();
        (
            did["status"].as_u64().unwrap(),
            reply["error_code"].as_str().unwrap().to_owned(),
        )
    }

    fn count(&self, method: &str, path_end: &str) -> usize {
        let received = self.sim.received();
        received
            .iter()
            .filter(|entry| entry.is_request(method, path_end))
            .count()
    }

    async fn end(self) {
        assert_eq!(self.bot.end().await, [] as [Value; 0]);
    }
}

#[tokio::test]
async fn logins_by_name_and_mail_renewal_and_refusal() {
    let Some(mut town) = Town::new(Sim::builder()).await else {
        return;
    };
    let user = town.sim.user();
    let wrong = json!([user.username, "00".repeat(64)]);
    assert_eq!(
        town.refusal("Sessions.loginWithUsername", wrong).await,
        (400, "InvalidLoginCredentials".to_owned())
    );
    town.log_in().await;
    assert_eq!(
        town.call("Sessions.getUserId", json!([])).await,
        user.user_id.to_string()
    );
    assert_eq!(
        town.call("Sessions.getUsername", json!([])).await,
        user.username
    );
    let before = town.call("Sessions.getLocalTokens", json!([])).await;
    town.call("Sessions.refreshSession", json!([])).await;
    let after = town.call("Sessions.getLocalTokens", json!([])).await;
    for token in ["access_token", "refresh_token", "identity_token"] {
        assert!(after[token].is_string() && after[token] != before[token]);
    }
    assert_eq!(town.count("PUT", "sessions"), 1);
    let me = town.call("Users.getInfo", json!([user.user_id])).await;
    assert_eq!(me, json!({"id": user.user_id, "username": user.username}));

    let hash = town
        .call("Sessions.hashPassword", json!([user.password]))
        .await;
    town.call("Sessions.loginWithEmail", json!([user.email, hash]))
        .await;
    assert_eq!(town.call("Users.getVerified", json!([])).await, true);
    town.end().await;
}

#[tokio::test]
async fn groups_in_pages_servers_and_accounts_are_read() {
    let Some(mut town) = Town::new(Sim::builder().page_size(2)).await else {
        return;
    };
    for number in 1..=4 {
        town.sim.add_group(&format!("Town {number}"));
    }
    town.log_in().await;
    let (group, server, user) = (town.sim.group(), town.sim.server(), town.sim.user());

    let pages = town.call("Groups.getJoined", json!([])).await;
    let sizes: Vec<usize> = pages
        .as_array()
        .unwrap()
        .iter()
        .map(|page| page.as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(pages[0][0]["group"]["id"], group);
    assert_eq!(pages[0][0]["member"]["user_id"], user.user_id);

    let found = town.call("Groups.getGroupInfo", json!([group])).await;
    assert_eq!(found["servers"][0]["id"], server);
    let members = town.list("Groups.getMembers", json!([group])).await;
    assert_eq!(members.len(), 2);
    let member = town
        .call("Groups.getMemberInfo", json!([group, user.user_id]))
        .await;
    assert_eq!(
        (&member["role_id"], &member["type"]),
        (&json!(7), &json!("Accepted"))
    );
    assert_eq!(
        town.refusal("Groups.getMemberInfo", json!([group, 1]))
            .await,
        (404, "ObjectNotFound".to_owned())
    );

    let search = json!([town.sim.bot().username]);
    let bot = town.call("Users.findUserByUsername", search).await;
    assert_eq!(bot["id"], town.sim.bot().user_id);
    let statistics = town
        .call("Users.getStatistics", json!([user.user_id]))
        .await;
    assert!(statistics["sign_up_time"].is_string());

    let regions = town.call("Servers.getRegions", json!([])).await;
    assert!(regions[0]["name"].is_string());
    for list in [
        "getConsoleServers",
        "getJoined",
        "getOnline",
        "getControllable",
    ] {
        let list = town.call(&format!("Servers.{list}"), json!([])).await;
        assert_eq!(list[0]["id"], server);
    }
    let details = town.call("Servers.getDetails", json!([server])).await;
    assert_eq!(details["group_id"], group);
    let access = town.call("Servers.joinConsole", json!([server])).await;
    let port = access["connection"]["websocket_port"].as_u64().unwrap();
    let console = town.sim.console_url(server).unwrap();
    assert!(access["token"].is_string() && console.contains(&format!(":{port}")));
    town.end().await;
}

#[tokio::test]
async fn members_groups_favorites_and_friends_are_changed() {
    let Some(mut town) = Town::new(Sim::builder()).await else {
        return;
    };
    town.log_in().await;
    let (group, server) = (town.sim.group(), town.sim.server());
    let larch = town.sim.ask_to_join(group, "Larch").unwrap();
    let requests = town.list("Groups.getJoinRequests", json!([group])).await;
    assert_eq!(requests[0]["user_id"], larch);
    let accepted = town
        .call("Groups.acceptRequest", json!([group, larch]))
        .await;
    assert_eq!(accepted["type"], "Accepted");
    let moved = town
        .call("Groups.setMemberRole", json!([group, larch, 2]))
        .await;
    assert_eq!(moved["role_id"], 2);
    let banned = town.call("Groups.banUser", json!([group, larch])).await;
    assert_eq!(banned["type"], "Banned");
    assert_eq!(town.list("Groups.getBans", json!([group])).await.len(), 1);
    town.call("Groups.unbanUser", json!([group, larch])).await;
    let invited = town
        .call("Groups.inviteMember", json!([group, larch]))
        .await;
    assert_eq!(invited["type"], "Invited");
    let waiting = town.list("Groups.getOutgoingInvites", json!([group])).await;
    assert_eq!(waiting[0]["user_id"], larch);
    let revoked = town
        .call("Groups.revokeInvite", json!([group, larch]))
        .await;
    assert_eq!(revoked["type"], "Kicked");

    let changes = json!([group, {"description": "Open day on Sunday"}]);
    let changed = town.call("Groups.editGroupInfo", changes).await;
    assert_eq!(changed["description"], "Open day on Sunday");
    let made = town
        .call("Groups.createGroup", json!(["Larchfield", "Quiet"]))
        .await;
    assert_eq!(
        (&made["name"], &made["type"]),
        (&json!("Larchfield"), &json!("Private"))
    );
    assert_eq!(town.list("Groups.getJoined", json!([])).await.len(), 2);
    town.call("Groups.leave", json!([made["id"]])).await;
    assert_eq!(town.list("Groups.getJoined", json!([])).await.len(), 1);

    town.call("Servers.addFavorite", json!([server])).await;
    let favorites = town.call("Servers.getFavorites", json!([])).await;
    assert_eq!(favorites[0]["id"], server);
    town.call("Servers.removeFavorite", json!([server])).await;
    assert_eq!(
        town.call("Servers.getFavorites", json!([])).await,
        json!([])
    );

    let asked = town.call("Friends.addFriend", json!([larch])).await;
    assert_eq!(asked["result"], "RequestSent");
    let sent = town.list("Friends.getOutgoingRequests", json!([])).await;
    assert_eq!(
        (&sent[0]["id"], &sent[0]["type"]),
        (&json!(larch), &json!("WaitingForReply"))
    );
    town.call("Friends.removeFriend", json!([larch])).await;
    assert_eq!(
        town.list("Friends.getFriends", json!([])).await,
        [] as [Value; 0]
    );
    town.end().await;
}
