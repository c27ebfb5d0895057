//! Compares our requests with those of Alta's own client, `alta-jsapi`: method, path, query and body.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../../alta-sim/tests/peers/bot.rs"]
#[allow(dead_code, reason = "it makes no reports of its own")]
mod bot;
#[path = "../../alta-sim/tests/peers/install.rs"]
mod install;
#[path = "../../alta-sim/tests/peers/npm.rs"]
mod npm;
#[path = "rest/support.rs"]
#[allow(dead_code, reason = "this program uses a part")]
mod support;

use alta_auth::{Endpoints, Login as _, Password, Secret, StaticToken, UserCredentials, UserLogin};
use alta_model::{GroupId, GroupType, Permission, RoleId, ServerId, UserId};
use alta_rest::*;
use alta_sim::{ClientAction, HttpRequest, Sim};
use bot::{Bot, TIMEOUT};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const G: GroupId = GroupId::new(11);
const S: ServerId = ServerId::new(12);
const U: UserId = UserId::new(13);

/// Method, path, query and body of a request.
type Sent = (String, String, BTreeSet<(String, String)>, Value);

/// Both clients and their service. Most responses are 404; only the requests matter.
struct Pair {
    sim: Sim,
    theirs: Bot,
    ours: Client,
    /// The output of the other client.
    compared: BTreeSet<String>,
}

impl Pair {
    /// `None` if `alta-jsapi` is not installed.
    async fn new() -> Option<Self> {
        let sim = Sim::builder().timeout(TIMEOUT).start().await.unwrap();
        let port = sim.rest_url().parse::<http::Uri>().unwrap().port_u16();
        let theirs = Bot::start(npm::bot(port.unwrap()).await?);
        let user = Identities::user(StaticToken::new(sim.user_token()));
        let ours = Client::new(support::http(), sim.rest_url().parse().unwrap(), user);
        Some(Self {
            sim,
            theirs,
            ours,
            compared: BTreeSet::new(),
        })
    }

    async fn ask(&mut self, call: &str, arguments: Value) -> Value {
        let request = json!({"do": call, "with": arguments});
        self.theirs.call(request).await
    }

    /// The last request.
    fn last(&self) -> Sent {
        let received = self.sim.received();
        let request = received.iter().rev().find_map(|entry| match &entry.action {
            ClientAction::Request(request) => Some(sent(request)),
            _ => None,
        });
        request.unwrap()
    }

    /// Makes a call with both clients and compares the requests.
    async fn same(&mut self, call: &str, arguments: Value, ours: &impl Endpoint) {
        self.same_but(call, arguments, ours, |_| {}).await;
    }

    /// The same, after a documented change of the other client's request.
    async fn same_but(
        &mut self,
        call: &str,
        arguments: Value,
        ours: &impl Endpoint,
        change: impl FnOnce(&mut Sent),
    ) {
        self.ask(call, arguments).await;
        let mut wanted = self.last();
        change(&mut wanted);
        let before = self.sim.received().len();
        let _ = self.ours.request(ours).await;
        assert!(self.sim.received().len() > before, "{call}: nothing sent");
        assert_eq!(self.last(), wanted, "{call}");
        self.compared.insert(call.to_owned());
    }
}

fn sent(request: &HttpRequest) -> Sent {
    let query = url::form_urlencoded::parse(request.query.as_bytes())
        .into_owned()
        // Their limit is always 20, ours is the size of a page.
        .filter(|(name, _)| name != "limit")
        .collect();
    let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let (method, path) = (request.method.clone(), request.path.clone());
    (method, path, query, body)
}

fn hash(digit: &str) -> String {
    digit.repeat(128)
}

fn password(digit: &str) -> Password {
    Password::hashed(hash(digit)).unwrap()
}

#[tokio::test]
async fn our_client_sends_the_same_as_alta_s_own_client() {
    let Some(mut pair) = Pair::new().await else {
        return;
    };
    logins(&mut pair).await;
    groups(&mut pair).await;
    members(&mut pair).await;
    servers(&mut pair).await;
    users_and_friends(&mut pair).await;
    let groups = json!(["Groups", "Servers", "Users", "Friends"]);
    let all = pair.ask("functions", groups).await["value"].take();
    let all: BTreeSet<String> = serde_json::from_value(all).unwrap();
    let missed: Vec<&String> = all.difference(&pair.compared).collect();
    // Their names are `addFriend` and `removeFriend`.
    let aliases = [
        "acceptFriendRequest",
        "rejectFriendRequest",
        "revokeFriendRequest",
    ];
    assert_eq!(
        missed,
        aliases.map(|name| format!("Friends.{name}")).each_ref()
    );
    assert_eq!(pair.theirs.end().await, [] as [Value; 0]);
}

async fn logins(pair: &mut Pair) {
    let user = pair.sim.user();
    let token_url = pair.sim.token_url().parse().unwrap();
    let endpoints = Endpoints::new(token_url, pair.sim.rest_url().parse().unwrap());
    let hash = Password::plain(user.password).expose_hash().to_owned();
    let ours = |credentials| UserLogin::new(support::http(), credentials, &endpoints);
    let password = || Password::hashed(hash.clone()).unwrap();

    let login = ours(UserCredentials::with_email(user.email.clone(), password()));
    login.log_in().await.unwrap();
    let sent = pair.last();
    pair.ask("Sessions.loginWithEmail", json!([user.email, hash]))
        .await;
    assert_eq!(pair.last(), sent);

    let login = ours(UserCredentials::new(user.username.clone(), password()));
    login.log_in().await.unwrap();
    let sent = pair.last();
    pair.ask("Sessions.loginWithUsername", json!([user.username, hash]))
        .await;
    assert_eq!(pair.last(), sent);

    login.log_in().await.unwrap();
    let sent = pair.last();
    assert_eq!(sent.0, "PUT");
    pair.ask("Sessions.refreshSession", json!([])).await;
    assert_eq!(pair.last(), sent);
}

async fn groups(pair: &mut Pair) {
    let all = GroupFilter::from(GroupType::Public).ignore_inactive(true);
    let visible = ListGroups { filter: all };
    pair.same("Groups.getJoined", json!([]), &ListJoinedGroups {})
        .await;
    pair.same("Groups.getVisible", json!([1, true]), &visible)
        .await;
    pair.same("Groups.getInvited", json!([]), &ListInvites {})
        .await;
    pair.same("Groups.getRequested", json!([]), &ListJoinRequests {})
        .await;
    let old = OldPermissions::default()
        .invite(6_u32)
        .kick(6_u32)
        .accept_member(6_u32)
        .create_server(4_u32);
    let new = NewGroup::new("Larchfield", GroupType::Private)
        .description("Quiet")
        .old_permissions(old);
    let create = CreateGroup { new };
    // The name of an enum value, which the service accepts as well.
    pair.same_but(
        "Groups.createGroup",
        json!(["Larchfield", "Quiet"]),
        &create,
        |(_, _, _, body)| body["type"] = json!("Private"),
    )
    .await;
    pair.same("Groups.getGroupInfo", json!([11]), &GetGroup { group: G })
        .await;
    let changes = GroupChanges::default().name("A").description("b");
    let update = UpdateGroup { group: G, changes };
    let info = json!([11, {"name": "A", "description": "b"}]);
    pair.same("Groups.editGroupInfo", info, &update).await;
    let changes = RoleChanges::default()
        .name("Mods")
        .color("#00bcd4")
        .permissions([Permission::Console]);
    let update = UpdateRole {
        group: G,
        role: RoleId::MODERATOR,
        changes,
    };
    let info = json!([11, 2, {"name": "Mods", "color": "#00bcd4", "permissions": ["Console"]}]);
    pair.same("Groups.editGroupRole", info, &update).await;
    pair.same("Groups.leave", json!([11]), &LeaveGroup { group: G })
        .await;
    let new = NewServer::new("A", "australia-agones").description("b");
    let create = CreateServer { group: G, new };
    let arguments = json!([11, "A", "b", "australia-agones"]);
    pair.same("Groups.createServer", arguments, &create).await;
}

async fn members(pair: &mut Pair) {
    let (group, both) = (json!([11]), json!([11, 13]));
    macro_rules! same {
        ($($call:literal $arguments:ident $ours:expr;)*) => {
            $(pair.same(concat!("Groups.", $call), $arguments.clone(), &$ours).await;)*
        };
    }
    same! {
        "getMembers" group ListMembers { group: G };
        "getMemberInfo" both GetMember { group: G, user: U };
        "kickMember" both KickMember { group: G, user: U };
        "getBans" group ListBans { group: G };
        "banUser" both Ban { group: G, user: U };
        "unbanUser" both Unban { group: G, user: U };
        "getJoinRequests" group ListGroupJoinRequests { group: G };
        "requestJoin" group AskToJoin { group: G };
        "revokeRequest" group WithdrawJoinRequest { group: G };
        "acceptRequest" both AcceptJoinRequest { group: G, user: U };
        "rejectRequest" both RejectJoinRequest { group: G, user: U };
        "getOutgoingInvites" group ListGroupInvites { group: G };
        "acceptInvite" group AcceptInvite { group: G };
        "rejectInvite" group RejectInvite { group: G };
        "inviteMember" both SendInvite { group: G, user: U };
        "revokeInvite" both RevokeInvite { group: G, user: U };
    }
    let bits = SetMemberPermissions {
        group: G,
        user: U,
        bits: 3,
    };
    pair.same("Groups.editPermissions", json!([11, 13, 3]), &bits)
        .await;
    let role = SetMemberRole {
        group: G,
        user: U,
        role: RoleId::MEMBER,
    };
    pair.same("Groups.setMemberRole", json!([11, 13, 1]), &role)
        .await;
}

async fn servers(pair: &mut Pair) {
    let (none, server) = (json!([]), json!([12]));
    macro_rules! same {
        ($($call:literal $arguments:ident $ours:expr;)*) => {
            $(pair.same(concat!("Servers.", $call), $arguments.clone(), &$ours).await;)*
        };
    }
    same! {
        "getAll" none ListServers {};
        "getRegions" none ListServerRegions {};
        "getConsoleServers" none ListConsoleServers {};
        "getFavorites" none ListFavoriteServers {};
        "addFavorite" server AddFavoriteServer { server: S };
        "removeFavorite" server RemoveFavoriteServer { server: S };
        "getRunning" none ListRunningServers {};
        "getOnline" none ListOnlineServers {};
        "getPublic" none ListPublicServers {};
        "getJoined" none ListJoinedServers {};
        "getOpen" none ListOpenServers {};
        "getDetails" server GetServer { server: S };
        "getControllable" none ListControlledServers {};
        "joinConsole" server RequestConsole { server: S, options: ConsoleOptions::default() };
    }
    let options = ConsoleOptions::default()
        .should_launch(true)
        .ignore_offline(true);
    let console = RequestConsole { server: S, options };
    pair.same("Servers.joinConsole", json!([12, true, true]), &console)
        .await;
}

async fn users_and_friends(pair: &mut Pair) {
    let id = pair.sim.user().user_id;
    let me = UserId::new(id.try_into().unwrap());
    let email = || "a@example.org".to_owned();
    pair.same("Users.getInfo", json!([13]), &GetUser { user: U })
        .await;
    let new = NewUser::new("Ash", password("a"), email()).referral("x");
    let arguments = json!(["Ash", hash("a"), email(), "x"]);
    pair.same("Users.register", arguments, &RegisterUser { new })
        .await;
    pair.same(
        "Users.getVerified",
        json!([]),
        &GetVerification { user: me },
    )
    .await;
    let verification = RequestVerification {
        user: me,
        email: email(),
    };
    pair.same(
        "Users.requestVerificationEmail",
        json!([email()]),
        &verification,
    )
    .await;
    let verify = VerifyUser {
        user: U,
        code: Secret::new("c"),
    };
    pair.same("Users.verify", json!([13, "c"]), &verify).await;
    let change = ChangeUsername {
        new: "Ash".to_owned(),
        password: password("a"),
    };
    pair.same("Users.changeUsername", json!(["Ash", hash("a")]), &change)
        .await;
    let change = ChangePassword {
        old: password("a"),
        new: password("b"),
    };
    // The .NET client and the service's models use `me`.
    pair.same_but(
        "Users.changePassword",
        json!([hash("a"), hash("b")]),
        &change,
        |(_, path, _, _)| *path = path.replace(&id.to_string(), "me"),
    )
    .await;
    let reset = ResetPassword {
        user: U,
        code: Secret::new("c"),
        new: password("b"),
    };
    pair.same("Users.resetPassword", json!([13, hash("b"), "c"]), &reset)
        .await;
    let search = SearchUsername {
        username: "O\"Neil \\ Jr.".to_owned(),
    };
    pair.same(
        "Users.findUserByUsername",
        json!(["O\"Neil \\ Jr."]),
        &search,
    )
    .await;
    pair.same(
        "Users.getStatistics",
        json!([13]),
        &GetUserStatistics { user: U },
    )
    .await;

    pair.same("Friends.getFriends", json!([]), &ListFriends {})
        .await;
    pair.same(
        "Friends.getUserFriends",
        json!([13]),
        &ListFriendsOf { user: U },
    )
    .await;
    pair.same(
        "Friends.getFriendRequests",
        json!([]),
        &ListFriendRequests {},
    )
    .await;
    pair.same(
        "Friends.getOutgoingRequests",
        json!([]),
        &ListSentFriendRequests {},
    )
    .await;
    pair.same("Friends.addFriend", json!([13]), &AddFriend { user: U })
        .await;
    pair.same(
        "Friends.removeFriend",
        json!([13]),
        &RemoveFriend { user: U },
    )
    .await;
}
